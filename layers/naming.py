"""The names by which things are found: made from the layers' rows, folded once, brought up to date by what changed.

Which layers give names is read from their declarations: fields called ``name``, ``name_kk``, ``name_ru``, ``name_en``, the pair ``street``
and ``house_number``, the number of a road (``road_ref`` of a network), and the keys of devices. Rows of events, of derived layers and of
tables without places give none, restricted fields never.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Connection, Engine, text

from geo_core.errors import Unavailable
from geo_core.names import fold
from geo_core.road_reference import refs_of
from layers import registry
from layers.identity import derivation_principal, transaction
from layers.queries.run import mappings
from layers.queries.status import revisions
from layers.spec import Layer, LayerKind
from layers.workspaces import WorkspaceInfo

INDEX = "search_name"
REFRESH_TIMEOUT_S = 600.0
ROWS, ROADS = 0, 1  # parts of a layer's names
_LANGUAGES = {"name": "", "name_kk": "kk", "name_ru": "ru", "name_en": "en"}
_SILENT = (LayerKind.EVENT, LayerKind.DERIVED, LayerKind.TABLE)
_KINDS = {
    LayerKind.DEVICE: "device",
    LayerKind.PLACE: "place",
    LayerKind.AREA: "area",
    LayerKind.NETWORK: "street",
    LayerKind.BACKDROP: "building",
}
# Pieces of one street name that lie farther apart than this (about 3 km) are two streets of two towns.
APART_DEGREES = 0.03
_LONGEST_NAME = 300


def name_fields(layer: Layer) -> tuple[str, ...]:
    """Fields that hold names of a layer's rows."""
    return tuple(f.name for f in layer.fields if f.name in _LANGUAGES and not f.restricted)


def is_named(layer: Layer) -> bool:
    """Whether anything of the layer can be found by a name."""
    return layer.kind not in _SILENT and bool(
        name_fields(layer) or layer.kind is LayerKind.DEVICE or _has_houses(layer) or _has_roads(layer)
    )


def named_layers() -> tuple[Layer, ...]:
    """Every layer whose rows can be found by a name."""
    return tuple(layer for layer in registry.load().values() if is_named(layer))


def _open_fields(layer: Layer) -> frozenset[str]:
    return frozenset(f.name for f in layer.fields if not f.restricted)


def _has_houses(layer: Layer) -> bool:
    return {"street", "house_number"} <= _open_fields(layer)


def _has_roads(layer: Layer) -> bool:
    return layer.kind is LayerKind.NETWORK and "road_ref" in _open_fields(layer)


def is_fresh(connection: Connection, workspace: WorkspaceInfo) -> bool:
    """Whether the names are those of the layers' present rows."""
    known = mappings(
        connection,
        "SELECT inputs FROM derived WHERE workspace_id = %(ws)s AND layer_id = %(layer)s",
        {"ws": workspace.id, "layer": INDEX},
    )
    now = revisions(connection, workspace, tuple(layer.id for layer in named_layers()))
    return (known[0]["inputs"] if known else {}) == now


def was_refreshed_within(connection: Connection, workspace: WorkspaceInfo, *, seconds: float) -> bool:
    """Whether the names were brought up to date less than so long ago."""
    found = connection.execute(
        text(
            "SELECT made_at > clock_timestamp() - make_interval(secs => :seconds) FROM derived "
            "WHERE workspace_id = :ws AND layer_id = :layer"
        ),
        {"ws": workspace.id, "layer": INDEX, "seconds": seconds},
    ).scalar_one_or_none()
    return bool(found)


def freshen(engine: Engine, workspace: WorkspaceInfo) -> bool:
    """Bring the names of a workspace up to date, as the one who derives; False when another does it at this moment.

    Raises
    ------
    Forbidden : ``derivation-not-prepared``. Unavailable.
    """
    deriving = derivation_principal(engine)
    with transaction(engine, deriving, timeout_s=REFRESH_TIMEOUT_S) as connection:
        return refresh(connection, workspace) is not None


