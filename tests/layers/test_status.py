"""What is told of a layer: rows, gaps, freshness, licence, and whether what was derived is out of date."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import shapely
from sqlalchemy import text

from geo_core.errors import Conflict, InvalidInput, NotFound
from layers import batches, copy_out, derivation, registry, workspaces
from layers.derivation import derive, derived_rows, digest, replace_rows
from layers.queries.status import status, version
from tests.layers.city import IN_EAST, IN_WEST, crime

LAYERS = registry.load()
CRIMES, SEGMENTS = LAYERS["crimes"], LAYERS["street_segments"]


def test_the_status_of_a_layer(city):
    rows = [crime("a", article="188"), crime("b", None), crime("c", severity="grave")]
    city.load("crimes", rows, period=(date(2024, 1, 1), date(2024, 3, 31)))
    undone, _ = city.load("crimes", [crime("d")], period=(date(2020, 1, 1), date(2020, 3, 31)))
    with city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, undone)
        told = status(connection, city.workspace, CRIMES)
    assert (told["rows"], told["without_position"], told["batches"]) == (3, 1, 1)
    assert told["missing"] == {
        "category": 0,
        "severity": 2,
        "article": 2,
        "public_place": 3,
        "registered_on": 3,
        "place_text": 3,
    }
    assert (told["day_from"], told["day_to"]) == (date(2024, 1, 1), date(2024, 3, 31))
    assert (told["licences"], told["attributions"], told["is_synthetic"]) == (["CC0"], [], True)
    assert told["revision"] > 0
    assert told["derived"] is None


def test_a_layer_nobody_loaded_says_so(city):
    with city.as_("administrator") as connection:
        told = status(connection, city.workspace, LAYERS["lamps"])
    assert (told["rows"], told["revision"], told["batches"], told["last_loaded"]) == (0, 0, 0, None)
    assert told["is_synthetic"] is False


def test_a_version_changes_with_any_of_its_layers_and_with_the_readers_rights(city):
    def mark(who):
        with city.as_(who) as connection:
            return version(connection, city.workspace, CRIMES, LAYERS["lamps"])

    seen = [mark("west").etag]
    assert mark("west").etag == seen[0]
    assert mark("east").etag != seen[0]
    city.load("crimes", [crime("a")])
    seen.append(mark("west").etag)
    city.load("lamps", [{"source_id": "l", "status": "works", "lon": IN_WEST[0], "lat": IN_WEST[1]}])
    seen.append(mark("west").etag)
    city.load(
        "areas",
        [{"source_id": "a", "kind": "beat", "geom": "MULTIPOLYGON(((76.9 52.25, 77 52.25, 77 52.3, 76.9 52.25)))"}],
    )
    assert mark("west").etag == seen[-1]
    assert len(set(seen)) == 3
    # two loads that overlap may commit in either order: the older number arriving last is news as well
    with city.owner() as owner:
        owner.exec_driver_sql("UPDATE layer_revision SET revision = revision - 1 WHERE layer_id = 'crimes'")
    assert mark("west").etag not in seen


LINES = (
    "LINESTRING(76.93 52.26, 76.94 52.26)",
    "LINESTRING(76.94 52.26, 76.94 52.27)",
    "LINESTRING(76.94 52.26, 76.96 52.26)",
)


def with_roads(city):
    rows = [
        {"source_id": f"r{i}", "highway_class": "residential", "name": f"№ {i}", "geom": line}
        for i, line in enumerate(LINES)
    ]
    city.load("roads", rows)


def derived(city, layer=SEGMENTS, **more):
    with city.as_("administrator") as connection:
        return derive(connection, city.workspace, layer, tell=lambda _share, _doing: None, **more)


def stale(city):
    with city.as_("administrator") as connection:
        return status(connection, city.workspace, SEGMENTS)["derived"]["is_stale"]


def test_what_was_derived_is_out_of_date_when_an_input_changes_and_only_then(city):
    assert stale(city) is False
    with_roads(city)
    assert stale(city) is True
    report = derived(city)
    assert (report["skipped"], report["segments"]) == (False, 3)
    assert stale(city) is False
    assert derived(city)["skipped"] is True
    city.load("crimes", [crime("near", (76.935, 52.2601)), crime("far", (76.91, 52.30))])
    assert stale(city) is True
    report = derived(city)
    assert report["crimes"] == {"looked_at": 2, "linked": 1, "too_far": 1}
    assert stale(city) is False
    city.load("crimes", [crime("new", IN_EAST)], aside=False)
    assert derived(city)["crimes"]["looked_at"] == 1, "only what is new is linked"
    assert derived(city, afresh=True)["crimes"]["looked_at"] == 3


def test_an_event_that_was_changed_and_taken_back_is_linked_again_each_time(city):
    with_roads(city)
    city.load("crimes", [crime("a", (76.935, 52.2601))])
    derived(city)

    def unit():
        with city.owner() as owner:
            return owner.exec_driver_sql("SELECT unit_id FROM event_unit").scalar_one()

    first = unit()
    second, _ = city.load("crimes", [crime("a", (76.9401, 52.265))])
    derived(city)
    moved = unit()
    assert moved != first
    with city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, second)
    derived(city)
    assert unit() == first


def test_rows_that_stay_the_same_are_left_alone_when_a_layer_is_derived_again(city):
    with_roads(city)
    derived(city)
    with city.owner() as owner:
        before = dict(owner.exec_driver_sql("SELECT source_id, (id, version)::text FROM layer_street_segments").all())
    city.load(
        "roads", [{"source_id": "r1", "highway_class": "residential", "name": "Жаңа", "geom": LINES[1]}], aside=False
    )
    assert derived(city)["rows"] == {"added": 0, "changed": 1, "removed": 0}
    with city.owner() as owner:
        after = dict(owner.exec_driver_sql("SELECT source_id, (id, version)::text FROM layer_street_segments").all())
    assert sum(before[name] != after[name] for name in before) == 1
    assert set(before) == set(after)


def test_derived_rows_are_replaced_by_exactly_the_new_ones(city):
    with city.as_("administrator") as connection:
        context = derivation.Context(
            connection=connection,
            workspace=city.workspace,
            layer=SEGMENTS,
            changed=frozenset(),
            before={},
            tell=lambda _share, _doing: None,
        )

        def given(names, length):
            lon, lat = np.full(len(names), IN_WEST[0]), np.full(len(names), IN_WEST[1])
            return derived_rows(
                context,
                source_id=names,
                row_hash=[digest(name, length) for name in names],
                geometry=np.array([shapely.from_wkt(LINES[0])] * len(names), dtype=object),
                lon=lon,
                lat=lat,
                territory_id=np.full(len(names), city.territories["west"], dtype=np.int32),
                columns={
                    "highway_class": pa.array(["residential"] * len(names)),
                    "length_m": pa.array([length] * len(names), type=pa.float64()),
                },
            )

        assert replace_rows(context, given(["a", "b"], 1.0)) == {"added": 2, "changed": 0, "removed": 0}
        assert replace_rows(context, given(["a", "b"], 1.0)) == {"added": 0, "changed": 0, "removed": 0}
        assert replace_rows(context, given(["b", "c"], 2.0)) == {"added": 1, "changed": 1, "removed": 1}
        left = connection.exec_driver_sql("SELECT source_id, length_m FROM layer_street_segments ORDER BY 1").all()
    assert [tuple(row) for row in left] == [("b", 2.0), ("c", 2.0)]


def test_only_derived_layers_are_derived(city):
    with pytest.raises(TypeError):
        derived(city, CRIMES)


def test_hashes_of_derived_rows_are_the_same_on_every_machine():
    assert digest("a", 1, None) == 527909997090877567
    assert digest("a", 1) != digest("a", 2)


def test_a_workspace_goes_with_everything_in_it(city):
    with_roads(city)
    city.load("crimes", [crime("a")])
    derived(city)
    with city.owner() as owner:
        workspaces.remove(owner, "city")
        for table in (
            "workspace",
            "territory",
            "batch",
            "layer_revision",
            "event_unit",
            "derived",
            "role_grant",
            "layer_crimes",
        ):
            assert owner.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0, table
        assert owner.exec_driver_sql("SELECT count(*) FROM pg_class WHERE relname ~ '_w[0-9]+$'").scalar_one() == 0
        with pytest.raises(NotFound):
            workspaces.find(owner, "city")


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({}, Conflict, "workspace-exists"),
        ({"slug": "b", "zone": "Asia/Pavlodar"}, InvalidInput, "unknown-zone"),
        ({"slug": "b", "zone": "../../etc/passwd"}, InvalidInput, "unknown-zone"),
        ({"slug": "b", "territory": shapely.Point(1, 2)}, InvalidInput, "bad-territory"),
        ({"slug": "b", "territory": shapely.box(170, 0, 190, 1)}, InvalidInput, "coordinates-not-degrees"),
    ],
)
def test_a_workspace_that_cannot_be_is_refused(city, change, error, code):
    given = {"slug": "city", "titles": {}, "territory": shapely.box(76, 52, 77, 53), "zone": "Asia/Almaty", **change}
    with pytest.raises(error) as refused, city.owner() as owner:
        workspaces.create(owner, workspaces.WorkspaceSpec(**given))
    assert refused.value.code == code


def test_the_metric_projection_keeps_lengths(city):
    from pyproj import Geod, Transformer

    to_metres = Transformer.from_crs("EPSG:4326", city.workspace.metric_crs, always_xy=True)
    (x0, y0), (x1, y1) = to_metres.transform(76.90, 52.25), to_metres.transform(77.00, 52.31)
    true_m = Geod(ellps="WGS84").inv(76.90, 52.25, 77.00, 52.31)[2]
    assert np.hypot(x1 - x0, y1 - y0) == pytest.approx(true_m, rel=1e-5)


def test_arrays_refuse_what_a_query_may_not_give(city):
    with city.as_("administrator") as connection:
        got = copy_out.arrays(
            connection,
            "SELECT g::int8, g::int4, g::int2, g / 2.0::float8, g %% 2 = 0 FROM generate_series(1, %(n)s) g",
            [("a", "int8"), ("b", "int4"), ("c", "int2"), ("d", "float8"), ("e", "bool")],
            {"n": 5},
        )
        assert [got["a"].tolist(), got["b"].tolist(), got["c"].tolist()] == [[1, 2, 3, 4, 5]] * 3
        assert got["d"].tolist() == [0.5, 1, 1.5, 2, 2.5]
        assert got["e"].tolist() == [False, True, False, True, False]
        assert got["a"].dtype.byteorder in "=|<"
        for bad in ("SELECT NULL::int8", "SELECT 1::int4", "SELECT 1::int8, 2::int8"):
            with pytest.raises(ValueError, match="the query gave"):
                copy_out.arrays(connection, bad, [("a", "int8")])
        empty = copy_out.arrays(connection, "SELECT 1::int8 WHERE false", [("a", "int8")])
        assert len(empty["a"]) == 0


def test_binary_rows_come_back_as_postgresql_reads_them(city):
    from datetime import UTC, datetime

    from layers import copy_binary
    from layers.derivation import write

    moment = datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    columns = {
        "int2": pa.array([-32768, None, 7], pa.int16()),
        "int4": pa.array([-(2**31), None, 7], pa.int32()),
        "int8": pa.array([-(2**63), None, 7], pa.int64()),
        "float8": pa.array([-0.1, None, 1e300], pa.float64()),
        "bool": pa.array([True, None, False]),
        "date": pa.array([date(1970, 1, 1), None, date(2024, 2, 29)]),
        "timestamptz": pa.array([moment, None, moment], pa.timestamp("us", tz="UTC")),
        "text": pa.array(["Қорған\n\t\\", None, ""]),
        "text[]": pa.array([["a", "ә"], [], ["b"]]),
    }
    sliced = {kind: pa.concat_arrays([column[:1], column])[1:] for kind, column in columns.items()}
    with city.as_("administrator") as connection:
        listed = ", ".join(f"c{i} {kind}" for i, kind in enumerate(columns))
        connection.exec_driver_sql(f"CREATE TEMP TABLE given ({listed})")
        values = [copy_binary.column(column, kind) for kind, column in sliced.items()]
        write(connection, "given", copy_binary.rows(values))
        back = connection.execute(text("SELECT * FROM given")).all()
    for i, column in enumerate(columns.values()):
        assert [row[i] for row in back] == column.to_pylist()


def test_a_reader_without_the_right_to_see_batches_still_knows_how_fresh_a_layer_is(city):
    city.load("crimes", [crime("a")], period=(date(2024, 1, 1), date(2024, 3, 31)))
    told = {}
    for who in ("viewer", "administrator"):
        with city.as_(who) as connection:
            told[who] = status(connection, city.workspace, CRIMES)
    for name in ("batches", "licences", "last_loaded", "day_from", "day_to", "is_synthetic"):
        assert told["viewer"][name] == told["administrator"][name], name
    assert told["viewer"]["batches"] == 1
    for who, seen in (("viewer", 0), ("nobody", 0), ("analyst", 1), ("east", 1)):
        with city.as_(who) as connection:
            assert len(batches.listed(connection, city.workspace)) == seen, who
    with city.as_("nobody") as connection:
        loaded = connection.execute(text("SELECT count(*) FROM qorgan_loaded(:ws)"), {"ws": city.workspace.id})
        assert loaded.scalar_one() == 0


def test_roads_that_are_no_streets_are_told(city):
    with_roads(city)
    steps = {"source_id": "up", "highway_class": "steps", "geom": "LINESTRING(76.91 52.29, 76.911 52.29)"}
    city.load("roads", [steps])
    report = derived(city)
    assert (report["roads"], report["left_out"]) == (len(LINES), 1)
