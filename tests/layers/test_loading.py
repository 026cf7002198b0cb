"""A load changes all or nothing, says exactly what it did, and can be taken back."""

from __future__ import annotations

import threading

import numpy as np
import psycopg
import pytest
from sqlalchemy import text

from geo_core.errors import Conflict, QorganError, Unavailable
from layers import batches, loading, registry
from layers.editing import records
from layers.queries import features
from tests.layers.city import IN_EAST, IN_QUARTER, IN_WEST, crime

CRIMES = registry.load()["crimes"]
LAMPS = registry.load()["lamps"]


def stored(city, table="layer_crimes", columns="source_id, category, article, ST_AsText(geom), flags, batch_id"):
    with city.owner() as owner:
        return [tuple(r) for r in owner.exec_driver_sql(f"SELECT {columns} FROM {table} ORDER BY source_id")]


def states(city):
    with city.owner() as owner:
        return [tuple(r) for r in owner.exec_driver_sql("SELECT id, state FROM batch ORDER BY id")]


def counted(outcome):
    return outcome.inserted, outcome.updated, outcome.unchanged


def undo(city, batch_id):
    with city.as_("administrator") as connection:
        return batches.undo(connection, city.workspace, batch_id)


def edit(city, source_id, **changes):
    with city.as_("administrator") as connection:
        row = connection.execute(
            text("SELECT id, version FROM layer_crimes WHERE source_id = :s"), {"s": source_id}
        ).one()
        return records.change(
            connection, city.workspace, CRIMES, row.id, version=row.version, changes=changes, reason="checked"
        )


@pytest.mark.parametrize("aside", [True, False])
def test_both_ways_of_loading_store_the_same(city, aside):
    rows = [
        crime(
            "a", IN_WEST, article="188 ч. 2", public_place=True, hour=23, weekday=7, dark=True, flags=["odd", "late"]
        ),
        crime("b", None, time_precision="month"),
        crime("в", IN_EAST, place_text="у «Ақ жол», дом\t5\nкв. 7"),
    ]
    batch_id, outcome = city.load("crimes", rows, aside=aside)
    assert counted(outcome) == (3, 0, 0)
    found = stored(
        city,
        columns="source_id, article, public_place, hour, weekday, dark, flags, time_precision, place_text, batch_id",
    )
    assert found == [
        ("a", "188 ч. 2", True, 23, 7, True, ["odd", "late"], "unknown", None, batch_id),
        ("b", None, None, None, None, None, [], "month", None, batch_id),
        ("в", None, None, None, None, None, [], "unknown", "у «Ақ жол», дом\t5\nкв. 7", batch_id),
    ]
    places = stored(city, columns="ST_X(geom), ST_Y(geom), cell IS NULL, territory_id, version")
    west, east, root = (city.territories[name] for name in ("west", "east", "city"))
    assert places == [(*IN_WEST, False, west, 1), (None, None, True, root, 1), (*IN_EAST, False, east, 1)]


def test_the_second_load_says_what_is_new_changed_and_the_same(city):
    city.load("crimes", [crime(n) for n in range(10)])
    rows = [crime(n, article="188" if n < 3 else None) if n < 3 else crime(n) for n in range(12)]
    _, outcome = city.load("crimes", rows)
    assert counted(outcome) == (2, 3, 7)
    assert [row[0] for row in stored(city) if row[2] == "188"] == ["0", "1", "2"]
    _, outcome = city.load("crimes", rows)
    assert counted(outcome) == (0, 0, 12)


def test_an_import_is_taken_back_and_made_again(city):
    first, _ = city.load("crimes", [crime("a"), crime("b")])
    before = stored(city)
    rows = [crime("a", IN_EAST, article="188", flags=["moved"]), crime("b"), crime("c", IN_QUARTER)]
    second, outcome = city.load("crimes", rows)
    after = stored(city)
    assert counted(outcome) == (1, 1, 1)
    assert undo(city, second) == {"removed": 1, "restored": 1}
    assert stored(city) == before, "position, flags and batch are as before to the last digit"
    third, outcome = city.load("crimes", rows)
    assert counted(outcome) == (1, 1, 1)
    assert [row[:-1] for row in stored(city)] == [row[:-1] for row in after]
    assert undo(city, third) == {"removed": 1, "restored": 1}
    assert undo(city, first) == {"removed": 2, "restored": 0}
    assert stored(city) == []
    assert states(city) == [(first, "undone"), (second, "undone"), (third, "undone")]
    with pytest.raises(Conflict) as refused:
        undo(city, first)
    assert refused.value.code == "batch-not-loaded"


