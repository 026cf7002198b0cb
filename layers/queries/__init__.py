"""Reading: one module per question, plain SQL, always inside a transaction that carries the principal."""
