"""Every record of an ArcGIS layer comes once, however its service pages, fails, stalls, repeats or changes under the question."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import shapely

from etl.records import Tally
from etl.sources.addresses import Guard
from etl.sources.arcgis_layer import ServiceLayer, read_layer
from etl.sources.arcgis_paging import Fetch, FetchLimits
from etl.sources.spool import Spool
from etl.sources.tabling import write_table
from etl.sources.transport import Politeness, Transport
from etl.sources.wanted import choose
from geo_core.errors import Conflict, DataQuality, Forbidden, InvalidInput, LimitExceeded, QorganError, Unavailable
from layers import registry
from tests.fixtures.arcgis_service import (
    ACCIDENT_FIELDS,
    CRIME_FIELDS,
    KINDS,
    SECRETS,
    STRING,
    ArcgisService,
    Misbehaviour,
    accidents,
    crimes,
    serving,
)

ROWS = crimes(230)
IDS = [row["objectid"] for row in ROWS]
QUICK = Politeness(pause_s=0.0, backoff_s=0.001, silence_s=0.3, answer_s=0.6, attempts=4)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def mapping(layer: str, name: str):
    return next(source for source in registry.load()[layer].sources if source.id == name)


class Got:
    """What one fetch brought."""

    def __init__(self, table, noted: Tally, state: dict, service: ServiceLayer, transport: Transport) -> None:
        self.rows = table.to_pylist()
        self.ids = [row["objectid" if "objectid" in row else "OBJECTID"] for row in self.rows]
        self.notes, self.samples = dict(noted.counts), noted.samples
        self.state, self.service, self.faults = state, service, dict(transport.faults)


def fetch(service: ArcgisService, folder: Path, *, where: str = "1=1", polite: Politeness = QUICK, **given) -> Got:
    layer = registry.load()[given.get("layer", "crimes")]
    how = mapping(layer.id, "kpssu-crimes" if layer.id == "crimes" else "kpssu-accidents")
    noted = Tally()
    with Transport(Guard(allow_private=True), polite, sleep=given.get("sleep", time.sleep)) as transport:
        known = read_layer(transport, service.url)
        wanted = choose(layer, how, known)
        question = {"url": known.url, "where": where, "fields": list(wanted.fields)}
        with Spool(folder / "spool", question, given.get("now", NOW), 3600) as spool:
            Fetch(
                transport=transport,
                layer=known,
                spool=spool,
                where=where,
                fields=wanted.fields,
                size=given.get("size", known.page_size),
                limits=given.get("limits", FetchLimits()),
                noted=noted,
            ).run()
            path = folder / "records.parquet"
            write_table(spool, path, layer=layer, service=known, wanted=wanted, zone="Asia/Almaty", noted=noted)
            return Got(pq.read_table(path), noted, dict(spool.state), known, transport)


@pytest.fixture
def service() -> Iterator[ArcgisService]:
    made = ArcgisService()
    made.put(ROWS)
    with serving(made):
        yield made


def test_a_service_that_behaves_is_read_page_by_page_to_an_empty_page(service, tmp_path):
    got = fetch(service, tmp_path)
    assert got.ids == IDS
    assert (got.notes, got.faults, got.state["method"]) == ({}, {}, "offset")
    pages = service.questions("records")
    # each begins with the last record of the page before; the last brings nothing else
    assert [int(page["resultOffset"]) for page in pages] == [0, 49, 98, 147, 196, 229]
    assert {page["orderByFields"] for page in pages} == {"objectid"}
    assert {page["outSR"] for page in pages} == {"4326"}
    places = [shapely.from_wkb(row["geometry"]) for row in got.rows]
    assert [(place.x, place.y) for place in places] == [(row["lon"], row["lat"]) for row in ROWS]
    assert [row["dat_sover"] for row in got.rows] == [row["dat_sover"] for row in ROWS]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 100])
def test_any_number_of_records_about_the_size_of_a_page(tmp_path, count):
    made = ArcgisService()
    made.put(ROWS[:count])
    with serving(made):
        assert fetch(made, tmp_path).ids == IDS[:count]


@pytest.mark.parametrize(
    ("name", "switches", "notes"),
    [
        ("cannot page and says so", {"paging": False, "pages_really": False}, {}),
        ("cannot page and says it can", {"pages_really": False}, {"service-pages-moved"}),
        ("refuses to page and says it can", {"refuses_paging": True}, {"service-paging-refused"}),
        ("overlaps its pages", {"overlap": 7}, {"service-pages-moved"}),
        ("overlaps its pages by one", {"overlap": 1}, {"service-pages-moved"}),
        ("does not order", {"ordered": False}, {"service-pages-unordered"}),
        ("never says that there is more", {"exceeded": False}, set()),
        ("always says that there is more", {"exceeded": True}, {"service-pages-moved"}),
        ("ends early", {"short_after": 100}, set()),
        ("cannot count", {"counts": False}, set()),
    ],
)
def test_a_service_that_pages_wrongly_gives_the_same_records(tmp_path, name, switches, notes):
    made = ArcgisService(**switches)
    made.put(ROWS)
    with serving(made):
        got = fetch(made, tmp_path)
    assert sorted(got.ids) == IDS, name
    assert len(set(got.ids)) == len(got.ids)
    assert set(got.notes) - {"service-records-repeated"} == set(notes)


def test_a_count_that_differs_is_told_and_the_ids_are_believed(tmp_path):
    made = ArcgisService(count_lies_by=5)
    made.put(ROWS)
    with serving(made):
        got = fetch(made, tmp_path)
    assert got.ids == IDS
    assert got.notes == {"service-count-differs": 1}
    assert got.samples["service-count-differs"] == [{"stated": 235, "fetched": 230}]


def test_records_the_service_lists_and_never_gives_end_the_fetch(tmp_path):
    made = ArcgisService(withheld=frozenset(IDS[20:23]))
    made.put(ROWS)
    with serving(made), pytest.raises(Unavailable) as refused:
        fetch(made, tmp_path)
    assert refused.value.code == "service-incomplete"
    assert refused.value.params == {"missing": 3, "listed": 230}
    assert len(made.log) < 40, "it is not asked for ever"


FAULTS = {
    "status-500": Misbehaviour("status", 500),
    "status-429": Misbehaviour("status", 429, {"Retry-After": "0"}),
    "status-503": Misbehaviour("status", 503, {"Retry-After": format_datetime(NOW)}),
    "error-in-answer": Misbehaviour(
        "error", {"code": 500, "message": "Error performing query operation", "details": []}
    ),
    "broken-json": Misbehaviour("truncate"),
    "timeout": Misbehaviour("stall", 0.8),
    "no-connection": Misbehaviour("hang-up"),
    "broken-answer": Misbehaviour("answer", {"ok": True}),
    "record-without-id": Misbehaviour("answer", {"features": [{"attributes": {"yr": 2024}}]}),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_an_answer_that_cannot_be_used_is_asked_for_again(service, tmp_path, kind):
    service.misbehave(Misbehaviour("ok"), FAULTS[kind], FAULTS[kind], Misbehaviour("ok"), FAULTS[kind])
    got = fetch(service, tmp_path)
    assert got.ids == IDS
    assert got.faults == {kind: 3}


def test_an_answer_that_comes_in_drips_is_given_up_after_its_time(service, tmp_path):
    service.misbehave(Misbehaviour("drip", 2.0))
    got = fetch(service, tmp_path)
    assert (got.ids, got.faults) == (IDS, {"timeout": 1})


def test_html_with_status_200_is_no_answer(service, tmp_path):
    service.misbehave(*[Misbehaviour("html")] * 20)
    with pytest.raises(Unavailable) as refused:
        fetch(service, tmp_path)
    assert (refused.value.code, refused.value.params["kind"]) == ("service-failed", "broken-json")


def test_the_waits_grow_and_retry_after_is_obeyed(service, tmp_path):
    waits: list[float] = []
    polite = Politeness(pause_s=0.0, backoff_s=2.0, attempts=6)
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=40))
    service.misbehave(
        Misbehaviour("status", 500),
        Misbehaviour("status", 500),
        Misbehaviour("status", 500),
        Misbehaviour("status", 429, {"Retry-After": "17"}),
        Misbehaviour("status", 503, {"Retry-After": soon}),
    )
    assert fetch(service, tmp_path, polite=polite, sleep=waits.append).ids == IDS
    grown, told = waits[:3], waits[3:]
    assert all(low * 0.8 <= wait <= low * 1.2 for low, wait in zip((2, 4, 8), grown, strict=True))
    assert told[0] == 17
    assert 30 < told[1] <= 40


def test_a_retry_after_of_odd_digits_is_as_none(service, tmp_path):
    waits: list[float] = []
    service.misbehave(Misbehaviour("status", 503, {"Retry-After": "²"}))
    polite = Politeness(pause_s=0.0, backoff_s=2.0)
    assert fetch(service, tmp_path, polite=polite, sleep=waits.append).ids == IDS
    assert 1.6 <= waits[0] <= 2.4


def test_a_way_to_an_address_that_is_none_is_refused_by_name(service, tmp_path):
    service.misbehave(Misbehaviour("status", 302, {"Location": "http://[bad/x"}))
    with pytest.raises(InvalidInput) as refused:
        fetch(service, tmp_path)
    assert refused.value.code == "service-url-invalid"


def test_a_service_that_asks_to_come_back_tomorrow_is_not_waited_for(service, tmp_path):
    service.misbehave(Misbehaviour("status", 429, {"Retry-After": "86400"}))
    waits: list[float] = []
    with pytest.raises(Unavailable):
        fetch(service, tmp_path, sleep=waits.append)
    assert waits == []


def test_questions_keep_their_distance(service, tmp_path):
    waits: list[float] = []
    fetch(service, tmp_path, polite=Politeness(pause_s=1.2), sleep=waits.append)
    assert len(waits) == len(service.times) - 1, "before every question but the first"
    assert all(1.0 < wait <= 1.2 for wait in waits)


def test_a_page_too_heavy_for_the_service_is_asked_for_in_smaller_ones(tmp_path):
    rows = crimes(450)
    made = ArcgisService(page_size=400)
    made.put(rows)
    made.misbehave(*[Misbehaviour("status", 500)] * QUICK.attempts)
    with serving(made):
        got = fetch(made, tmp_path)
    assert got.ids == [row["objectid"] for row in rows]
    assert [int(page["resultRecordCount"]) for page in made.questions("records")][-4:] == [100] * 4


def test_records_that_vanish_between_pages_do_not_hide_others(service, tmp_path):
    def change(changing: ArcgisService, page: int) -> None:
        if page == 3:
            changing.delete(*IDS[10:15])  # already given; what follows moves up
            changing.delete(*IDS[120:125])  # never given

    service.on_page = change
    got = fetch(service, tmp_path)
    assert sorted(got.ids) == [n for i, n in enumerate(IDS) if not 120 <= i < 125]
    assert got.notes["service-pages-moved"] == 1
    assert got.notes["service-records-vanished"] == 5, "given and then gone"


def test_records_that_appear_between_pages_are_got_too(service, tmp_path):
    late = crimes(60, seed=3, first_id=10_000)
    early = [row | {"objectid": number} for row, number in zip(crimes(3, seed=4), (1, 4, 5), strict=True)]
    early = [row for row in early if row["objectid"] not in IDS]

    def change(changing: ArcgisService, page: int) -> None:
        if page == 2:
            changing.put(late)
        if page == 4:
            changing.put(early)

    service.on_page = change
    got = fetch(service, tmp_path)
    assert early
    assert sorted(got.ids) == sorted([*IDS, *(row["objectid"] for row in (*late, *early))])


def test_a_record_that_vanishes_while_ranges_of_ids_are_asked_is_no_fault(tmp_path):
    made = ArcgisService(paging=False, pages_really=False)
    made.put(ROWS)
    made.on_page = lambda changing, page: changing.delete(*IDS[180:190]) if page == 2 else None
    with serving(made):
        got = fetch(made, tmp_path)
    assert sorted(got.ids) == [*IDS[:180], *IDS[190:]]
    assert got.notes == {"service-records-vanished": 10}


@pytest.mark.parametrize(("native", "called"), [(32642, None), (3857, 102100), (3857, None)])
def test_a_service_that_ignores_the_reference_is_transformed_here(tmp_path, native, called):
    made = ArcgisService(ignores_out_sr=True, native=native, native_wkid=called)
    made.put(ROWS)
    with serving(made):
        got = fetch(made, tmp_path)
    places = [shapely.from_wkb(row["geometry"]) for row in got.rows]
    far = max(max(abs(p.x - row["lon"]), abs(p.y - row["lat"])) for p, row in zip(places, ROWS, strict=True))
    assert far < 1e-8
    assert got.notes == {"service-reference-ignored": 230}


def test_metres_that_are_called_degrees_are_seen_by_their_numbers(tmp_path):
    made = ArcgisService(ignores_out_sr=True, claims_4326=True)
    made.put(ROWS)
    with serving(made):
        got = fetch(made, tmp_path)
    place = shapely.from_wkb(got.rows[0]["geometry"])
    assert (place.x, place.y) == pytest.approx((ROWS[0]["lon"], ROWS[0]["lat"]), abs=1e-8)
    assert set(got.notes) == {"service-reference-wrong", "service-reference-ignored"}


def test_metres_of_a_layer_that_calls_itself_degrees_are_refused(tmp_path):
    made = ArcgisService(ignores_out_sr=True, claims_4326=True, native_wkid=4326)
    made._native_reference = lambda: {"wkid": 4326}
    made.put(ROWS)
    with serving(made), pytest.raises(DataQuality) as refused:
        fetch(made, tmp_path)
    assert refused.value.code == "service-reference-unknown"


def test_a_record_without_a_place_stays_one(tmp_path):
    made = ArcgisService()
    made.put([ROWS[0], ROWS[1] | {"lon": None, "lat": None}])
    with serving(made):
        got = fetch(made, tmp_path)
    assert [row["geometry"] is None for row in got.rows] == [False, True]


def test_the_older_service_in_capitals_without_pages_gives_the_same(tmp_path):
    made = ArcgisService(
        path="/arcgis/rest/services/stat/MapServer/5",
        fields={name: kind for name, kind in CRIME_FIELDS.items() if name != "discontinued"},
        paging=False,
        pages_really=False,
        upper_case=True,
        capabilities="Map,Query,Data",
    )
    made.put([{name: value for name, value in row.items() if name != "discontinued"} for row in ROWS])
    with serving(made):
        got = fetch(made, tmp_path)
    assert sorted(got.ids) == IDS
    assert got.service.object_id == "OBJECTID"
    assert got.rows[0]["DAT_SOVER_STR"] == ROWS[0]["dat_sover_str"]
    assert got.state["method"] == "ids"


def test_what_points_at_a_person_is_neither_asked_for_nor_kept(tmp_path):
    made = ArcgisService(ignores_out_fields=True)
    made.put(ROWS)
    with serving(made):
        fetch(made, tmp_path)
    asked = {name for page in made.questions("records") for name in page["outFields"].split(",")}
    assert asked
    assert not asked & {"*", "ud", "fz1r18p5", "fz1r18p6"}
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [secret for secret in SECRETS if secret.encode() in kept]
    assert "ст.188".encode() in kept


def test_a_mapping_that_asks_for_the_number_of_a_case_is_refused():
    from dataclasses import replace

    layer = registry.load()["crimes"]
    made = ArcgisService()
    with serving(made), Transport(Guard(allow_private=True), QUICK) as transport:
        known = read_layer(transport, made.url)
        base = mapping("crimes", "kpssu-crimes")
        with pytest.raises(InvalidInput) as refused:
            choose(layer, replace(base, columns={**base.columns, "place_text": "UD"}), known)
        assert (refused.value.code, refused.value.params) == ("service-identifier-column", {"columns": ["UD"]})
        with pytest.raises(InvalidInput) as refused:
            choose(layer, replace(base, pseudonyms={"place_text": ("ud",)}), known)
        assert refused.value.code == "service-identifier-column"


def test_codes_are_understood_by_the_names_of_the_service(tmp_path):
    from dataclasses import replace

    made = ArcgisService(
        fields=dict(ACCIDENT_FIELDS), domains={"fd1r07p2": {"1": "день", "2": "ночь"}, "fd1r08p1": KINDS}
    )
    layer = registry.load()["accidents"]
    base = mapping("accidents", "kpssu-accidents")
    with serving(made), Transport(Guard(allow_private=True), QUICK) as transport:
        known = read_layer(transport, made.url)
        wanted = choose(layer, replace(base, columns={**base.columns, "surface": "fd1r08p1_name"}), known)
    assert wanted.mapping.codes["light"] == {"1": "day", "2": "night"}
    assert wanted.mapping.codes["category"]["05"] == "pedestrian"
    assert wanted.named == {"fd1r08p1_name": "fd1r08p1"}


def test_names_of_codes_can_be_a_column(tmp_path):
    made = ArcgisService(fields=dict(ACCIDENT_FIELDS), domains={"fd1r08p1": KINDS})
    made.put(accidents(6))
    with serving(made):
        got = fetch(made, tmp_path, layer="accidents")
    assert [row["fd1r08p1"] for row in got.rows] == ["01", "02", "05"] * 2
    assert "fd1r17_descrip" not in got.rows[0]


def test_texts_in_a_column_of_numbers_are_kept_as_texts(tmp_path):
    made = ArcgisService(fields=CRIME_FIELDS | {"hard_code": "esriFieldTypeInteger"})
    made.put([ROWS[1] | {"hard_code": 2}, ROWS[2] | {"hard_code": "не указано"}])
    with serving(made):
        got = fetch(made, tmp_path)
    assert [row["hard_code"] for row in got.rows] == ["2", "не указано"]
    assert got.notes == {"service-values-not-of-type": 1}


def test_a_fetch_that_failed_goes_on_where_it_was(service, tmp_path):
    service.misbehave(*[Misbehaviour("ok")] * 3, *[Misbehaviour("status", 404)])
    with pytest.raises(InvalidInput):
        fetch(service, tmp_path)
    before = len(service.questions("records"))
    got = fetch(service, tmp_path)
    assert got.ids == IDS
    assert [int(page["resultOffset"]) for page in service.questions("records")[before:]] == [147, 196, 229]


def test_pages_of_yesterday_or_of_another_question_are_not_used(service, tmp_path):
    service.misbehave(*[Misbehaviour("ok")] * 3, *[Misbehaviour("status", 404)] * 1)
    with pytest.raises(InvalidInput):
        fetch(service, tmp_path)
    got = fetch(service, tmp_path, now=NOW + timedelta(days=2))
    assert got.ids == IDS
    assert service.questions("records")[4]["resultOffset"] == "0"
    other = fetch(service, tmp_path, where="city_code = '1971'", now=NOW + timedelta(days=2))
    assert other.ids == [row["objectid"] for row in ROWS if row["city_code"] == "1971"]


def test_two_fetches_of_one_question_at_once_are_refused(service, tmp_path):
    question = {"url": "a"}
    with Spool(tmp_path / "s", question, NOW, 60), pytest.raises(Conflict), Spool(tmp_path / "s", question, NOW, 60):
        pass


def test_a_condition_goes_to_the_service(service, tmp_path):
    got = fetch(service, tmp_path, where="city_code = '1971' AND dat_sover >= TIMESTAMP '2024-01-10 00:00:00'")
    floor = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp() * 1000)
    assert got.ids == [r["objectid"] for r in ROWS if r["city_code"] == "1971" and r["dat_sover"] >= floor]
    assert 0 < len(got.ids) < 230


@pytest.mark.parametrize(
    ("odd", "kind", "code"),
    [
        (
            Misbehaviour("error", {"code": 499, "message": "Token Required", "details": []}),
            Forbidden,
            "service-needs-token",
        ),
        (Misbehaviour("status", 403), Forbidden, "service-needs-token"),
        (Misbehaviour("status", 404), InvalidInput, "service-answered-status"),
    ],
)
def test_what_asking_again_does_not_mend_is_told_at_once(service, tmp_path, odd, kind, code):
    service.misbehave(odd)
    with pytest.raises(kind) as refused:
        fetch(service, tmp_path)
    assert refused.value.code == code
    assert len(service.questions("records")) == 1


def test_a_condition_the_service_does_not_understand_is_told_with_its_own_words(service, tmp_path):
    with pytest.raises(InvalidInput) as refused:
        fetch(service, tmp_path, where="no_such_column = 1")
    assert refused.value.code == "service-refused"
    assert "no_such_column" in refused.value.params["said"]


def test_too_much_is_refused(service, tmp_path):
    for limits in (FetchLimits(max_rows=100), FetchLimits(max_bytes=5000)):
        with pytest.raises(LimitExceeded):
            fetch(service, tmp_path / str(limits.max_rows), limits=limits)
    with pytest.raises(LimitExceeded) as refused:
        fetch(service, tmp_path / "answer", polite=Politeness(pause_s=0, max_answer_bytes=4000))
    assert refused.value.code == "service-answer-too-large"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"fields": []}, "service-not-arcgis"),
        ({"html": 1}, "service-not-arcgis"),
        ({"fields": [{"name": "a", "type": STRING}], "capabilities": "Map"}, "service-without-query"),
        ({"fields": [{"name": "a", "type": STRING}], "capabilities": ""}, "service-without-object-id"),
    ],
)
def test_what_is_no_layer_is_told(service, said, code):
    service._describe = lambda: said
    with Transport(Guard(allow_private=True), QUICK) as transport, pytest.raises(QorganError) as refused:
        read_layer(transport, service.url)
    assert refused.value.code == code
