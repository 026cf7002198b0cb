"""Records changed, added and taken away by people: remembered with who, when, why, before and after, and taken back."""

from __future__ import annotations

import h3
import pytest
from sqlalchemy import text

from geo_core.errors import Conflict, Forbidden, InvalidInput, LimitExceeded, NotFound
from layers import batches, registry
from layers.editing import bulk, records
from layers.editing.bulk import Edit
from layers.editing.listing import recent
from layers.editing.undoing import undo_edit
from layers.queries import features
from tests.layers.city import IN_EAST, IN_WEST, crime

LAYERS = registry.load()
CAMERAS, LAMPS, AREAS, CRIMES, ROADS = (LAYERS[name] for name in ("cameras", "lamps", "areas", "crimes", "roads"))
LAMP = {"status": "works", "height_m": 8.0}
SQUARE = [[76.94, 52.27], [76.95, 52.27], [76.95, 52.28], [76.94, 52.28], [76.94, 52.27]]


def add(city, layer=LAMPS, person="administrator", **given):
    given.setdefault("values", LAMP if layer is LAMPS else {})
    if "position" not in given and "geometry" not in given:
        given["position"] = IN_WEST
    with city.as_(person) as connection:
        return records.add(connection, city.workspace, layer, **given)


def change(city, one, layer=LAMPS, person="administrator", **given):
    with city.as_(person) as connection:
        version = one["properties"]["version"]
        given.setdefault("changes", {})
        return records.change(connection, city.workspace, layer, one["id"], version=version, **given)


def remove(city, one, layer=LAMPS, person="administrator", reason=""):
    with city.as_(person) as connection:
        version = one["properties"]["version"]
        records.remove(connection, city.workspace, layer, one["id"], version=version, reason=reason)


def told(city, layer=LAMPS, **given):
    with city.as_("administrator") as connection:
        return recent(connection, city.workspace, layer, **given)


def take_back(city, edit_id, layer=LAMPS, person="administrator"):
    with city.as_(person) as connection:
        return undo_edit(connection, city.workspace, layer, edit_id)


def ids(city, layer=LAMPS):
    with city.owner() as owner:
        return set(owner.exec_driver_sql(f"SELECT id FROM {layer.table}").scalars())


def test_an_added_lamp_lies_in_its_cell_and_says_that_it_was_entered_by_hand(city):
    lamp = add(city, reason="new pole")
    assert lamp["geometry"]["coordinates"] == list(IN_WEST)
    assert lamp["properties"]["flags"] == ["entered-by-hand"]
    assert lamp["properties"]["height_m"] == 8.0
    with city.owner() as owner:
        row = owner.exec_driver_sql("SELECT cell, territory_id FROM layer_lamps").one()
        audited = owner.exec_driver_sql("SELECT detail FROM audit WHERE action = 'add'").scalar_one()
    assert row.cell == h3.str_to_int(h3.latlng_to_cell(IN_WEST[1], IN_WEST[0], 11))
    assert row.territory_id == city.territories["west"]
    assert audited["reason"] == "new pole"


def test_what_one_person_enters_in_a_day_is_one_batch(city):
    first, second = add(city), add(city, position=IN_EAST)
    assert first["properties"]["batch_id"] == second["properties"]["batch_id"]
    with city.as_("administrator") as connection:
        batch = batches.one(connection, city.workspace, first["properties"]["batch_id"])
    assert (batch["state"], batch["source_name"], batch["report"]) == ("loaded", "by-hand", {"read": 2, "loaded": 2})


def test_an_area_is_drawn(city):
    area = add(
        city,
        AREAS,
        values={"kind": "district", "name_ru": "Новый"},
        geometry={"type": "Polygon", "coordinates": [SQUARE]},
    )
    assert area["geometry"]["type"] == "MultiPolygon"
    larger = [[x + 0.001, y] for x, y in SQUARE]
    moved = change(city, area, AREAS, geometry={"type": "Polygon", "coordinates": [larger]})
    assert moved["geometry"]["coordinates"][0][0][0] == larger[0]
    assert moved["properties"]["flags"] == ["edited", "entered-by-hand", "position-by-hand"]


