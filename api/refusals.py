"""What the framework refuses (an address, a method, a value of the wrong kind), told as our problems."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.middleware import BodyTooLarge, language_of, request_id
from api.problems import problem
from geo_core.errors import Forbidden, InvalidInput, NotFound, QorganError

_MOST_TOLD = 20


def answer(request: Request, error: QorganError, extra: Mapping[str, str] | None = None) -> Response:
    """The problem document of ``error``."""
    status, headers, body = problem(
        error, language=language_of(request.scope), instance=request_id(request.scope), extra=extra
    )
    return Response(body, status_code=status, headers=headers)


def validation(request: Request, fault: RequestValidationError) -> Response:
    """Values that do not fit their description: which, and why; never the value itself, which may be a secret."""
    errors: list[dict[str, Any]] = list(fault.errors())
    if any(error["type"] == "json_invalid" for error in errors):
        return answer(request, InvalidInput("bad-json"))
    told = [
        {"name": ".".join(str(part)[:60] for part in error["loc"][1:]) or str(error["loc"][0]), "reason": error["type"]}
        for error in errors[:_MOST_TOLD]
    ]
    return answer(request, InvalidInput("bad-parameters", names=[one["name"] for one in told], errors=told))


def http(request: Request, fault: HTTPException) -> Response:
    """404, 405 and what else the framework answers by itself."""
    if isinstance(fault, BodyTooLarge):
        return answer(request, fault.error)
    match fault.status_code:
        case HTTPStatus.NOT_FOUND:
            return answer(request, NotFound("not-found"))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (fault.headers or {}).get("Allow", "")
            error = InvalidInput("method-not-allowed", method=request.method[:20], allowed=allowed)
            return answer(request, error, {"Allow": allowed} if allowed else None)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return answer(request, Forbidden())
        case _:
            return answer(request, InvalidInput("broken-body"))
