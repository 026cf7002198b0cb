"""Vector tiles: one round trip asks who may see the workspace, which version it is, and, unless we hold that version, the tile."""

from __future__ import annotations

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.answers import headers_of, not_modified, response
from api.cache import Body
from api.compression import choose, compress
from api.gate import VERSION, short_hash
from api.service import Service, service_of
from geo_core.errors import NotFound
from layers.queries.tiles import check_tile, tile_sql
from layers.spec import Layer

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
PATH = "/w/{ws}/tiles/{layer}/{z:int}/{x:int}/{y:int}.mvt"
_MARK_LENGTH = 20
_MOST_HELD = 8


@lru_cache(maxsize=512)
def tile_question(layer: Layer, z: int) -> str:
    """The tile behind the gate: its mark (version and rights), and its bytes unless that mark is among those held.

    Placeholders: slug, layers, held, z, x, y. No row where the reader may not see the workspace.
    """
    tile = tile_sql(layer, z).replace("%(ws)s", "v.id")
    return (
        f"SELECT v.mark, CASE WHEN v.mark = ANY(%(held)s) THEN NULL ELSE ({tile}) END FROM "  # noqa: S608
        f"(SELECT w.id, left(md5({VERSION} || ' ' || qorgan_fingerprint()), {_MARK_LENGTH}) AS mark "
        "FROM workspace w WHERE w.slug = %(slug)s) v"
    )


class TileRoute:
    """The route as plain ASGI: it is asked dozens of times for one look at the map."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await answer_tile(request, service_of(scope["app"]), **scope["path_params"])
        await answer(scope, receive, send)


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
    return [tag[:_MARK_LENGTH] for tag in tags if tag[_MARK_LENGTH:] == f"-{name}"][:_MOST_HELD]


async def _ask(
    request: Request, service: Service, layer: Layer, slug: str, place: tuple[int, int, int], held: list[str]
) -> tuple[str, bytes | None]:
    who = await service.doorman.principal(request)
    z, x, y = place
    row = await service.gate.fetch(
        who,
        tile_question(layer, z),
        {"slug": slug, "layers": [layer.id], "held": held, "z": z, "x": x, "y": y},
        binary=True,
    )
    if row is None:
        raise NotFound("unknown-workspace", workspace=slug[:200])
    return row[0], row[1]