@pytest.mark.parametrize(
    ("layer", "given", "code"),
    [
        (CRIMES, {"values": {"category": "theft"}}, "events-come-from-registers"),
        (LAMPS, {"values": {"status": "shines"}}, "unseen-code"),
        (LAMPS, {"values": {"no_such": 1}}, "unknown-field"),
        (LAMPS, {"position": (200.0, 52.0)}, "coordinates-not-degrees"),
        (AREAS, {"values": {"kind": "district"}, "position": IN_WEST}, "only-points-move"),
        (AREAS, {"values": {"kind": "district"}, "geometry": {"type": "Polygon"}}, "bad-geometry"),
        (AREAS, {"values": {"kind": "district"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}, "bad-geometry"),
        (
            AREAS,  # a bow-tie
            {
                "values": {"kind": "district"},
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
            },
            "bad-geometry",
        ),
        (
            ROADS,
            {
                "values": {"highway_class": "primary"},
                "geometry": {"type": "LineString", "coordinates": [[76.9, 52.2], [77, 52]]},
            },
            "not-drawn",
        ),
    ],
)
def test_what_cannot_be_added_is_refused_by_name(city, layer, given, code):
    with pytest.raises(InvalidInput) as refused:
        add(city, layer, **given)
    assert refused.value.code == code
    assert ids(city, layer) == set()


def test_a_shape_with_too_many_points_is_refused(city):
    ring = [[76.9 + n / 1e6, 52.2 + (n % 2) / 1e7] for n in range(10_001)]
    with pytest.raises(LimitExceeded) as refused:
        add(city, AREAS, values={"kind": "district"}, geometry={"type": "LineString", "coordinates": ring})
    assert refused.value.code == "too-many-vertices"


def test_nobody_adds_outside_their_territory_and_a_viewer_nowhere(city):
    with pytest.raises(Forbidden):
        add(city, person="viewer")
    west = add(city, person="west")
    assert west["geometry"]["coordinates"] == list(IN_WEST)
    with pytest.raises(Forbidden) as refused:
        add(city, person="west", position=IN_EAST)
    assert refused.value.code == "outside-your-territory"
    with pytest.raises(Forbidden):
        change(city, west, person="west", position=IN_EAST)


def test_the_list_of_edits_says_who_why_before_and_after(city):
    lamp = add(city, reason="new")
    lamp = change(city, lamp, changes={"status": "broken"}, reason="seen dark")
    lamp = change(city, lamp, position=IN_EAST, reason="wrong pole")
    moved, darkened, added = told(city)
    assert (added["deed"], added["reason"], added["undoable"]) == ("added", "new", False)
    assert (darkened["changes"], darkened["reason"]) == ({"status": ["works", "broken"]}, "seen dark")
    assert moved["changes"] == {"position": [list(IN_WEST), list(IN_EAST)]}
    assert moved["undoable"]
    assert moved["principal"] == city.people["administrator"].display_name
    assert [e["id"] for e in told(city, before_id=moved["id"], limit=1)] == [darkened["id"]]
    assert told(city, feature_id=lamp["id"] + 1) == []


def test_an_edit_is_taken_back_and_that_too(city):
    lamp = change(city, add(city), changes={"status": "broken"})
    back = take_back(city, told(city)[0]["id"])
    assert back == {"id": lamp["id"], "deed": "changed"}
    with city.as_("administrator") as connection:
        now = features.one(connection, city.workspace, LAMPS, lamp["id"])
    assert (now["properties"]["status"], now["properties"]["version"]) == ("works", 3)
    assert now["properties"]["flags"] == ["entered-by-hand"]
    take_back(city, told(city)[0]["id"])
    with city.as_("administrator") as connection:
        again = features.one(connection, city.workspace, LAMPS, lamp["id"])
    assert again["properties"]["status"] == "broken"


def test_a_record_taken_away_comes_back_as_it_was(city):
    lamp = add(city)
    remove(city, lamp, reason="demolished")
    assert ids(city) == set()
    gone = told(city)[0]
    assert (gone["deed"], gone["reason"]) == ("removed", "demolished")
    take_back(city, gone["id"])
    with city.as_("administrator") as connection:
        back = features.one(connection, city.workspace, LAMPS, lamp["id"])
    assert back["geometry"] == lamp["geometry"]
    assert back["properties"]["height_m"] == 8.0
    assert back["properties"]["version"] > lamp["properties"]["version"]
    take_back(city, told(city)[0]["id"])
    assert ids(city) == set(), "taking back the return takes it away again"


def test_only_the_newest_edit_can_be_taken_back(city):
    lamp = change(city, add(city), changes={"status": "broken"})
    first = told(city)[0]["id"]
    change(city, lamp, changes={"height_m": 9.0})
    with pytest.raises(Conflict) as refused:
        take_back(city, first)
    assert refused.value.code == "edit-not-newest"
    with pytest.raises(NotFound):
        take_back(city, 10**9)


def test_an_editor_of_another_territory_sees_and_takes_back_nothing(city):
    lamp = add(city, position=IN_EAST)
    change(city, lamp, changes={"status": "broken"})
    edit = told(city)[0]["id"]
    with city.as_("west") as connection:
        assert recent(connection, city.workspace, LAMPS) == []
    with pytest.raises(NotFound):
        take_back(city, edit, person="west")
    with city.as_("viewer") as connection, pytest.raises(Forbidden):
        recent(connection, city.workspace, LAMPS)


def test_a_stale_version_changes_and_removes_nothing(city):
    lamp = add(city)
    change(city, lamp, changes={"status": "broken"})
    for attempt in (lambda: change(city, lamp, changes={"status": "works"}), lambda: remove(city, lamp)):
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.code == "version-conflict"


def camera(source_id, **more):
    return {"source_id": source_id, "kind": "fixed", "status": "works", "lon": IN_WEST[0], "lat": IN_WEST[1], **more}


def by_source(city, source_id):
    with city.as_("administrator") as connection:
        page = features.page(connection, city.workspace, CAMERAS)
    return next(f for f in page["features"] if f["properties"]["source_id"] == source_id)


def test_a_place_stated_by_hand_ends_the_doubts_about_the_former_one_and_no_other_note(city):
    doubts = ["position-doubtful", "doubt-few-decimals", "doubt-in-water", "doubt-shared-point", "outside-district"]
    city.load("cameras", [camera("a", flags=[*doubts, "outside-territory", "near-duplicate"])])
    kept = change(city, by_source(city, "a"), CAMERAS, changes={"kind": "ptz"})
    assert set(kept["properties"]["flags"]) == {*doubts, "outside-territory", "near-duplicate", "edited"}
    moved = change(city, kept, CAMERAS, position=IN_EAST)
    assert moved["properties"]["flags"] == ["edited", "near-duplicate", "position-by-hand"]


def test_an_import_that_says_nothing_new_does_not_bring_back_what_was_taken_away(city):
    city.load("cameras", [camera("a"), camera("b")])
    remove(city, by_source(city, "a"), CAMERAS, reason="demolished")
    _, outcome = city.load("cameras", [camera("a"), camera("b")])
    assert (outcome.inserted, outcome.unchanged, outcome.kept_away) == (0, 2, 1)
    _, outcome = city.load("cameras", [camera("a", kind="ptz"), camera("b")])
    assert (outcome.inserted, outcome.kept_away) == (1, 0), "the register says something new: it counts"


def test_a_removal_is_not_taken_back_once_an_import_brought_the_record_back(city):
    city.load("cameras", [camera("a"), camera("b")])
    remove(city, by_source(city, "a"), CAMERAS)
    gone = told(city, CAMERAS)[0]
    assert gone["undoable"]
    city.load("cameras", [camera("a", kind="ptz"), camera("b")])
    assert [(e["id"], e["undoable"]) for e in told(city, CAMERAS)] == [(gone["id"], False)]
    with pytest.raises(Conflict) as refused:
        take_back(city, gone["id"], CAMERAS)
    assert refused.value.code == "edit-record-is-back"
    assert by_source(city, "a")["properties"]["kind"] == "ptz"


def test_the_last_row_taken_away_stays_away_too(city):
    city.load("cameras", [camera("a")])
    remove(city, by_source(city, "a"), CAMERAS)
    _, outcome = city.load("cameras", [camera("a")])
    assert (outcome.inserted, outcome.kept_away) == (0, 1)


def test_many_edits_are_one_batch_taken_back_as_one(city):
    city.load("cameras", [camera(name) for name in "abc"])
    a, b, c = (by_source(city, name) for name in "abc")
    edits = [
        Edit(feature_id=a["id"], version=1, values={"kind": "ptz"}),
        Edit(feature_id=b["id"], version=1, remove=True),
        Edit(feature_id=c["id"], version=1, position=IN_EAST),
        Edit(feature_id=None, values={"kind": "fixed", "status": "works"}, position=IN_EAST),
    ]
    with city.as_("administrator") as connection:
        done = bulk.apply(
            connection, city.workspace, CAMERAS, edits, source_name="t.xlsx", sha256="0", size_bytes=1, reason="survey"
        )
    assert (done["changed"], done["added"], done["removed"]) == (2, 1, 1)
    assert by_source(city, "a")["properties"]["kind"] == "ptz"
    assert len(told(city, CAMERAS, batch_id=done["batch_id"])) == 4
    with city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, done["batch_id"])
    assert {f: by_source(city, f)["geometry"]["coordinates"] for f in "abc"} == {f: list(IN_WEST) for f in "abc"}
    assert by_source(city, "a")["properties"]["kind"] == "fixed"
    assert len(ids(city, CAMERAS)) == 3


