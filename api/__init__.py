"""The HTTP service: who asks, routes, schemas, problems, tiles. Nothing happens at import; see :func:`api.app.create_app`."""
