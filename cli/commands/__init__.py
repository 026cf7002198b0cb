"""One module per group of commands; each has ``register(app)`` and imports what is heavy only when it is called."""
