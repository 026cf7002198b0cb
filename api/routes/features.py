"""Single records: listed, read, changed with optimistic locking, remembered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import headers_of, matches, not_modified, to_json
from api.asking import Desk, DeskOf, FilterOf, LayerOf, PlaceOf
from api.feature_formats import FORMATS, as_csv, record_etag, version_of
from api.parameters import After, Limit, RowId, choose_format
from api.routes import READ, problems
from api.schemas import Addition, Change, Feature, Features
from api.starting import derive_after
from layers import identity
from layers.editing import records
from layers.identity import Purpose
from layers.queries import features
from layers.queries.filters import Filter, Place
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}/layers/{layer}/features", tags=["records"])

_LIST = {**problems(304, 403, 404, 406, 422), 200: {"content": {media: {} for media in FORMATS.values()}}}


@router.get("", response_model=Features, responses=_LIST, summary="Records that pass the filter")
async def get_features(
    desk: DeskOf,
    layer: LayerOf,
    given: FilterOf,
    place: PlaceOf,
    limit: Limit = 100,
    after: After = 0,
    f: Annotated[str | None, Query(description="geojson or csv, before Accept.")] = None,
) -> Response:
    """By id; go on with ``links.next``. Reading records is written into the audit."""
    form = choose_format(f, desk.request.headers.get("accept", ""), dict(FORMATS))
    return await desk.fresh(
        Purpose.RECORDS,
        lambda connection, workspace: _page(connection, workspace, desk, layer, given, place, limit, after, form),
        media_type=FORMATS[form],
    )


@router.get("/{feature_id}", response_model=Feature, responses=READ, summary="One record")
async def get_feature(desk: DeskOf, layer: LayerOf, feature_id: RowId) -> Response:
    """Its ETag is its version: send it back in ``If-Match`` to change it."""
    found, rights = await desk.run(_one, layer, feature_id)
    return _record(desk, found, rights)


@router.patch(
    "/{feature_id}", response_model=Feature, responses=problems(400, 403, 404, 412, 422, 428), summary="Change a record"
)
async def patch_feature(
    desk: DeskOf,
    layer: LayerOf,
    feature_id: RowId,
    given: Change,
    if_match: Annotated[str | None, Header(description="The record's ETag.", examples=['W/"1-0a1b2c3d4e5f"'])] = None,
) -> Response:
    """The former state is kept; cells and tiles show the change at once."""
    version = version_of(if_match)
    found, rights = await desk.run(_changed, layer, feature_id, version, given)
    await derive_after(desk, layer)
    return _record(desk, found, rights)


@router.post(
    "", status_code=201, response_model=Feature, responses=problems(400, 403, 404, 422), summary="Add a record by hand"
)
async def post_feature(desk: DeskOf, layer: LayerOf, given: Addition) -> Response:
    """A lamp, a camera, an area; events come from registers and streets from maps."""
    found, rights = await desk.run(_added, layer, given)
    await derive_after(desk, layer)
    made = _record(desk, found, rights)
    made.status_code = 201
    made.headers["Location"] = f"{desk.base}/layers/{layer.id}/features/{found['id']}"
    return made


@router.delete(
    "/{feature_id}", status_code=204, responses=problems(403, 404, 412, 422, 428), summary="Take a record away"
)
async def delete_feature(
    desk: DeskOf,
    layer: LayerOf,
    feature_id: RowId,
    reason: Annotated[str, Query(max_length=1000)] = "",
    if_match: Annotated[str | None, Header(description="The record's ETag.", examples=['W/"1-0a1b2c3d4e5f"'])] = None,
) -> Response:
    """It is kept in the history, and an import that says nothing new of it does not bring it back."""
    await desk.run(_removed, layer, feature_id, version_of(if_match), reason)
    await derive_after(desk, layer)
    return Response(status_code=204)


@router.get("/{feature_id}/history", responses=READ, summary="Former states of a record")
async def get_history(desk: DeskOf, layer: LayerOf, feature_id: RowId) -> Response:
    """Newest first."""
    return await desk.json(_history, layer, feature_id)


def _page(
    connection: Connection,
    workspace: WorkspaceInfo,
    desk: Desk,
    layer: Layer,
    given: Filter,
    place: Place,
    limit: int,
    after: int,
    form: str,
) -> bytes:
    found = features.page(connection, workspace, layer, given=given, place=place, limit=limit, after_id=after)
    if form == "csv":
        return as_csv(layer, found["features"])
    following = found["next_after"]
    url = desk.request.url.include_query_params(after=following) if following is not None else None
    own = f"{desk.base}/layers/{layer.id}/features"
    link = f"{own}?{url.query}" if url is not None else None
    links = {"self": own, "next": link}
    return to_json({"type": "FeatureCollection", "features": found["features"], "next": link, "links": links})


def _one(connection: Connection, workspace: WorkspaceInfo, layer: Layer, row: int) -> tuple[dict[str, Any], str]:
    return features.one(connection, workspace, layer, row), identity.fingerprint(connection)


def _changed(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, row: int, version: int, given: Change
) -> tuple[dict[str, Any], str]:
    found = records.change(
        connection,
        workspace,
        layer,
        row,
        version=version,
        changes=given.changes,
        position=given.position,
        geometry=given.geometry,
        reason=given.reason,
    )
    return found, identity.fingerprint(connection)


def _added(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, given: Addition
) -> tuple[dict[str, Any], str]:
    found = records.add(
        connection,
        workspace,
        layer,
        values=given.values,
        position=given.position,
        geometry=given.geometry,
        reason=given.reason,
    )
    return found, identity.fingerprint(connection)


def _removed(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, row: int, version: int, reason: str
) -> None:
    records.remove(connection, workspace, layer, row, version=version, reason=reason)


def _history(connection: Connection, workspace: WorkspaceInfo, layer: Layer, row: int) -> dict[str, Any]:
    features.one(connection, workspace, layer, row)  # who may not see the record may not see what it was
    return {"history": features.history(connection, workspace, layer, row)}


def _record(desk: Desk, found: dict[str, Any], rights: str) -> Response:
    etag = record_etag(found["properties"]["version"], rights)
    if desk.request.method == "GET" and matches(desk.request, etag):
        return not_modified(etag)
    return Response(to_json(found), media_type=FORMATS["geojson"], headers=headers_of(etag))
