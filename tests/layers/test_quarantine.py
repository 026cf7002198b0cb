"""Rejected rows are mended and loaded, originals are for administrators, and the counts of a batch always add up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from etl import pseudonyms
from etl.identifiers import REMOVED
from etl.importer import ImportRequest, run_import
from etl.mapping import mapping_from_json
from etl.mending import mend
from etl.quarantine_files import REASONS, ROW, as_csv, as_xlsx, changes_in, read_mended
from geo_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from geo_core.identifiers import is_iin
from layers import batches, identity, originals, quarantine, registry
from layers.identity import Principal, transaction
from layers.spec import Role
from tests.layers.city import City

HEADER = "id,when,lon,lat,category,place,ud"
MAPPING = {
    "id": "cards",
    "columns": {"category": "category", "place_text": "place"},
    "lon": "lon",
    "lat": "lat",
    "source_id": "id",
    "time": {"local": "when"},
}


def card(number, *, when="2024-05-10 10:17", lon="76.934567", lat="52.281234", category="theft", place="", ud=""):
    return f"{number},{when},{lon},{lat},{category},{place},{ud}"


def load(city: City, folder: Path, lines, *, who: Principal | None = None, **mapping):
    path = folder / "cards.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    layer = registry.load()["crimes"]
    how = mapping_from_json({**MAPPING, **mapping}, layer=layer)
    return run_import(
        city.engines,
        who or city.people["administrator"],
        ImportRequest(layer=layer, path=path, mapping=how, workspace=city.workspace.slug),
    )


def adds_up(report) -> bool:
    return report.read == (
        report.loaded + report.updated + report.unchanged + report.rejected + report.struck_off + report.merged
    )


def stored(city: City, what="source_id, category, flags, place_text"):
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT {what} FROM layer_crimes ORDER BY source_id"))]


DIRTY = [card(1), card(2, category="щ"), card(3, when="32.13.2024", lon="x"), card(4, category="щ")]


def mended(city, batch, changes, *, who="administrator", **more):
    return mend(city.engines, city.people[who], workspace=city.workspace.slug, batch_id=batch, changes=changes, **more)


def test_a_mended_row_is_loaded_as_a_batch_of_its_own_and_its_original_stays(city: City, tmp_path: Path):
    first = load(city, tmp_path, DIRTY)
    assert (first.read, first.loaded, first.rejected) == (4, 1, 3)
    report = mended(city, first.batch_id, {2: {"category": "robbery"}, 3: {"when": "2024-05-11 09:20"}}, reason="seen")
    assert (report.tried, report.mended) == (2, 1)
    assert [code for code, _ in report.left[3]] == ["unreadable-number"]
    assert adds_up(report.report)
    assert report.report.mends == first.batch_id
    assert [row[:2] for row in stored(city)] == [("1", "theft"), ("2", "robbery")]
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        rows = {row["row_number"]: row for row in quarantine.listed(connection, first.batch_id)}
        assert rows[2]["is_mended"]
        assert rows[2]["raw"]["category"] == "щ"
        assert rows[2]["mended_raw"]["category"] == "robbery"
        assert rows[2]["mended_reason"] == "seen"
        assert not rows[3]["is_mended"]
        assert [
            r["row_number"] for r in quarantine.listed(connection, first.batch_id, reason="unseen-code", mended=False)
        ] == [4]
        assert quarantine.counted(connection, first.batch_id)["unseen-code"] == {"waiting": 1, "mended": 1}
        told = batches.one(connection, city.workspace, first.batch_id)["report"]
        assert told["mended"] == 1
        assert told["read"] == told["loaded"] + told["updated"] + told["unchanged"] + told["rejected"]
        who, detail = connection.execute(text("SELECT principal_id, detail FROM audit WHERE action = 'mend'")).one()
        assert who == city.people["administrator"].id
        assert detail["rows"] == [2]
    with pytest.raises(Conflict, match="already-mended"):
        mended(city, first.batch_id, {2: {}})
    with pytest.raises(NotFound, match="unknown-rejected-row"):
        mended(city, first.batch_id, {99: {}})
    with pytest.raises(InvalidInput, match="unknown-columns"):
        mended(city, first.batch_id, {3: {"nonsense": "1"}})


def test_a_dry_run_stores_nothing_and_undo_lets_the_row_wait_again(city: City, tmp_path: Path):
    first = load(city, tmp_path, DIRTY)
    tried = mended(city, first.batch_id, {2: {"category": "robbery"}}, dry_run=True)
    assert (tried.mended, tried.batch_id) == (1, None)
    assert len(stored(city)) == 1
    done = mended(city, first.batch_id, {2: {"category": "robbery"}})
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        batches.undo(connection, city.workspace, done.batch_id)
        assert batches.one(connection, city.workspace, first.batch_id)["report"]["mended"] == 0
        assert not any(row["is_mended"] for row in quarantine.listed(connection, first.batch_id))
    assert len(stored(city)) == 1
    assert mended(city, first.batch_id, {2: {"category": "fraud"}}).mended == 1


def test_a_repeated_key_is_not_loaded_over_the_first_until_it_is_changed(city: City, tmp_path: Path):
    first = load(city, tmp_path, [card(1), card(1, category="fraud")])
    assert first.rejected_by_reason == {"duplicate-id": 1}
    assert mended(city, first.batch_id, {2: {"category": "robbery"}}).mended == 0
    assert mended(city, first.batch_id, {2: {"id": "7"}}).mended == 1
    assert [row[:2] for row in stored(city)] == [("1", "theft"), ("7", "fraud")]


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_rows_are_mended_in_a_file_and_those_left_alone_wait_on(city: City, tmp_path: Path, write):
    first = load(city, tmp_path, [*DIRTY, card(5, category="щ", place="=1+1")])
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        rows = quarantine.listed(connection, first.batch_id, mended=False)
    path = tmp_path / f"mend.{'csv' if write is as_csv else 'xlsx'}"
    path.write_bytes(write(rows, lambda reasons: ", ".join(code for code, _ in reasons)))
    before = {row["row_number"]: row["raw"] for row in rows}
    found = read_mended(path)
    assert sorted(found) == [2, 3, 4, 5]
    assert found[5]["place"] == "=1+1"
    assert changes_in(found, before) == {}
    found[4]["category"] = "fraud"
    report = mended(city, first.batch_id, changes_in(found, before))
    assert (report.tried, report.mended) == (1, 1)
    if write is as_csv:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        assert lines[0].split(",")[:2] == [ROW, REASONS]
        assert "'=1+1" in lines[-1], "no spreadsheet runs what a file says"


def test_only_its_maker_and_administrators_of_the_whole_see_and_mend_rejected_rows(city: City, tmp_path: Path):
    with city.owner() as owner:
        other = identity.add_principal(owner, "other-editor")
        identity.grant(owner, other, territory_id=city.workspace.root_territory_id, role=Role.EDITOR)
        maker = identity.add_principal(owner, "maker")
        identity.grant(owner, maker, territory_id=city.workspace.root_territory_id, role=Role.EDITOR)
    first = load(city, tmp_path, DIRTY, who=maker)
    with transaction(city.engines.app, other) as connection:
        assert quarantine.listed(connection, first.batch_id) == []
    with pytest.raises(NotFound):
        mend(
            city.engines,
            other,
            workspace=city.workspace.slug,
            batch_id=first.batch_id,
            changes={2: {"category": "fraud"}},
        )
    assert mended(city, first.batch_id, {2: {"category": "fraud"}}).mended == 1
    mine = mend(
        city.engines, maker, workspace=city.workspace.slug, batch_id=first.batch_id, changes={4: {"category": "fraud"}}
    )
    assert mine.mended == 1


def test_near_duplicates_are_noted_within_and_across_batches_or_refused_by_the_mapping(city: City, tmp_path: Path):
    near = card(2, lat="52.281334")  # 11 m away
    first = load(city, tmp_path, [card(1), near, card(3, when="2024-05-10 10:18")])
    assert first.flagged == {"duplicate-suspected": 1}
    again = load(city, tmp_path, [card(8), card(9, category="fraud")])
    assert again.flagged == {"duplicate-suspected": 1}
    flags = {row[0]: row[2] for row in stored(city)}
    assert flags == {"1": [], "2": ["duplicate-suspected"], "3": [], "8": ["duplicate-suspected"], "9": []}
    refused = load(
        city,
        tmp_path,
        [card(11, when="2024-06-01 10:17"), card(12, when="2024-06-01 10:17")],
        near_duplicates="reject-later",
    )
    assert (refused.loaded, refused.rejected_by_reason) == (1, {"near-duplicate": 1})
    assert adds_up(refused)


def test_a_point_many_rows_share_is_doubted_in_rows_report_and_answer_alike(city: City, tmp_path: Path):
    rng = np.random.default_rng(1)
    minutes = (np.datetime64("2024-01-01T08:01") + (np.arange(400) * 97).astype("timedelta64[m]")).astype(str)
    lines = [
        card(
            1000 + i,
            when=str(minutes[i]).replace("T", " "),
            lon=f"{76.93 + rng.random() / 100:.6f}",
            lat=f"{52.28 + rng.random() / 100:.6f}",
        )
        for i in range(360)
    ]
    lines += [
        card(2000 + i, when=str(minutes[360 + i]).replace("T", " "), lon="76.940123", lat="52.290123")
        for i in range(40)
    ]
    report = load(city, tmp_path, lines)
    assert report.flagged == {"doubt-shared-point": 40, "position-doubtful": 40}
    doubted = [row[0] for row in stored(city) if "doubt-shared-point" in row[2]]
    assert doubted == [str(2000 + i) for i in range(40)]
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        assert batches.one(connection, city.workspace, report.batch_id)["report"]["flagged"] == report.flagged


def test_identifiers_never_reach_rows_or_quarantine(city: City, tmp_path: Path):
    report = load(
        city,
        tmp_path,
        [
            card(1, place="тел 87015551234"),
            card(2, category="щ", place="тел 87015551234"),
            card(3, place="у рынка", when="2024-05-11 11:11"),
        ],
    )
    assert report.flagged == {"looks-like-identifier": 1}
    assert [row[3] for row in stored(city)] == [None, "у рынка"]
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        everything = json.dumps(quarantine.listed(connection, report.batch_id), default=str, ensure_ascii=False)
    assert "щ" in everything
    assert "5551234" not in everything


IIN, TELEPHONE = "900101300017", "87015551234"


def everything_kept(city: City) -> str:
    """Every row of every table that keeps something of an import."""
    kept = []
    tables = (
        "layer_crimes",
        "rejected_row",
        "batch",
        "identity_original",
        "row_history",
        "edit_override",
        "audit",
        "job",
    )
    with city.owner() as owner:
        for table in tables:
            if owner.execute(text("SELECT to_regclass(:name)"), {"name": table}).scalar_one() is not None:
                kept += [str(row) for row in owner.execute(text(f"SELECT to_jsonb(t) FROM {table} t"))]
    return "\n".join(kept)


def test_an_identifier_in_a_key_a_code_or_a_time_is_kept_nowhere(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(pseudonyms.KEY_FILE_VARIABLE, str(tmp_path / "keys" / "key"))
    assert is_iin(IIN)
    lines = [
        card(IIN),
        card("900101300018", when="2024-05-11 11:11"),
        card(3, category=IIN),
        card(4, when=TELEPHONE),
        card(5, lon=IIN),
    ]
    report = load(city, tmp_path, lines)
    assert report.flagged["looks-like-identifier"] == 1
    assert {row[0] for row in stored(city)} == {pseudonyms.load_key().of(IIN), "900101300018"}
    assert report.rejected == 3
    told = json.dumps(report.as_dict(), default=str, ensure_ascii=False) + everything_kept(city)
    assert REMOVED in told
    assert IIN not in told
    assert TELEPHONE not in told
    given = {
        3: {"category": "theft", "place": f"тел {TELEPHONE}"},
        4: {"when": "2024-05-12", "id": IIN},
        5: {"lon": TELEPHONE},
    }
    done = mended(city, report.batch_id, given)
    assert (done.mended, done.identifiers, sorted(done.left)) == (2, 3, [5])
    told = everything_kept(city) + json.dumps(done.as_dict(), default=str, ensure_ascii=False) + str(done.changes)
    assert IIN not in told
    assert TELEPHONE not in told
    again = load(city, tmp_path, [card(IIN, category="fraud")])
    assert (again.loaded, again.updated) == (0, 1), "the same key is met again"


def test_pseudonyms_match_records_and_originals_are_for_administrators_of_the_whole(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(pseudonyms.KEY_FILE_VARIABLE, str(tmp_path / "keys" / "key"))
    private = {"pseudonyms": {"source_id": ["ud"]}, "source_id": None}
    first = load(city, tmp_path, [card(1, ud="240001"), card(2, ud="240002", category="щ")], **private)
    again = load(city, tmp_path, [card(7, ud="240001", category="fraud")], **private)
    assert (first.loaded, again.updated) == (1, 1), "the same case under the same pseudonym"
    [(key, category)] = stored(city, "source_id, category")
    assert category == "fraud"
    assert key == pseudonyms.load_key().of("240001")
    dump = []
    with city.owner() as owner:
        for table in ("layer_crimes", "rejected_row", "batch", "identity_original", "row_history", "audit"):
            dump += [str(row) for row in owner.execute(text(f"SELECT to_jsonb(t) FROM {table} t"))]
    assert not any("240001" in line or "240002" in line for line in dump)
    # a mended row keeps its pseudonym
    assert mended(city, first.batch_id, {2: {"category": "theft"}}).mended == 1
    assert pseudonyms.load_key().of("240002") in [row[0] for row in stored(city)]

    kept = load(city, tmp_path, [card(9, ud="240009", when="2024-07-01 07:07")], **private, keep_original=True)
    name = pseudonyms.load_key().of("240009")
    layer = registry.load()["crimes"]

    def asked(person, pseudonym, reason):
        return originals.original_of(city.engines.app, person, city.workspace.slug, layer, pseudonym, reason=reason)

    assert asked(city.people["administrator"], name, "case review")["original"] == "240009"
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        reads = connection.execute(text("SELECT detail FROM audit WHERE action = 'read-original'")).scalars().all()
        assert [(read["pseudonym"], read["reason"]) for read in reads] == [(name, "case review")]
    with city.owner() as owner:
        editor = identity.add_principal(owner, "whole-editor")
        identity.grant(owner, editor, territory_id=city.workspace.root_territory_id, role=Role.EDITOR)
    with transaction(city.engines.app, editor) as connection:
        assert connection.execute(text("SELECT count(*) FROM identity_original")).scalar_one() == 0
    with pytest.raises(Forbidden, match="originals-need-administrator"):
        asked(editor, name, "curious")
    with pytest.raises(NotFound, match="unknown-pseudonym"):
        asked(city.people["administrator"], "psn-none", "guessing")
    with city.owner() as owner:
        lines = owner.execute(
            text("SELECT principal_id, detail FROM audit WHERE action = 'read-original' ORDER BY id")
        ).all()
    assert [(line.principal_id, line.detail["allowed"], line.detail["found"]) for line in lines] == [
        (city.people["administrator"].id, True, True),
        (editor.id, False, False),
        (city.people["administrator"].id, True, False),
    ], "a question that was refused or found nothing is on record too"
    with pytest.raises(Forbidden, match="originals-need-administrator"):
        load(city, tmp_path, [card(10, ud="1")], who=editor, **private, keep_original=True)
    with transaction(city.engines.app, city.people["administrator"]) as connection:
        batches.undo(connection, city.workspace, kept.batch_id)
        assert connection.execute(text("SELECT count(*) FROM identity_original")).scalar_one() == 0


def test_rows_of_records_kept_elsewhere_are_rejected_and_the_rest_of_a_districts_file_is_loaded(city: City, tmp_path):
    load(city, tmp_path, [card(1), card(2, lon="76.974567"), card(3, lon="76.974568")])
    before = stored(city)[1:]
    # 1 is the editor's own; 2 and 3 lie in the east, which the editor does not see: their keys are taken all the same
    lines = [card(1, category="robbery"), card(2, category="robbery"), card(3), card(4), card(5, lon="76.974569")]
    report = load(city, tmp_path, lines, who=city.people["west"])
    assert (report.read, report.loaded, report.updated, report.rejected) == (5, 1, 1, 3)
    assert report.rejected_by_reason == {"key-outside-your-territory": 2, "outside-your-territory": 1}
    assert adds_up(report)
    assert [row for row in stored(city) if row[0] in {"2", "3"}] == before


def test_a_record_an_editor_may_read_and_not_change_is_rejected_by_name(city: City, tmp_path):
    load(city, tmp_path, [card(1), card(2, lon="76.974567")])
    with city.owner() as owner:
        identity.grant(owner, city.people["west"], territory_id=city.territories["east"], role=Role.ANALYST)
    report = load(city, tmp_path, [card(2), card(4)], who=city.people["west"])
    assert (report.loaded, report.rejected_by_reason) == (1, {"key-outside-your-territory": 1})
    assert adds_up(report)
    with city.as_("analyst") as connection:
        found = connection.execute(
            text("SELECT count(*) FROM qorgan_foreign_keys('layer_crimes', :ws, ARRAY['2'])"), {"ws": city.workspace.id}
        )
        assert found.scalar_one() == 0, "who is no editor learns of no key"
