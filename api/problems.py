"""The one table from our errors to HTTP (RFC 9457, ``application/problem+json``), in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

import i18n
from geo_core.errors import (
    Conflict,
    Forbidden,
    Infeasible,
    InvalidInput,
    LimitExceeded,
    NotFound,
    QorganError,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

# The first branch that fits; a code below goes before its branch.
STATUS_BY_BRANCH: tuple[tuple[type[QorganError], int], ...] = (
    (InvalidInput, 422),
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (LimitExceeded, 413),
    (Infeasible, 422),
    (Unavailable, 503),
    (QorganError, 500),
)
STATUS_BY_CODE: Mapping[str, int] = {
    "bad-json": 400,
    "broken-body": 400,
    "sign-in-needed": 401,
    "unknown-token": 401,
    "foreign-origin": 403,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "version-conflict": 412,
    "precondition-required": 428,
    "too-many-requests": 429,
    "query-too-slow": 503,
    "internal": 500,
}


def status_of(error: QorganError) -> int:
    """HTTP status of an error of ours."""
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    return next(status for branch, status in STATUS_BY_BRANCH if isinstance(error, branch))


def branch_of(error: QorganError) -> str:
    """The code of the branch an error belongs to: the kind of the problem, as its title says it."""
    return next((kind.default_code for kind, _ in STATUS_BY_BRANCH if isinstance(error, kind)), "internal")


def problem(
    error: QorganError, *, language: str, instance: str, extra: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to ``error``.

    Parameters
    ----------
    language : one of ``i18n.LANGUAGES``.
    instance : id of the request, by which an operator finds it in the log.
    extra : headers to add (``Allow``).
    """
    status = status_of(error)
    shown = {} if status == HTTPStatus.INTERNAL_SERVER_ERROR else _plain(error.params)
    body = {
        "type": f"/problems/{error.code}",
        "title": i18n.texts().text(f"problem.{branch_of(error)}", language),
        "status": status,
        "detail": i18n.texts().error(error.code, language, error.params),
        "code": error.code,
        "params": shown,
        "instance": instance,
    }
    headers = {"Content-Type": MEDIA_TYPE, "Content-Language": language, "Cache-Control": "no-store", **(extra or {})}
    if status in (429, 503):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="qorgan"'
    return status, headers, orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    """Parameters as JSON can say them: what a reader sent may hold lone surrogates and numbers without end."""
    match value:
        case str():
            return value[:2000].encode("utf-8", "replace").decode()
        case bool() | None | float():
            return value
        case int():
            return value if -(2**53) <= value <= 2**53 else str(value)[:100]
        case Mapping():
            return {str(name)[:200]: _plain(part) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(part) for part in list(value)[:200]]
        case _:
            return str(value)[:2000]