def test_of_many_edits_one_that_cannot_be_done_undoes_all(city):
    city.load("cameras", [camera("a"), camera("b")])
    a, b = by_source(city, "a"), by_source(city, "b")
    edits = [
        Edit(feature_id=a["id"], version=1, values={"kind": "ptz"}),
        Edit(feature_id=b["id"], version=7, values={"kind": "ptz"}),
    ]
    with pytest.raises(Conflict), city.as_("administrator") as connection:
        bulk.apply(connection, city.workspace, CAMERAS, edits, source_name="t", sha256="0", size_bytes=1, reason="")
    assert by_source(city, "a")["properties"]["kind"] == "fixed"
    with city.owner() as owner:
        assert owner.execute(text("SELECT count(*) FROM batch WHERE mapping ->> 'id' = 'bulk-edit'")).scalar_one() == 0


def test_more_edits_than_one_request_can_do_are_refused_before_the_first(city):
    edits = [Edit(feature_id=n, version=1, remove=True) for n in range(2_001)]
    with pytest.raises(LimitExceeded) as refused, city.as_("administrator") as connection:
        bulk.apply(connection, city.workspace, CAMERAS, edits, source_name="t", sha256="0", size_bytes=1, reason="")
    assert (refused.value.code, refused.value.params) == ("too-many-edits", {"count": 2_001, "limit": 2_000})
    with city.owner() as owner:
        assert owner.execute(text("SELECT count(*) FROM batch")).scalar_one() == 0


