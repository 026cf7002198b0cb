"""Putting the service together. ``asgi.py`` mounts it under ``/api``; in production it runs apart (``uvicorn --factory``)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import refusals, tiles
from api.middleware import Envelope
from api.openapi import describe
from api.routes import (
    basemap,
    cells,
    documents,
    edits,
    features,
    imports,
    jobs,
    layers,
    mappings,
    plans,
    quarantine,
    search,
    sources,
    system,
    workspaces,
)
from api.service import Service
from api.settings import ApiSettings

ROUTERS = (
    system,
    workspaces,
    layers,
    cells,
    features,
    edits,
    search,
    basemap,
    imports,
    mappings,
    quarantine,
    sources,
    plans,
    jobs,
    documents,
)


def create_app(settings: ApiSettings | None = None) -> FastAPI:
    """The service. Nothing is opened before its first request, so it needs no lifespan where it is mounted.

    Parameters
    ----------
    settings : read from the environment when None.
    """
    given = settings or ApiSettings()
    service = Service(given)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await service.close()

    app = FastAPI(title="Qorgan", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    # before FastAPI's own routes: the first that fits answers
    app.router.routes.insert(0, Route(tiles.PATH, tiles.TileRoute(), methods=["GET", "HEAD"]))
    for module in ROUTERS:
        app.include_router(module.router)
    app.add_exception_handler(RequestValidationError, _as_handler(refusals.validation))
    app.add_exception_handler(HTTPException, _as_handler(refusals.http))
    app.add_middleware(tiles.TileDoor)
    app.add_middleware(Envelope, body_limit_bytes=given.body_limit_bytes, upload_limit_bytes=given.upload_limit_bytes)
    describe(app)
    return app


def _as_handler(answer: Any) -> Any:
    async def handler(request: Request, fault: Exception) -> Response:
        return answer(request, fault)

    return handler
