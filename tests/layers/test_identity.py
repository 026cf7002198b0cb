"""Nobody sees or changes what they have no right to, whoever used the connection before."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from geo_core.errors import Forbidden, NotFound
from layers import batches, identity, jobs, registry
from layers.editing import records
from layers.identity import Principal, Purpose, transaction
from layers.queries import features, status, units
from layers.queries.cells import cells
from layers.queries.filters import Place
from layers.queries.profile import profile
from layers.queries.tiles import tile_sql
from layers.spec import Role
from tests.layers.city import IN_EAST, IN_QUARTER, IN_WEST, crime

CRIMES = registry.load()["crimes"]
HALVES = (("west", 76.9, 76.949), ("east", 76.951, 77))
FOREIGN = ("spatial_ref_sys", "alembic_version")


@pytest.fixture
def filled(city):
    """Three crimes in the west, one of them in the quarter; two in the east; one without position, so of the whole city."""
    rows = [
        crime("w1", IN_WEST),
        crime("w2", IN_WEST),
        crime("q1", IN_QUARTER),
        crime("e1", IN_EAST),
        crime("e2", IN_EAST),
        crime("nowhere", None),
    ]
    city.load("crimes", rows)
    boxes = {name: f"MULTIPOLYGON((({w} 52.25, {e} 52.25, {e} 52.31, {w} 52.31, {w} 52.25)))" for name, w, e in HALVES}
    city.load("areas", [{"source_id": name, "kind": "district", "geom": box} for name, box in boxes.items()])
    line = "LINESTRING(76.93 52.26, 76.98 52.28)"
    with city.owner() as owner:
        owner.execute(text("SELECT qorgan_ensure_partition('layer_street_segments', :ws)"), {"ws": city.workspace.id})
        for number, part in ((1, "west"), (2, "east")):
            owner.execute(
                text(
                    "INSERT INTO layer_street_segments (workspace_id, id, source_id, territory_id, batch_id, row_hash, "
                    "highway_class, length_m, geom) VALUES (:ws, :n, 's' || :n, :part, 0, 0, 'residential', 1000, "
                    "ST_GeomFromText(:line, 4326))"
                ),
                {"ws": city.workspace.id, "n": number, "part": city.territories[part], "line": line},
            )
            owner.execute(
                text(
                    "INSERT INTO event_unit (workspace_id, layer_id, row_id, unit_id, territory_id, row_version) "
                    "SELECT workspace_id, 'crimes', id, :n, territory_id, version FROM layer_crimes WHERE territory_id = :part"
                ),
                {"n": number, "part": city.territories[part]},
            )
            owner.execute(
                text("INSERT INTO cell_share VALUES (:ws, 'camera_coverage', 'covered_share', :n, 1, 2, :part)"),
                {"ws": city.workspace.id, "n": number, "part": city.territories[part]},
            )
            owner.execute(
                text("INSERT INTO segment_share VALUES (:ws, 'camera_coverage', 'covered_share', :n, 1, 2, :part)"),
                {"ws": city.workspace.id, "n": number, "part": city.territories[part]},
            )
    return city


def protected_tables(connection):
    found = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND NOT relispartition AND relname !~ '^procrastinate_' AND relname <> ALL(:foreign) ORDER BY 1"
        ),
        {"foreign": list(FOREIGN)},
    )
    return list(found.scalars())


def test_every_table_of_ours_is_under_row_level_security(city):
    with city.owner() as owner:
        open_ = owner.execute(
            text(
                "SELECT relname FROM pg_class WHERE relname = ANY(:names) AND relnamespace = 'public'::regnamespace "
                "AND NOT relrowsecurity"
            ),
            {"names": protected_tables(owner)},
        )
        assert list(open_.scalars()) == []
        assert {layer.table for layer in registry.load().values()} <= set(protected_tables(owner))


@pytest.mark.parametrize("who", ["nobody", "unknown", None])
def test_without_a_right_no_table_shows_a_row(filled, who):
    with filled.as_("west") as connection:
        features.page(connection, filled.workspace, CRIMES)  # leaves a line in the audit
    with filled.owner() as owner:
        tables = protected_tables(owner)
        owner.execute(
            text(
                "INSERT INTO plan (workspace_id, territory_id, principal_id, kind, params, certificate, sites) "
                "VALUES (:ws, :t, 1, 'k', '{}', '{}', '{}')"
            ),
            {"ws": filled.workspace.id, "t": filled.territories["west"]},
        )
        owner.execute(
            text("INSERT INTO job (workspace_id, principal_id, kind, params) VALUES (:ws, 1, 'k', '{}')"),
            {"ws": filled.workspace.id},
        )
        counts = {t: owner.exec_driver_sql(f'SELECT count(*) FROM "{t}"').scalar_one() for t in tables}
    assert counts["layer_crimes"] == 6
    assert counts["audit"] > 0
    seen = {}
    engine = filled.engines.app
    for purpose in Purpose:
        if who is None:
            with engine.begin() as connection:
                found = {t: connection.exec_driver_sql(f'SELECT count(*) FROM "{t}"').scalar_one() for t in tables}
        else:
            principal = filled.people["nobody"] if who == "nobody" else Principal(999_999, "ghost")
            with transaction(engine, principal, purpose=purpose) as connection:
                found = {t: connection.exec_driver_sql(f'SELECT count(*) FROM "{t}"').scalar_one() for t in tables}
        seen[purpose] = {t: n for t, n in found.items() if n}
    own = {"principal": 1} if who == "nobody" else {}  # everybody may read who they are
    assert seen == dict.fromkeys(Purpose, own)


def everything_seen(city, connection):
    """What the running principal gets of every kind of answer."""
    ws, layer = city.workspace, CRIMES
    driver = connection.connection.driver_connection
    tiles = [
        driver.execute(tile_sql(layer, 12), {"ws": ws.id, "z": 12, "x": 2923, "y": y}).fetchone()[0]
        for y in (1347, 1348)
    ]
    ask = connection.exec_driver_sql
    return {
        "cells": cells(connection, ws, layer, resolution=9).totals["count"],
        "segments": {row["id"]: row["count"] for row in units.segments(connection, ws, layer)["rows"]},
        "areas": sum(row["count"] for row in units.areas(connection, ws, layer)["rows"]),
        "profile": profile(connection, ws, layer, place=Place())["count"],
        "status": status.status(connection, ws, layer)["rows"],
        "tile": any(tiles),
        "event_unit": ask("SELECT count(*) FROM event_unit").scalar_one(),
        "cell_share": ask("SELECT count(*) FROM cell_share").scalar_one(),
        "segment_share": ask("SELECT count(*) FROM segment_share").scalar_one(),
        "jobs": [job["kind"] for job in jobs.listed(connection, ws)],
        "batches": len(batches.listed(connection, ws)),
        "history": ask("SELECT count(*) FROM row_history").scalar_one(),
        "workspaces": ask("SELECT count(*) FROM workspace").scalar_one(),
    }


def test_two_people_who_take_turns_on_one_connection_see_only_their_own(filled):
    with filled.owner() as owner:
        for name in ("west", "east"):
            owner.execute(
                text("INSERT INTO job (workspace_id, principal_id, kind, params) VALUES (:ws, :who, :kind, '{}')"),
                {"ws": filled.workspace.id, "who": filled.people[name].id, "kind": f"of {name}"},
            )
    for name, at in (("west", "w1"), ("east", "e1")):
        with filled.as_(name) as connection:
            row = connection.execute(text("SELECT id, version FROM layer_crimes WHERE source_id = :s"), {"s": at}).one()
            records.change(
                connection, filled.workspace, CRIMES, row.id, version=row.version, changes={"article": "188"}
            )
    one = create_engine(filled.engines.app.url, pool_size=1, max_overflow=0)
    expected = {
        "west": {"n": 3, "segments": {1: 2}, "linked": 2},
        "east": {"n": 2, "segments": {2: 2}, "linked": 2},
        "administrator": {"n": 6, "segments": {1: 2, 2: 2}, "linked": 4},
    }
    try:
        for turn in range(4):
            for name, want in expected.items():
                with transaction(one, filled.people[name]) as connection:
                    seen = everything_seen(filled, connection)
                assert (seen["cells"], seen["profile"], seen["status"]) == (want["n"], want["n"], want["n"]), turn
                assert seen["segments"] == want["segments"]
                assert seen["event_unit"] == want["linked"]
                assert seen["areas"] == want["n"] - (name == "administrator"), "one crime has no position"
                whole = name == "administrator"
                assert seen["cell_share"] == seen["segment_share"] == seen["history"] == (2 if whole else 1)
                assert seen["jobs"] == (["of east", "of west"] if whole else [f"of {name}"])
                assert seen["batches"] == 2, "freshness and licence are seen in the whole workspace"
                assert seen["tile"]
            with transaction(one, filled.people["nobody"]) as connection:
                seen = everything_seen(filled, connection)
                assert {k: v for k, v in seen.items() if v} == {}
    finally:
        one.dispose()


def test_a_territory_includes_the_ones_inside_it_and_not_its_parent(filled):
    with filled.as_("quarter") as connection:
        seen = features.page(connection, filled.workspace, CRIMES)["features"]
    assert [f["properties"]["source_id"] for f in seen] == ["q1"]
    with filled.as_("west") as connection:
        seen = features.page(connection, filled.workspace, CRIMES)["features"]
    assert [f["properties"]["source_id"] for f in seen] == ["w1", "w2", "q1"]


def test_the_identity_never_survives_its_transaction(filled):
    one = create_engine(filled.engines.app.url, pool_size=1, max_overflow=0)

    def left_behind():
        with one.begin() as connection:
            return connection.exec_driver_sql(
                "SELECT qorgan_principal(), current_setting('qorgan.purpose', true), pg_backend_pid(), "
                "(SELECT count(*) FROM layer_crimes), current_setting('statement_timeout')"
            ).one()

    try:
        pid = left_behind()[2]
        with transaction(one, filled.people["administrator"], timeout_s=7) as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM layer_crimes").scalar_one() == 6
        with pytest.raises(RuntimeError), transaction(one, filled.people["administrator"]) as connection:
            raise RuntimeError
        with (
            pytest.raises(Forbidden),
            transaction(one, filled.people["administrator"], purpose=Purpose.AGGREGATE) as connection,
        ):
            connection.exec_driver_sql("SELECT * FROM layer_crimes_w1")
        principal, purpose, same, rows, timeout = left_behind()
        assert (principal, purpose or None, same, rows, timeout) == (None, None, pid, 0, "0")
    finally:
        one.dispose()


def test_a_viewer_gets_sums_and_never_a_record(filled):
    with filled.as_("viewer", purpose=Purpose.AGGREGATE) as connection:
        seen = everything_seen(filled, connection)
        assert (seen["cells"], seen["profile"], seen["status"], seen["segments"]) == (3, 3, 3, {1: 2})
        with pytest.raises(Forbidden) as refused:
            features.page(connection, filled.workspace, CRIMES)
        assert refused.value.params == {"role": "analyst"}
        assert seen["cell_share"] == 0, "where cameras do not look is for analysts"
    with filled.as_("viewer") as connection:
        assert cells(connection, filled.workspace, CRIMES, resolution=9).totals["count"] == 0
        row = connection.exec_driver_sql("SELECT 1 FROM layer_crimes").first()
        assert row is None
    with filled.as_("administrator") as connection:
        id_ = connection.exec_driver_sql("SELECT id FROM layer_crimes WHERE source_id = 'w1'").scalar_one()
    with filled.as_("viewer") as connection, pytest.raises(NotFound):
        features.one(connection, filled.workspace, CRIMES, id_)
    with filled.as_("analyst") as connection:
        assert features.one(connection, filled.workspace, CRIMES, id_)["properties"]["source_id"] == "w1"


def test_a_viewer_reads_records_of_layers_that_are_for_everybody(city):
    city.load("lamps", [{"source_id": "l", "status": "works", "lon": IN_WEST[0], "lat": IN_WEST[1]}])
    with city.as_("viewer") as connection:
        seen = features.page(connection, city.workspace, registry.load()["lamps"])["features"]
    assert [f["properties"]["source_id"] for f in seen] == ["l"]


def test_reading_records_leaves_a_line_in_the_audit(filled):
    with filled.as_("analyst") as connection:
        features.page(connection, filled.workspace, CRIMES)
    with filled.owner() as owner:
        line = owner.exec_driver_sql("SELECT * FROM audit ORDER BY id DESC LIMIT 1").one()
    assert (line.action, line.layer_id, line.principal_id) == ("read-records", "crimes", filled.people["analyst"].id)
    assert line.detail == {"count": 3}


def test_an_unknown_workspace_and_a_foreign_one_look_the_same(city, fresh_database):
    from layers.workspaces import find
    from tests.layers.city import open_city

    other = open_city(fresh_database, slug="other", shift=1.0)
    try:
        told = []
        for slug in ("other", "never"):
            with city.as_("administrator") as connection, pytest.raises(NotFound) as refused:
                find(connection, slug)
            told.append((refused.value.code, set(refused.value.params)))
        assert told[0] == told[1]
        with other.as_("administrator") as connection:
            assert find(connection, "other").id == other.workspace.id
    finally:
        other.engines.dispose()


def test_a_token_names_its_principal_and_is_never_stored(city):
    found = identity.find_by_token(city.engines.app, "token of city west")
    assert found is not None
    assert found.id == city.people["west"].id
    assert identity.find_by_token(city.engines.app, "token of city wes") is None
    assert identity.find_by_subject(city.engines.app, "city-east") == Principal(
        city.people["east"].id, "city-east", "city-east"
    )
    with city.owner() as owner:
        assert owner.exec_driver_sql("SELECT count(*) FROM principal WHERE token_sha256 LIKE '%%token%%'").scalar() == 0


def test_equal_rights_have_equal_fingerprints_and_other_rights_others(city):
    def fingerprint(name):
        with city.as_(name) as connection:
            return identity.fingerprint(connection)

    marks = {name: fingerprint(name) for name in city.people}
    assert len(set(marks.values())) == len(marks), "everybody here has other rights"
    with city.owner() as owner:
        identity.grant(owner, city.people["nobody"], territory_id=city.territories["west"], role=Role.VIEWER)
    assert fingerprint("nobody") == marks["viewer"]
    with city.owner() as owner:
        identity.grant(owner, city.people["nobody"], territory_id=city.territories["west"], role=Role.EDITOR)
    assert fingerprint("nobody") == marks["west"]