def test_a_batch_whose_rows_were_changed_since_is_not_taken_back(city):
    first, _ = city.load("crimes", [crime("a"), crime("b"), crime("c")])
    second, _ = city.load("crimes", [crime("a", article="1"), crime("b", article="1")])
    before = stored(city)
    with pytest.raises(Conflict) as refused:
        undo(city, first)
    assert refused.value.code == "batch-changed-since"
    assert refused.value.params["later"] == 2
    edit(city, "a", article="2")
    with pytest.raises(Conflict, match="batch-changed-since"):
        undo(city, second)
    assert [row for row in stored(city) if row[0] != "a"] == [row for row in before if row[0] != "a"]
    assert states(city) == [(first, "loaded"), (second, "loaded")]


def test_an_edit_below_an_import_survives_its_undo(city):
    city.load("crimes", [crime("a")])
    edit(city, "a", article="edited")
    second, outcome = city.load("crimes", [crime("a", article="imported")])
    assert counted(outcome) == (0, 1, 0)
    assert undo(city, second) == {"removed": 0, "restored": 1}
    assert stored(city)[0][2] == "edited"


def test_an_edit_stays_when_the_source_says_what_it_said_before(city):
    city.load("crimes", [crime("a"), crime("b")])
    edit(city, "a", article="edited")
    _, outcome = city.load("crimes", [crime("a"), crime("b")])
    assert (counted(outcome), outcome.edits_overwritten) == ((0, 0, 2), 0)
    assert stored(city)[0][2] == "edited"


def test_a_source_that_says_something_new_wins_over_an_edit_and_is_counted(city):
    city.load("crimes", [crime("a"), crime("b")])
    edit(city, "a", article="edited")
    batch_id, outcome = city.load("crimes", [crime("a", article="news"), crime("b", article="news")])
    assert (counted(outcome), outcome.edits_overwritten) == ((0, 2, 0), 1)
    assert stored(city)[0][2] == "news"
    undo(city, batch_id)
    assert stored(city)[0][2] == "edited", "undoing the import brings the edit back"


def test_a_version_never_comes_back_after_undo(city):
    city.load("crimes", [crime("a")])
    second, _ = city.load("crimes", [crime("a", article="1")])
    seen = stored(city, columns="source_id, id, version")[0]
    undo(city, second)
    now = stored(city, columns="source_id, id, version")[0]
    assert now[2] > seen[2]
    with pytest.raises(Conflict) as refused, city.as_("administrator") as connection:
        records.change(connection, city.workspace, CRIMES, seen[1], version=seen[2], changes={"article": "x"})
    assert refused.value.code == "version-conflict"


def test_the_history_tells_every_former_state_and_who_ended_it(city):
    city.load("crimes", [crime("a")])
    second, _ = city.load("crimes", [crime("a", article="1")])
    id_ = edit(city, "a", article="2")["id"]
    with city.as_("administrator") as connection:
        told = features.history(connection, city.workspace, CRIMES, id_)
    assert [(h["before"]["article"], h["batch_id"], h["reason"]) for h in told] == [
        ("1", None, "checked"),
        (None, second, ""),
    ]
    assert {h["principal_id"] for h in told} == {city.people["administrator"].id}


def test_every_kind_of_write_gives_the_layer_a_new_revision(city):
    def revision(layer="crimes"):
        with city.as_("viewer") as connection:
            return connection.execute(
                text("SELECT revision FROM layer_revision WHERE workspace_id = :ws AND layer_id = :l"),
                {"ws": city.workspace.id, "l": layer},
            ).scalar()

    seen = [revision()]
    assert seen == [None]
    first, _ = city.load("crimes", [crime("a")], aside=True)
    seen.append(revision())
    second, _ = city.load("crimes", [crime("b")], aside=False)
    seen.append(revision())
    third, _ = city.load("crimes", [crime("a", article="1")], aside=False)
    seen.append(revision())
    edit(city, "b", article="2")
    seen.append(revision())
    undo(city, third)
    seen.append(revision())
    assert len(set(seen)) == len(seen), seen
    city.load("crimes", [crime("a")], aside=False)
    assert revision() == seen[-1], "nothing changed, so every cache stays right"
    assert revision("lamps") is None
    undo(city, first)
    assert revision() not in seen
    assert second


