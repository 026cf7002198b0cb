"""Parts of pages: each draws something and holds its state; what it computes lies in ``services``."""
