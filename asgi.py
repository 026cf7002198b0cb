"""The one-machine default: the interface with the API mounted under ``/api``, one process, one origin.

``uvicorn asgi:app`` asks for ``app``; it is made then, so that importing this module does nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.routing import Mount

from api.app import create_app

SCRIPT = Path(__file__).resolve().parent / "streamlit_app" / "app.py"
API_PATH = "/api"


@cache
def make_app() -> Any:
    """The application of a process: one, because Streamlit's runtime is one."""
    service = create_app()

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        # a mounted application is not told of start and end by itself
        async with service.router.lifespan_context(service):
            yield

    return st.App(SCRIPT, lifespan=lifespan, routes=[Mount(API_PATH, app=service)])


def __getattr__(name: str) -> Any:
    if name == "app":
        return make_app()
    raise AttributeError(name)