def test_a_workspace_never_touches_another_one(city, fresh_database):
    from tests.layers.city import open_city

    other = open_city(fresh_database, slug="other", shift=1.0)
    try:
        city.load("crimes", [crime("a"), crime("b")])
        rows = [crime("a", (IN_WEST[0] + 1, IN_WEST[1])), crime("z", (IN_WEST[0] + 1, IN_WEST[1]))]
        batch_id, _ = other.load("crimes", rows)
        assert stored(city, columns="source_id, workspace_id") == [("a", 1), ("a", 2), ("b", 1), ("z", 2)]
        _, outcome = other.load("crimes", rows, aside=False)
        assert counted(outcome) == (0, 0, 2)
        assert undo(other, batch_id) == {"removed": 2, "restored": 0}
        assert stored(city, columns="source_id, workspace_id") == [("a", 1), ("b", 1)]
    finally:
        other.engines.dispose()


def test_an_empty_file_loads_as_nothing(city):
    _, outcome = city.load("crimes", [], aside=True)
    assert counted(outcome) == (0, 0, 0)
    _, outcome = city.load("crimes", [], aside=False)
    assert counted(outcome) == (0, 0, 0)


def leftovers(city):
    with city.owner() as owner:
        return list(owner.exec_driver_sql("SELECT relname FROM pg_class WHERE relname ~ '^bulk_[0-9]+$'").scalars())


def kill(city, *, like):
    """End every session of application and loader whose running or last statement is like this; how many."""
    done = 0
    for engine in (city.engines.loader, city.engines.app):
        # a role may end its own sessions
        with psycopg.connect(
            engine.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        ) as own:
            done += own.execute(
                "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user AND query LIKE %s",
                [like],
            ).fetchone()[0]
    return done


def test_a_load_killed_while_it_copies_leaves_the_old_data_whole(city):
    first, _ = city.load("crimes", [crime(n) for n in range(5)])
    before = stored(city)
    for layer_id, aside in (("lamps", True), ("crimes", False)):
        layer = registry.load()[layer_id]
        made = [
            {"source_id": n, "status": "works", "category": "theft", "lon": 76.93, "lat": 52.26} for n in range(20_000)
        ]
        rows = city.rows(layer, made)
        batch_id = city.start(layer)

        def slowly(rows=rows):
            yield rows
            assert kill(city, like="COPY %") == 1
            yield rows

        def never(connection, outcome):
            raise AssertionError("a killed load is never finished")

        load = loading.load_aside if aside else loading.load_into
        with pytest.raises(Unavailable):
            load(city.engines, city.people["administrator"], city.workspace, layer, batch_id, slowly(), never)
        assert stored(city) == before
        assert stored(city, "layer_lamps", "source_id") == []
        assert leftovers(city) == []
        loading.sweep(city.engines)
        assert dict(states(city))[batch_id] == "failed"
    _, outcome = city.load("crimes", [crime(n) for n in range(7)])
    assert counted(outcome) == (2, 0, 5)
    assert dict(states(city))[first] == "loaded"


class ProcessDied(BaseException):
    """Stands for kill -9: nothing of the loading process runs after it."""


def test_a_process_killed_between_index_and_swap_leaves_a_table_that_is_swept(city, monkeypatch):
    """The cleaning of the process itself is taken away, as a kill takes it away."""
    city.load("lamps", [{"source_id": "old", "status": "works", "lon": 76.93, "lat": 52.26}])
    before = stored(city, "layer_lamps", "source_id, batch_id")
    batch_id = city.start(CRIMES)
    rows = city.rows(CRIMES, [crime(n) for n in range(100)])

    def dies(connection, outcome):
        raise ProcessDied

    with monkeypatch.context() as patch:
        patch.setattr(loading, "text", lambda sql: text(sql.replace("qorgan_bulk_drop(:b)", "cast(:b AS bigint)")))
        with pytest.raises(ProcessDied), loading.guard(city.engines.app, batch_id):
            loading.load_aside(
                city.engines, city.people["administrator"], city.workspace, CRIMES, batch_id, iter([rows]), dies
            )
    assert leftovers(city) == [f"bulk_{batch_id}"]
    assert stored(city) == []
    with loading.guard(city.engines.app, batch_id):
        assert loading.sweep(city.engines) == 0, "a load that still runs is left alone"
        assert dict(states(city))[batch_id] == "loading"
    assert loading.sweep(city.engines) == 1
    assert leftovers(city) == []
    assert dict(states(city))[batch_id] == "failed"
    assert stored(city, "layer_lamps", "source_id, batch_id") == before
    with city.as_("administrator") as connection:
        told = batches.one(connection, city.workspace, batch_id)
    assert told["report"]["error"]["code"] == "job-killed"
    _, outcome = city.load("crimes", [crime(n) for n in range(100)])
    assert counted(outcome) == (100, 0, 0)


