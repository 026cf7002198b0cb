"""Two at work on the same record at the same time: whoever comes second waits, and nothing is lost without trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from geo_core.errors import Conflict
from layers import registry
from layers.editing import records
from layers.editing.listing import recent
from layers.editing.undoing import undo_edit
from layers.queries import features
from tests.layers.city import IN_WEST

CAMERAS = registry.load()["cameras"]


def camera(source_id, **more):
    return {"source_id": source_id, "kind": "fixed", "status": "works", "lon": IN_WEST[0], "lat": IN_WEST[1], **more}


def only(city):
    with city.as_("administrator") as connection:
        (found,) = features.page(connection, city.workspace, CAMERAS)["features"]
        return found


@contextmanager
def edited_meanwhile(city, work: Callable[[], object], **changes) -> Iterator[Future]:
    """Edit the camera; before the edit is stored, begin ``work`` in another connection and see it wait."""
    before = only(city)
    with ThreadPoolExecutor(1) as other:
        with city.as_("administrator") as connection:
            records.change(connection, city.workspace, CAMERAS, before["id"], version=1, changes=changes)
            running = other.submit(work)
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and not running.done():
                with city.owner() as owner:
                    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    if owner.exec_driver_sql(waiting).scalar_one():
                        break
                time.sleep(0.01)
            assert not running.done(), "it does not go on with what is being edited"
        yield running


def test_an_edit_made_during_an_import_is_counted_and_kept_in_the_history(city):
    city.load("cameras", [camera("a")])
    with edited_meanwhile(city, lambda: city.load("cameras", [camera("a", kind="ptz")]), azimuth_deg=45.0) as running:
        _, outcome = running.result(timeout=20)
    assert (outcome.updated, outcome.edits_overwritten) == (1, 1)
    now = only(city)["properties"]
    assert (now["kind"], now["azimuth_deg"], now["version"]) == ("ptz", None, 3)
    with city.as_("administrator") as connection:
        imported, edited = recent(connection, city.workspace, CAMERAS)
    assert edited["changes"] == {"azimuth_deg": [None, 45.0]}
    assert imported["changes"] == {"azimuth_deg": [45.0, None], "kind": ["fixed", "ptz"]}


def test_two_edits_of_one_version_at_the_same_time_are_a_conflict_of_versions(city):
    city.load("cameras", [camera("a")])
    row = only(city)["id"]

    def second():
        with city.as_("administrator") as connection:
            records.change(connection, city.workspace, CAMERAS, row, version=1, changes={"azimuth_deg": 90.0})

    with edited_meanwhile(city, second, azimuth_deg=45.0) as running, pytest.raises(Conflict) as refused:
        running.result(timeout=20)
    assert refused.value.code == "version-conflict"
    assert only(city)["properties"]["azimuth_deg"] == 45.0


def test_an_edit_is_not_taken_back_over_one_that_is_just_being_made(city):
    city.load("cameras", [camera("a")])
    row = only(city)["id"]
    with city.as_("administrator") as connection:
        records.change(connection, city.workspace, CAMERAS, row, version=1, changes={"azimuth_deg": 10.0})
        edit = recent(connection, city.workspace, CAMERAS)[0]["id"]
    with city.owner() as owner:
        owner.exec_driver_sql("UPDATE layer_cameras SET version = 1")

    def back():
        with city.as_("administrator") as connection:
            undo_edit(connection, city.workspace, CAMERAS, edit)

    with edited_meanwhile(city, back, azimuth_deg=45.0) as running, pytest.raises(Conflict) as refused:
        running.result(timeout=20)
    assert refused.value.code == "edit-not-newest"
    assert only(city)["properties"]["azimuth_deg"] == 45.0