def test_an_edit_of_a_batch_is_taken_back_with_its_batch(city):
    city.load("crimes", [crime("a")])
    city.load("crimes", [crime("a", article="1")])
    edit = told(city, CRIMES)[0]
    assert not edit["undoable"]
    with pytest.raises(Conflict) as refused:
        take_back(city, edit["id"], CRIMES)
    assert refused.value.code == "edit-of-batch"


def test_an_edit_that_was_taken_back_does_not_keep_its_import_from_being_undone(city):
    city.load("cameras", [camera("a"), camera("b")])
    second, _ = city.load("cameras", [camera("a", kind="ptz"), camera("b"), camera("c")])
    change(city, by_source(city, "a"), CAMERAS, position=IN_EAST)
    edit = told(city, CAMERAS)[0]["id"]
    remove(city, by_source(city, "c"), CAMERAS)
    removal = told(city, CAMERAS)[0]["id"]
    with pytest.raises(Conflict) as refused, city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, second)
    assert (refused.value.code, refused.value.params["later"]) == ("batch-changed-since", 2)
    take_back(city, removal, CAMERAS)
    take_back(city, edit, CAMERAS)
    take_back(city, told(city, CAMERAS)[0]["id"], CAMERAS)
    with pytest.raises(Conflict) as refused, city.as_("administrator") as connection:
        batches.undo(connection, city.workspace, second)
    assert refused.value.params["later"] == 1, "the edit is in force again"
    take_back(city, told(city, CAMERAS)[0]["id"], CAMERAS)
    with city.as_("administrator") as connection:
        assert batches.undo(connection, city.workspace, second) == {"removed": 1, "restored": 1}
    assert by_source(city, "a")["properties"]["kind"] == "fixed"
    assert by_source(city, "a")["geometry"]["coordinates"] == list(IN_WEST)
    assert not any(e["undoable"] for e in told(city, CAMERAS) if e["row_id"] not in ids(city, CAMERAS))
    _, outcome = city.load("cameras", [camera("a"), camera("b"), camera("c")])
    assert (outcome.inserted, outcome.kept_away) == (1, 0), "a removal that was taken back keeps nothing away"


@pytest.mark.parametrize("typed", ["тел. +7 701 555-12-34", "ИИН 900101300017", "машина 123 ABC 02"])
def test_a_text_that_names_a_person_by_number_is_refused_and_the_refusal_does_not_repeat_it(city, typed):
    city.load("crimes", [crime("c1", IN_WEST)])
    with city.as_("administrator") as connection:
        [record] = features.page(connection, city.workspace, CRIMES)["features"]
    with pytest.raises(InvalidInput, match="looks-like-identifier") as caught:
        change(city, record, CRIMES, changes={"place_text": typed})
    assert typed not in str(caught.value.params)
    kept = change(city, record, CRIMES, changes={"place_text": "у дома 15, ул. Абая"})
    assert kept["properties"]["place_text"] == "у дома 15, ул. Абая"
