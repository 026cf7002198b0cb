"""Vector tiles: one round trip asks who may see the workspace, which version it is, and, unless we hold that version, the tile."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import point_tiles
from api.answers import headers_of, not_modified, response
from api.cache import Body
from api.compression import choose, compress
from api.gate import short_hash
from api.service import Service, service_of
from geo_core.errors import NotFound
from layers.queries.guarded_tiles import MARK_LENGTH, columns_question, tile_question
from layers.queries.tiles import check_tile
from layers.spec import Layer

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
PATH = "/w/{ws}/tiles/{layer}/{z:int}/{x:int}/{y:int}.mvt"
_ADDRESS = re.compile(r"/w/([^/]{1,200})/tiles/([^/]{1,100})/(\d{1,9})/(\d{1,9})/(\d{1,9})\.mvt")
_MOST_HELD = 8


class TileRoute:
    """The route as plain ASGI: it is asked dozens of times for one look at the map."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await answer_tile(request, service_of(scope["app"]), **scope["path_params"])
        await answer(scope, receive, send)


class TileDoor:
    """A short way to the tile route, past the layers of the framework; everything else goes on as before."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tiles = TileRoute()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            found = _ADDRESS.fullmatch(scope["path"].removeprefix(scope.get("root_path", "")))
            if found is not None:
                ws, layer, z, x, y = found.groups()
                scope["path_params"] = {"ws": ws, "layer": layer, "z": int(z), "x": int(x), "y": int(y)}
                await self._tiles(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def answer_tile(request: Request, service: Service, *, ws: str, layer: str, z: int, x: int, y: int) -> Response:
    """The tile, 304, or 204 where it is empty.

    Raises
    ------
    NotFound : no such layer, or no such workspace for this reader.
    InvalidInput : ``bad-tile``.
    """
    if not ws.isprintable():
        raise NotFound("unknown-workspace", workspace=layer)
    declared = service.registry[layer]
    check_tile(z, x, y)
    encoding = choose(request.headers.get("accept-encoding", ""))
    name = short_hash(service.release, ws, layer, z, x, y, encoding)
    theirs = _marks(request, name)
    ours = service.tile_marks.get(name, ())
    mark, data = await _ask(request, service, declared, ws, (z, x, y), [*theirs, *ours])
    etag = f'"{mark}-{name}"'
    if data is None and mark in theirs:
        return not_modified(etag)
    if data is None:
        kept = service.cache.get(("tile", mark, name))
        if kept is not None:
            return _sent(kept, etag)
        mark, data = await _ask(request, service, declared, ws, (z, x, y), [])  # it left the cache meanwhile
    packed, used = compress(data or b"", encoding)
    body = Body(packed, MEDIA_TYPE, used)
    service.cache.put(("tile", mark, name), body)
    service.remember_mark(name, mark)
    return _sent(body, f'"{mark}-{name}"')


def _sent(body: Body, etag: str) -> Response:
    return response(body, etag) if body.data else Response(status_code=204, headers=headers_of(etag))


def _marks(request: Request, name: str) -> list[str]:
    """Marks of this tile that the reader holds."""
    header = request.headers.get("if-none-match")
    if header is None:
        return []
    tags = [part.strip().removeprefix("W/").strip('"') for part in header[:2000].split(",")]
    return [tag[:MARK_LENGTH] for tag in tags if tag[MARK_LENGTH:] == f"-{name}"][:_MOST_HELD]


async def _ask(
    request: Request, service: Service, layer: Layer, slug: str, place: tuple[int, int, int], held: list[str]
) -> tuple[str, bytes | None]:
    who = await service.doorman.principal(request)
    z, x, y = place
    params: dict[str, Any] = {"slug": slug, "layers": [layer.id], "held": held}
    written_here = point_tiles.suits(layer) and service.writes_points()
    if written_here:
        params |= point_tiles.box_of(z, x, y)
        row = await service.gate.fetch(who, columns_question(layer, z), params, binary=True)
    else:
        params |= {"z": z, "x": x, "y": y}
        row = await service.gate.fetch(who, tile_question(layer, z), params, binary=True)
    if row is None:
        raise NotFound("unknown-workspace", workspace=slug[:200])
    await service.audit_tiles(who, slug, layer)
    mark = str(row[0])
    if mark in held:
        return mark, None
    return mark, point_tiles.write(layer, row[1:], z=z, x=x, y=y) if written_here else row[1]
