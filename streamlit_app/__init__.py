"""The interface: pages and the map component. It speaks HTTP to the API and nothing else; see ``app.py``."""