def test_a_session_killed_between_index_and_swap_leaves_the_old_data_whole(city):
    batch_id = city.start(CRIMES)
    rows = city.rows(CRIMES, [crime(n) for n in range(100)])

    def cut(connection, outcome):
        assert outcome.inserted == 100
        batches.finish(connection, batch_id, report={}, period=None, sha256="0", size_bytes=0)
        assert kill(city, like="%UPDATE batch SET state = 'loaded'%") >= 1

    with pytest.raises(Unavailable):
        loading.load_aside(
            city.engines, city.people["administrator"], city.workspace, CRIMES, batch_id, iter([rows]), cut
        )
    assert stored(city) == []
    assert leftovers(city) == []
    loading.sweep(city.engines)
    assert dict(states(city))[batch_id] == "failed", "the report went with the transaction that was cut"


def test_the_guard_goes_with_its_connection(city):
    batch_id = city.start(CRIMES)
    with pytest.raises(QorganError), loading.guard(city.engines.app, batch_id):
        assert kill(city, like="%pg_advisory_lock(715001%") + kill(city, like="COMMIT%") >= 1
    loading.sweep(city.engines)
    assert dict(states(city))[batch_id] == "failed"


def test_of_two_first_loads_at_the_same_time_one_wins_and_the_other_is_told(city):
    layer, both = CRIMES, threading.Barrier(2, timeout=30)
    told = []

    def one(name, at):
        batch_id = city.start(layer, who=name)
        rows = city.rows(layer, [crime(f"{name}{n}", at) for n in range(50)], who=name)

        def finish(connection, outcome):
            batches.finish(connection, batch_id, report={}, period=None, sha256="0", size_bytes=0)
            both.wait()

        try:
            loading.load_aside(city.engines, city.people[name], city.workspace, layer, batch_id, iter([rows]), finish)
            told.append("loaded")
        except Conflict as conflict:
            told.append(conflict.code)

    threads = [threading.Thread(target=one, args=given) for given in (("west", IN_WEST), ("east", IN_EAST))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["busy-try-again", "loaded"]
    assert len(stored(city)) == 50
    assert leftovers(city) == []


def test_the_table_built_aside_has_every_index_of_its_parent(city):
    city.load("crimes", [crime(n) for n in range(3)], aside=True)
    with city.owner() as owner:
        found = owner.exec_driver_sql(
            "SELECT t.relname, count(*) FILTER (WHERE i.indisvalid), count(*) FILTER (WHERE h.inhparent IS NOT NULL) "
            "FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid "
            f"WHERE t.relname IN ('layer_crimes', 'layer_crimes_w{city.workspace.id}') GROUP BY 1 ORDER BY 1"
        ).all()
    parent, part = found
    assert part[1] == part[2] == parent[1], "each valid, each attached, none beside them"


def test_rows_of_other_shapes_come_back_as_they_went(city):
    line = "LINESTRING(76.93 52.26,76.94 52.27,76.9412345678901 52.2798765432109)"
    city.load("roads", [{"source_id": "r", "highway_class": "residential", "level": -1, "oneway": False, "geom": line}])
    city.load("water", [{"source_id": "w", "kind": "river", "geom": line}])
    assert stored(city, "layer_roads", "ST_AsText(geom, 17), ST_SRID(geom), level, oneway, lit") == [
        (line, 4326, -1, False, None)
    ]
    assert stored(city, "layer_water", "ST_AsText(geom, 17), kind") == [(line, "river")]
    cells = stored(city, "layer_roads", "cell")
    assert np.all(np.array(cells) > 0)
