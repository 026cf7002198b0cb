"""Around every request: its id, the size of its body, and the one place where a fault of ours becomes an answer."""

from __future__ import annotations

import logging
import re
import secrets
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import i18n
from api.problems import problem, status_of
from geo_core.errors import LimitExceeded, QorganError
from layers.engine import translated

_log = logging.getLogger("qorgan.api")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HEADER = b"x-request-id"
_SAFETY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
]


class BodyTooLarge(HTTPException):
    """A body over the limit, told while it is being read (FastAPI passes only its own kind of error through)."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self.error = LimitExceeded("body-too-large", limit_bytes=limit_bytes)


def request_id(scope: Scope) -> str:
    """The id of the request, for problems and the log."""
    return str(scope.get("qorgan.request_id", "-"))


def language_of(scope: Scope) -> str:
    """The reader's language by ``Accept-Language``."""
    return i18n.negotiate(_header(scope, b"accept-language"))


class Envelope:
    """Pure ASGI: request id in and out, limit of the body, faults logged once with the id and answered without their text."""

    def __init__(self, app: ASGIApp, *, body_limit_bytes: int, upload_limit_bytes: int) -> None:
        self._app = app
        self._body_limit = body_limit_bytes
        self._upload_limit = upload_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = _header(scope, _HEADER) or ""
        name = given if _ID.fullmatch(given) else secrets.token_hex(8)
        scope["qorgan.request_id"] = name
        extra = [(_HEADER, name.encode()), *_SAFETY]
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        try:
            await self._app(scope, self._limited(scope, receive), sending)
        except Exception as fault:  # the one border where nothing may pass
            if started:
                _log.exception("%s broke off while answering %s %r", name, scope["method"], scope["path"])
                raise
            await _answer(fault, scope, sending)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return receive
        multipart = (_header(scope, b"content-type") or "").lower().startswith("multipart/form-data")
        limit = self._upload_limit if multipart else self._body_limit
        announced = _header(scope, b"content-length") or ""
        seen = 0

        async def receiving() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit or (announced.isdigit() and int(announced) > limit):
                    raise BodyTooLarge(limit)
            return message

        return receiving


def _header(scope: Scope, name: bytes) -> str | None:
    value: Any = next((value for key, value in scope["headers"] if key == name), None)
    return None if value is None else value.decode("latin-1")


async def _answer(fault: Exception, scope: Scope, send: Send) -> None:
    if isinstance(fault, BodyTooLarge):
        fault = fault.error
    error = (
        fault
        if isinstance(fault, QorganError)
        else translated(fault) or QorganError("internal", reference=request_id(scope))
    )
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log_fault(error, fault, scope)
    await send_problem(error, scope, send)


def log_fault(error: QorganError, fault: Exception, scope: Scope) -> None:
    """One line per 5xx; the trace only where the fault is ours."""
    ours = status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR
    _log.error(
        "%s %s %r: %s", request_id(scope), scope["method"], scope["path"], error.code, exc_info=fault if ours else None
    )


async def send_problem(error: QorganError, scope: Scope, send: Send) -> None:
    """Send the problem document of ``error``."""
    status, headers, body = problem(error, language=language_of(scope), instance=request_id(scope))
    encoded = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
