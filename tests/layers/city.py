"""A small city for tests of layers: two districts and a quarter, people with different rights, rows made from plain dicts.

``open_city(urls)`` makes the workspace; ``City.load`` stores rows the way an import does, without a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from sqlalchemy import Connection

from cli.cluster import DatabaseUrls
from geo_core.cells import index_points
from layers import batches, identity, loading, registry
from layers.derivation import digest
from layers.engine import Engines, connect
from layers.identity import Principal, Purpose, transaction
from layers.loading import Outcome
from layers.placing import placing
from layers.spec import Layer, Role
from layers.staging import Rows
from layers.workspaces import TerritorySpec, WorkspaceInfo, WorkspaceSpec, create

WEST, EAST, SOUTH, NORTH, MIDDLE = 76.90, 77.00, 52.25, 52.31, 76.95
ARROW = {
    "TEXT": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "SMALLINT": pa.int16(),
    "DOUBLE": pa.float64(),
    "DOUBLE PRECISION": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us", tz="UTC"),
}
_NOT_ATTRIBUTES = frozenset(
    [
        "workspace_id",
        "id",
        "source_id",
        "cell",
        "territory_id",
        "batch_id",
        "row_hash",
        "flags",
        "version",
        "updated_at",
        "geom",
    ]
)


@dataclass(eq=False)
class City:
    """A workspace with its people.

    ``administrator`` everywhere; ``west`` and ``east`` are editors of one district, ``quarter`` of a part of the west;
    ``analyst`` and ``viewer`` of the west; ``nobody`` has no right at all.
    """

    engines: Engines
    workspace: WorkspaceInfo
    territories: dict[str, int]
    people: dict[str, Principal]

    @contextmanager
    def as_(self, name: str, *, purpose: Purpose = Purpose.RECORDS) -> Iterator[Connection]:
        with transaction(self.engines.app, self.people[name], purpose=purpose) as connection:
            yield connection

    @contextmanager
    def owner(self) -> Iterator[Connection]:
        assert self.engines.owner is not None
        with self.engines.owner.begin() as connection:
            yield connection

    def rows(self, layer: Layer, given: Sequence[Mapping[str, Any]], *, who: str = "administrator") -> Rows:
        """Rows as an import would stage them: territory and cell from the position, hash from the content."""
        with self.as_(who) as connection:
            where, _ = placing(connection, self.workspace)
            ids = loading.reserve_ids(connection, len(given))
        shapes = None
        if layer.geometry != "Point":
            shapes = np.array([shapely.from_wkt(row["geom"]) for row in given], dtype=object)
            inside = shapely.point_on_surface(shapes)
            lon, lat = shapely.get_x(inside), shapely.get_y(inside)
        else:
            lon = np.array([row.get("lon", np.nan) for row in given], dtype=np.float64)
            lat = np.array([row.get("lat", np.nan) for row in given], dtype=np.float64)
        columns = {}
        for column in layer.model.__table__.columns:
            if column.name in _NOT_ATTRIBUTES:
                continue
            values = [row.get(column.name) for row in given]
            if column.name == "time_precision":
                values = [value or "unknown" for value in values]
            columns[column.name] = pa.array(values, type=ARROW[str(column.type)])
        return Rows(
            ids=ids,
            source_id=pa.array([str(row["source_id"]) for row in given], type=pa.string()),
            row_hash=np.array([digest(sorted(row.items(), key=str)) for row in given], dtype=np.int64),
            lon=lon,
            lat=lat,
            geometry=shapes,
            cell=index_points(lon, lat),
            territory_id=where.territory_of(lon, lat),
            flags=pa.array([row.get("flags", []) for row in given], type=pa.list_(pa.string())),
            columns=columns,
        )

    def start(self, layer: Layer, *, who: str = "administrator") -> int:
        given = batches.BatchStart(
            layer_id=layer.id,
            source_name="rows.csv",
            sha256="",
            size_bytes=0,
            licence="CC0",
            attribution="",
            is_synthetic=True,
            mapping={"id": "test"},
        )
        with self.as_(who) as connection:
            return batches.start(connection, self.workspace, given)

    def load(
        self,
        layer_id: str,
        given: Sequence[Mapping[str, Any]],
        *,
        who: str = "administrator",
        aside: bool | None = None,
        period: tuple[date, date] | None = None,
    ) -> tuple[int, Outcome]:
        """Store rows as one batch; its id and what became of them. ``aside`` None = as an import chooses."""
        layer = registry.load()[layer_id]
        rows = self.rows(layer, given, who=who)
        batch_id = self.start(layer, who=who)

        def finish(connection: Connection, outcome: Outcome) -> None:
            report = {"loaded": outcome.inserted}
            batches.finish(connection, batch_id, report=report, period=period, sha256="0" * 64, size_bytes=1)

        if aside is None:
            with self.as_(who) as connection:
                aside = loading.is_empty(connection, layer, self.workspace)
        load = loading.load_aside if aside else loading.load_into
        outcome = load(self.engines, self.people[who], self.workspace, layer, batch_id, iter([rows]), finish)
        return batch_id, outcome


def open_city(urls: DatabaseUrls, *, slug: str = "city", shift: float = 0.0, pool_size: int = 4) -> City:
    """Make the workspace (``shift`` degrees to the east) with its people; call ``engines.dispose`` after use."""
    engines = connect(urls.app, loader_url=urls.loader, owner_url=urls.owner, pool_size=pool_size)
    assert engines.owner is not None
    quarter = shapely.box(WEST + shift, MIDDLE_LAT, WEST + 0.02 + shift, NORTH)
    spec = WorkspaceSpec(
        slug=slug,
        titles={"kk": "Қала", "ru": "Город", "en": "City"},
        territory=shapely.box(WEST + shift, SOUTH, EAST + shift, NORTH),
        zone="Asia/Almaty",
        territories=(
            TerritorySpec(code="west", titles={}, geometry=shapely.box(WEST + shift, SOUTH, MIDDLE + shift, NORTH)),
            TerritorySpec(code="east", titles={}, geometry=shapely.box(MIDDLE + shift, SOUTH, EAST + shift, NORTH)),
            TerritorySpec(code="quarter", titles={}, geometry=quarter, parent="west"),
        ),
        is_synthetic=True,
    )
    with engines.owner.begin() as owner:
        workspace = create(owner, spec)
        found = owner.exec_driver_sql(f"SELECT code, id FROM territory WHERE workspace_id = {workspace.id}").all()
        territories = {row.code: row.id for row in found}
        rights = {
            "administrator": (slug, Role.ADMINISTRATOR),
            "west": ("west", Role.EDITOR),
            "east": ("east", Role.EDITOR),
            "quarter": ("quarter", Role.EDITOR),
            "analyst": ("west", Role.ANALYST),
            "viewer": ("west", Role.VIEWER),
            "nobody": None,
        }
        people = {}
        for name, right in rights.items():
            people[name] = identity.add_principal(owner, f"{slug}-{name}", token=f"token of {slug} {name}")
            if right is not None:
                identity.grant(owner, people[name], territory_id=territories[right[0]], role=right[1])
    return City(engines, workspace, territories, people)


MIDDLE_LAT = (SOUTH + NORTH) / 2
IN_WEST, IN_EAST, IN_QUARTER = (76.935, 52.26), (76.975, 52.28), (76.91, 52.30)


def crime(source_id: object, at: tuple[float, float] | None = IN_WEST, **more: Any) -> dict[str, Any]:
    """One theft, at a place or at none."""
    position = {} if at is None else {"lon": at[0], "lat": at[1]}
    return {"source_id": source_id, "category": "theft", **position, **more}
