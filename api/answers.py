"""Answers with an ETag that carries revision, rights, question and encoding; 304 and cached bodies by the same name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.cache import Body
from api.compression import choose, compress
from api.gate import Pass, short_hash
from api.service import Service

JSON = "application/json"
VARY = "Accept, Accept-Language, Accept-Encoding, Cookie, Authorization"
CACHE_CONTROL = "private, no-cache"


def to_json(value: Any) -> bytes:
    """JSON; unknown (NaN) becomes null, times are ISO 8601."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    match value:
        case np.ndarray():
            return value.tolist()
        case np.generic():
            return value.item()
        case set() | frozenset() | tuple():
            return list(value)
        case _:
            return str(value)


def matches(request: Request, etag: str) -> bool:
    """Whether the reader already holds this very answer (weak comparison, RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match")
    return header is not None and etag.removeprefix("W/") in {
        part.strip().removeprefix("W/") for part in header[:4000].split(",")
    }


def headers_of(etag: str, **more: str) -> dict[str, str]:
    """Headers of every answer with data."""
    return {"ETag": etag, "Vary": VARY, "Cache-Control": CACHE_CONTROL, **more}


def response(body: Body, etag: str, **more: str) -> Response:
    """A full answer."""
    if body.encoding != "identity":
        more["Content-Encoding"] = body.encoding
    return Response(body.data, media_type=body.media_type, headers=headers_of(etag, **more))


def not_modified(etag: str) -> Response:
    """304: what the reader holds is still right."""
    return Response(status_code=304, headers=headers_of(etag))


async def cached(
    request: Request,
    service: Service,
    passed: Pass,
    question: tuple[object, ...],
    media_type: str,
    make: Callable[[], bytes],
) -> Response:
    """Answer from the cache, by 304, or by ``make`` in a thread.

    Parameters
    ----------
    passed : what the gate said just now; its version and rights are part of the key, so nothing stale is ever found.
    question : everything else the answer depends on.
    """
    encoding = choose(request.headers.get("accept-encoding", ""))
    name = short_hash(service.release, passed.workspace_id, *question, media_type)
    etag = f'"{short_hash(passed.version, passed.stamp, size=5)}-{passed.rights[:12]}-{name}-{encoding}"'
    if matches(request, etag):
        return not_modified(etag)

    async def produce() -> Body:
        def work() -> Body:
            data, used = compress(make(), encoding)
            return Body(data, media_type, used)

        return await service.in_thread(work)

    key = (passed.workspace_id, passed.stamp, passed.rights, passed.version, question, media_type, encoding)
    return response(await service.cache.get_or_make(key, produce), etag)


def fresh(request: Request, data: bytes, *, rights: str, media_type: str = JSON, **more: str) -> Response:
    """An answer made for this request alone; its ETag is of its own bytes and the reader's rights."""
    encoding = choose(request.headers.get("accept-encoding", ""))
    etag = f'"{hashlib.blake2b(data, digest_size=8).hexdigest()}-{rights[:12]}-{encoding}"'
    if matches(request, etag):
        return not_modified(etag)
    packed, used = compress(data, encoding)
    return response(Body(packed, media_type, used), etag, **more)