def refresh(connection: Connection, workspace: WorkspaceInfo) -> dict[str, dict[str, int]] | None:
    """Make the names those of the layers' rows; only layers that changed are looked at, only changed rows are written.

    Returns
    -------
    Layer id → how many names were ``written`` and of how many rows they were ``removed``; None when another does it at this moment.
    """
    mine = connection.execute(
        text("SELECT pg_try_advisory_xact_lock(hashtext(:name), :ws)"), {"name": INDEX, "ws": workspace.id}
    ).scalar_one()
    if not mine:
        return None
    layers = named_layers()
    now = revisions(connection, workspace, tuple(layer.id for layer in layers))
    known = mappings(
        connection,
        "SELECT inputs FROM derived WHERE workspace_id = %(ws)s AND layer_id = %(layer)s",
        {"ws": workspace.id, "layer": INDEX},
    )
    before: dict[str, int] = known[0]["inputs"] if known else {}
    report: dict[str, dict[str, int]] = {}
    for layer in layers:
        if before.get(layer.id) != now.get(layer.id):
            report[layer.id] = _sync(connection, workspace, layer)
    if report:
        connection.execute(
            text(
                "INSERT INTO derived (workspace_id, layer_id, inputs, report, made_at) "
                "VALUES (:ws, :layer, cast(:inputs AS jsonb), cast(:report AS jsonb), clock_timestamp()) "
                "ON CONFLICT (workspace_id, layer_id) DO UPDATE SET inputs = excluded.inputs, report = excluded.report, "
                "made_at = excluded.made_at"
            ),
            {"ws": workspace.id, "layer": INDEX, "inputs": json.dumps(now), "report": json.dumps(report)},
        )
    return report


def _sync(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> dict[str, int]:
    written = removed = 0
    for part, select in _selects(layer, workspace.id):
        ours = "n.workspace_id = %(ws)s AND n.layer_id = %(layer)s AND n.part = %(part)s"
        params = {"ws": workspace.id, "layer": layer.id, "part": part}
        connection.exec_driver_sql("DROP TABLE IF EXISTS named")
        connection.exec_driver_sql(f"CREATE TEMP TABLE named ON COMMIT DROP AS {select}")
        connection.exec_driver_sql("CREATE INDEX ON named (row_id)")
        connection.exec_driver_sql("ANALYZE named")
        removed += _execute(
            connection,
            f"DELETE FROM search_name n WHERE {ours} "  # noqa: S608
            "AND NOT EXISTS (SELECT 1 FROM named f WHERE f.row_id = n.row_id AND f.stamp = n.stamp)",
            params,
        )
        written += _write(connection, workspace, layer, part, _new_rows(connection, ours, params))
    return {"written": written, "removed": removed}


def _new_rows(connection: Connection, ours: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    with _driver(connection).cursor(row_factory=dict_row) as cursor:
        # Never prepared: the table has other columns for each layer.
        return cursor.execute(
            "SELECT f.* FROM named f "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT 1 FROM search_name n WHERE {ours} AND n.row_id = f.row_id)".encode(),
            params,
            prepare=False,
        ).fetchall()


def _execute(connection: Connection, sql: str, params: dict[str, Any]) -> int:
    with _driver(connection).cursor() as cursor:
        return cursor.execute(sql.encode(), params, prepare=False).rowcount


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise Unavailable
    return driver


_BOX = "ST_XMin({g}) AS west, ST_YMin({g}) AS south, ST_XMax({g}) AS east, ST_YMax({g}) AS north"


def _selects(layer: Layer, ws: int) -> Iterator[tuple[int, str]]:
    """Statements whose rows are one thing with its names: row_id, names, point, box, territory, stamp."""
    if layer.kind is LayerKind.NETWORK:
        if name_fields(layer):
            yield ROWS, _streets(layer, ws)
        if _has_roads(layer):
            yield ROADS, _roads(layer, ws)
        return
    names = list(name_fields(layer))
    if layer.kind is LayerKind.DEVICE:
        names.append("source_id")
    columns = [f't."{name}" AS "{name}"' for name in names]
    given = [f't."{name}" IS NOT NULL' for name in names]
    if _has_houses(layer):
        columns.append("t.street || ' ' || t.house_number AS \"house\"")
        given.append("(t.street IS NOT NULL AND t.house_number IS NOT NULL)")
    if layer.category_field is not None:
        columns.append(f't."{layer.category_field}" AS "@category"')
    point = "t.geom" if layer.geometry == "Point" else "ST_PointOnSurface(t.geom)"
    select = (
        f"SELECT t.id AS row_id, {', '.join(columns)}, ST_X(p) AS lon, ST_Y(p) AS lat, {_BOX.format(g='t.geom')}, "  # noqa: S608
        "t.territory_id, hashtextextended(t.version || ' ' || t.updated_at, 0) AS stamp "
        f"FROM {layer.table} t, LATERAL (SELECT {point} AS p) at "
        f"WHERE t.workspace_id = {ws} AND t.geom IS NOT NULL AND ({' OR '.join(given)})"
    )
    yield ROWS, select


def _streets(layer: Layer, ws: int) -> str:
    """Pieces of one name that lie together are one street."""
    names = name_fields(layer)
    first = f"coalesce({', '.join(f't.{name}' for name in names)})"
    listed = ", ".join(f'max(t."{name}") AS "{name}"' for name in names)
    return (
        f"SELECT min(t.id) AS row_id, {listed}, ST_X(ST_PointOnSurface(ST_Collect(t.geom))) AS lon, "  # noqa: S608
        f"ST_Y(ST_PointOnSurface(ST_Collect(t.geom))) AS lat, {_BOX.format(g='ST_Extent(t.geom)')}, t.territory_id, "
        "hashtextextended(string_agg(t.id || ' ' || t.version || ' ' || t.updated_at, ',' ORDER BY t.id), 0) AS stamp "
        f"FROM (SELECT t.*, {first} AS called, ST_ClusterDBSCAN(t.geom, {APART_DEGREES}, 1) OVER "
        f"(PARTITION BY {first}, t.territory_id) AS town FROM {layer.table} t "
        f"WHERE t.workspace_id = {ws} AND {first} IS NOT NULL) t GROUP BY t.called, t.town, t.territory_id"
    )


def _roads(layer: Layer, ws: int) -> str:
    """Everything that carries one road number."""
    return (
        "SELECT min(t.id) AS row_id, t.road_ref, ST_X(ST_PointOnSurface(ST_Collect(t.geom))) AS lon, "  # noqa: S608
        f"ST_Y(ST_PointOnSurface(ST_Collect(t.geom))) AS lat, {_BOX.format(g='ST_Extent(t.geom)')}, t.territory_id, "
        "hashtextextended(string_agg(t.id || ' ' || t.version || ' ' || t.updated_at, ',' ORDER BY t.id), 0) AS stamp "
        f"FROM {layer.table} t WHERE t.workspace_id = {ws} AND t.road_ref IS NOT NULL GROUP BY t.road_ref, t.territory_id"
    )


def _names(row: dict[str, Any], part: int) -> Iterator[tuple[str, str, str]]:
    """(name, language, folded) of a row, none twice."""
    if part == ROADS:
        for ref in refs_of(row["road_ref"]):
            yield row["road_ref"], "", ref.lower()
        return
    seen: set[tuple[str, str]] = set()
    for column in (*_LANGUAGES, "house", "source_id"):
        given = row.get(column)
        name = given.strip()[:_LONGEST_NAME] if given else ""
        folded = fold(name)
        language = _LANGUAGES.get(column, "")
        # names of other languages are kept even where they fold alike: the reader is shown her own
        if folded and (folded, language) not in seen:
            seen.add((folded, language))
            yield name, language, folded


def _kind(layer: Layer, part: int, row: dict[str, Any], *, is_house: bool) -> str:
    if part == ROADS:
        return "road"
    if is_house:
        return "house"
    if layer.kind is LayerKind.PLACE and row.get("@category") == "settlement":
        return "settlement"
    return _KINDS[layer.kind]


def _write(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, part: int, rows: Iterable[dict[str, Any]]
) -> int:
    columns = (
        "workspace_id, layer_id, part, row_id, nth, kind, name, language, fold, lon, lat, west, south, east, north, territory_id, "
        "rank, stamp"
    )
    rank, count = layer.records_role.rank, 0
    # COPY knows nothing of row-level security: aside first.
    connection.exec_driver_sql("DROP TABLE IF EXISTS written")
    connection.exec_driver_sql("CREATE TEMP TABLE written (LIKE search_name) ON COMMIT DROP")
    with _driver(connection).cursor().copy(f"COPY written ({columns}) FROM STDIN".encode()) as copy:
        for row in rows:
            house = row.get("house")
            for nth, (name, language, folded) in enumerate(_names(row, part)):
                kind = _kind(layer, part, row, is_house=house is not None and name == house.strip())
                place = (row["lon"], row["lat"], row["west"], row["south"], row["east"], row["north"])
                head = (workspace.id, layer.id, part, row["row_id"], nth, kind, name, language, folded)
                copy.write_row((*head, *place, row["territory_id"], rank, row["stamp"]))
                count += 1
    connection.exec_driver_sql(f"INSERT INTO search_name ({columns}) SELECT {columns} FROM written")  # noqa: S608
    return count
