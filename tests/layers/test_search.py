"""Finding things by what they are called: three languages, two scripts, misspelled, by right, at once after an edit."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo_core.errors import InvalidInput
from geo_core.names import fold, similarity
from layers import naming, registry
from layers.editing import records
from layers.identity import grant
from layers.queries import features
from layers.queries.search import search
from layers.spec import Role
from tests.layers.city import City, open_city

STREETS = (
    ("r1", "Абай көшесі", "улица Абая", None, 52.270),
    ("r2", "Торайғыров көшесі", "улица Торайгырова", None, 52.275),
    ("r3", "Назарбаев даңғылы", "проспект Назарбаева", None, 52.280),
    ("r4", "Қарағанды көшесі", "Карагандинская улица", None, 52.285),
    ("r5", None, None, "A-17;E127", 52.290),
)
PLACES = (
    ("p1", "settlement", "Қарағанды", "Караганда", 76.91),
    ("p2", "settlement", "Өскемен", "Усть-Каменогорск", 76.92),
    ("p3", "school", "№ 7 мектеп", "Школа № 7", 76.93),
    ("p4", "school", "№ 17 мектеп", "Школа № 17", 76.97),
)


def line(lat: float, west: float = 76.92, east: float = 76.98) -> str:
    return f"LINESTRING({west} {lat}, {(west + east) / 2} {lat}, {east} {lat})"


def fill(city: City) -> None:
    city.load(
        "roads",
        [
            {
                "source_id": f"{source}-{half}",
                "highway_class": "primary",
                "name_kk": kk,
                "name_ru": ru,
                "road_ref": ref,
                "geom": line(lat, 76.92 + 0.03 * half, 76.95 + 0.03 * half),
            }
            for source, kk, ru, ref, lat in STREETS
            for half in (0, 1)
        ],
    )
    city.load(
        "places",
        [
            {"source_id": s, "kind": kind, "name_kk": kk, "name_ru": ru, "lon": lon, "lat": 52.26}
            for s, kind, kk, ru, lon in PLACES
        ],
    )
    city.load(
        "buildings",
        [
            {
                "source_id": f"b{n}",
                "street": "улица Абая",
                "house_number": number,
                "geom": shapely.MultiPolygon([shapely.box(76.93 + n / 1000, 52.27, 76.9305 + n / 1000, 52.2702)]).wkt,
            }
            for n, number in enumerate(("1", "15", "15А"))
        ],
    )
    city.load(
        "cameras",
        [
            {"source_id": "CAM-0451", "kind": "fixed", "status": "works", "lon": 76.91, "lat": 52.26},
            {"source_id": "CAM-0452", "kind": "fixed", "status": "works", "lon": 76.97, "lat": 52.26},
        ],
    )
    naming.freshen(city.engines.app, city.workspace)


@pytest.fixture(scope="module")
def known(module_database):
    made = open_city(module_database)
    fill(made)
    yield made
    made.engines.dispose()


def found(city: City, wanted: str, *, who: str = "administrator", limit: int = 10, language: str = "ru"):
    with city.as_(who) as connection:
        return search(connection, city.workspace, wanted, limit=limit, language=language)["results"]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Абая", "улица Абая"),
        ("абай көшесі", "улица Абая"),
        ("Abay", "улица Абая"),
        ("Abai street", "улица Абая"),
        ("ул. Обая", "улица Абая"),
        ("Торайгыров", "улица Торайгырова"),
        ("Torayghyrov", "улица Торайгырова"),
        ("Toraıǵyrov", "улица Торайгырова"),
        ("Торайгирова", "улица Торайгырова"),
        ("торайгров", "улица Торайгырова"),
        ("Nazarbayev Avenue", "проспект Назарбаева"),
        ("пр-т Назарбаева", "проспект Назарбаева"),
        ("Назарбаиев", "проспект Назарбаева"),
        ("Караганды", "Караганда"),
        ("Qaraǵandy", "Караганда"),
        ("Qarağandy", "Караганда"),
        ("Karaganda", "Караганда"),
        ("Караганта", "Караганда"),
        ("Oskemen", "Усть-Каменогорск"),
        ("усть каменагорск", "Усть-Каменогорск"),
        ("Ust-Kamenogorsk", "Усть-Каменогорск"),
        ("школа 7", "Школа № 7"),
        ("7 мектеп", "Школа № 7"),
    ],
)
def test_a_name_is_found_in_any_script_and_misspelled(known, wanted, name):
    assert found(known, wanted)[0]["name"] == name


def test_a_name_is_shown_in_the_language_of_the_reader(known):
    assert [found(known, "Abai", language=language)[0]["name"] for language in ("kk", "ru", "en")] == [
        "Абай көшесі",
        "улица Абая",
        "Абай көшесі",
    ]


def test_a_street_in_pieces_is_found_once_and_as_a_whole(known):
    hits = [one for one in found(known, "Абая") if one["kind"] == "street"]
    assert len(hits) == 1, "though it goes through two districts"
    assert (hits[0]["bbox"][0], hits[0]["bbox"][2]) == pytest.approx((76.92, 76.98))
    (part,) = [one for one in found(known, "Абая", who="east") if one["kind"] == "street"]
    assert part["bbox"][0] >= 76.94, "who sees one district finds the piece there or what is public of it"


def test_a_street_leads_to_the_segment_its_events_are_counted_on(city):
    from etl.deriving import run_derive

    fill(city)
    run_derive(city.engines, city.people["administrator"], workspace="city", layer_id="street_segments")
    (street,) = [one for one in found(city, "Назарбаева") if one["kind"] == "street"]
    with city.as_("administrator") as connection:
        name = connection.exec_driver_sql(
            "SELECT name_ru FROM layer_street_segments WHERE id = %s", (int(street["segment"]),)
        ).scalar_one()
    assert name == "проспект Назарбаева"


def test_a_house_is_found_by_street_and_number_and_not_its_neighbour(known):
    first = found(known, "Абая 15")[0]
    assert (first["kind"], first["name"]) == ("house", "улица Абая 15")
    assert found(known, "abai 15a")[0]["name"] == "улица Абая 15А"


def test_a_house_that_is_not_known_leads_to_its_street_and_says_so(known):
    hits = found(known, "Торайгырова 48")
    assert (hits[0]["kind"], hits[0]["name"], hits[0]["note"]) == ("street", "улица Торайгырова", "house-unknown")


def test_a_road_and_kilometre_is_a_point_measured_along_the_drawn_road(known):
    point, road = found(known, "А-17 км 2")
    assert (point["kind"], point["name"], point["km"]) == ("road-kilometre", "A-17;E127", 2.0)
    assert point["note"] == "measured-along-drawing"
    from pyproj import Geod

    lon, lat, _ = Geod(ellps="WGS84").fwd(76.92, 52.29, 90, 2000)
    distance = Geod(ellps="WGS84").inv(lon, lat, *point["position"])[2]
    assert distance < 1, "on this latitude the line and the geodesic differ by less than a metre over two kilometres"
    assert point["error_m"] >= 50
    assert road["kind"] == "road"
    assert road["length_km"] == pytest.approx(4.1, abs=0.1)


def test_a_kilometre_beyond_what_is_drawn_is_not_invented(known):
    (only,) = found(known, "E127 1203 км")
    assert (only["kind"], only["note"], only["km"]) == ("road", "kilometre-unplaced", None)
    assert only["length_km"] == pytest.approx(4.1, abs=0.1)


def test_a_road_nobody_knows_is_not_found(known):
    assert [one for one in found(known, "M-36 км 12") if one["kind"].startswith("road")] == []


def test_devices_are_found_only_by_those_who_may_read_them(known):
    assert [one["name"] for one in found(known, "CAM-0451", who="analyst")][:1] == ["CAM-0451"]
    assert [one for one in found(known, "CAM-0451", who="viewer") if one["kind"] == "device"] == []
    assert found(known, "CAM-0451", who="nobody") == []
    assert found(known, "Абая", who="nobody") == []


def test_a_reader_of_one_district_finds_what_lies_there(known):
    hits = found(known, "CAM-045", who="east")
    assert {one["name"] for one in hits if one["kind"] == "device"} <= {"CAM-0452"}
    with known.as_("east") as connection:
        stored = connection.exec_driver_sql("SELECT name FROM search_name WHERE layer_id = 'cameras'").scalars().all()
    assert set(stored) <= {"CAM-0452"}, "the table itself shows no more than the function"


def test_sums_do_not_open_the_names_of_records(known):
    from layers.identity import Purpose

    with known.as_("viewer", purpose=Purpose.AGGREGATE) as connection:
        assert [
            one for one in search(connection, known.workspace, "CAM-0451")["results"] if one["kind"] == "device"
        ] == []
        assert connection.exec_driver_sql("SELECT count(*) FROM search_name WHERE rank > 1").scalar_one() == 0


def test_finding_records_is_audited(known):
    def lines() -> int:
        with known.owner() as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM audit WHERE action = 'search'").scalar_one()

    before = lines()
    found(known, "Абая", who="analyst")
    assert lines() == before, "streets are no records"
    found(known, "CAM-0451", who="analyst")
    assert lines() == before + 1


@pytest.mark.parametrize("wanted", ["", "  ", "x" * 201, "a\x00b"])
def test_what_cannot_be_looked_for_is_refused(known, wanted):
    with pytest.raises(InvalidInput) as refused:
        found(known, wanted)
    assert refused.value.code == "bad-parameter"


@pytest.mark.parametrize(
    "wanted", ["%", "_", "'; DROP TABLE search_name; --", "…", "\\", "🙂", "a%' OR true --", "км", "A-"]
)
def test_odd_questions_find_nothing_or_something_but_never_fail(known, wanted):
    assert isinstance(found(known, wanted), list)


def test_the_most_like_is_what_a_brute_force_finds(known):
    rng = np.random.default_rng(5)
    with known.owner() as connection:
        names = connection.exec_driver_sql("SELECT DISTINCT fold FROM search_name WHERE part = 0").scalars().all()
    for name in sorted(names):
        if len(name) < 6 or any(letter.isdigit() for letter in name):
            continue
        at = int(rng.integers(1, len(name) - 1))
        wanted = name[:at] + name[at + 1 :]
        likeness = {other: similarity(wanted, other) for other in names}
        best = max(likeness.values())
        first = found(known, wanted)[0]
        assert similarity(wanted, fold(first["matched"])) >= best - 0.15, (name, wanted, first["matched"])


def test_postgres_and_we_cut_names_alike(known):
    with known.owner() as connection:
        names = connection.exec_driver_sql("SELECT DISTINCT fold FROM search_name").scalars().all()
        for one in names:
            for other in ("abai", "karaganda", "toraigirova 15"):
                theirs = connection.exec_driver_sql("SELECT similarity(%s, %s)", (one, other)).scalar_one()
                assert similarity(one, other) == pytest.approx(theirs, abs=1e-6)


def test_an_edit_an_import_and_an_undo_are_found_after_the_next_refresh(city):
    fill(city)
    layer = registry.load()["places"]
    with city.as_("administrator") as connection:
        row = next(
            f
            for f in features.page(connection, city.workspace, layer)["features"]
            if f["properties"]["source_id"] == "p3"
        )
        records.change(connection, city.workspace, layer, row["id"], version=1, changes={"name_ru": "Лицей Достык"})
    with city.as_("viewer") as connection:
        assert not naming.is_fresh(connection, city.workspace)
    assert naming.freshen(city.engines.app, city.workspace)
    with city.as_("viewer") as connection:
        assert naming.is_fresh(connection, city.workspace)
    assert found(city, "лицей достык")[0]["name"] == "Лицей Достык"
    assert found(city, "школа 7")[0]["name"] != "Школа № 7"
    with city.as_("administrator") as connection:
        connection.exec_driver_sql(f"DELETE FROM layer_places WHERE id = {row['id']}")
    naming.freshen(city.engines.app, city.workspace)
    assert [one for one in found(city, "лицей достык") if one["name"] == "Лицей Достык"] == []


def test_a_refresh_writes_only_what_changed(city):
    fill(city)
    city.load("places", [{"source_id": "p9", "kind": "park", "name_ru": "Парк Победы", "lon": 76.93, "lat": 52.26}])
    with city.engines.app.connect() as plain, plain.begin():
        pass
    from layers.identity import derivation_principal, transaction

    with transaction(city.engines.app, derivation_principal(city.engines.app)) as connection:
        report = naming.refresh(connection, city.workspace)
    assert report == {"places": {"written": 1, "removed": 0}}
    with transaction(city.engines.app, derivation_principal(city.engines.app)) as connection:
        assert naming.refresh(connection, city.workspace) == {}


def test_many_layers_are_brought_up_to_date_at_once(city):
    """A statement run often is prepared by the driver, and a prepared one does not survive that its table changes."""
    fill(city)
    at = {"lon": 76.93, "lat": 52.26}
    kinds = {"places": "park", "hospitals": "clinic", "venues": "bar", "ambulance_bases": "station"}
    for layer, kind in kinds.items():
        city.load(layer, [{"source_id": "n", "kind": kind, "name": "Гүлдер", **at}])
    city.load("posts", [{"source_id": "n", "status": "works", "name": "Гүлдер", "road_ref": "A-17", **at}])
    city.load("speed_cameras", [{"source_id": "Gulder", "kind": "stationary", "status": "works", **at}])
    city.load("lamps", [{"source_id": "Gulder", "status": "works", **at}])
    assert naming.freshen(city.engines.app, city.workspace)
    assert len(found(city, "gulder", limit=50)) == 7


def test_nobody_but_the_derivation_writes_names(city):
    fill(city)
    person = city.people["analyst"]
    with city.owner() as owner:
        grant(owner, person, territory_id=city.workspace.root_territory_id, role=Role.EDITOR)
    with city.as_("analyst") as connection:
        assert connection.exec_driver_sql("DELETE FROM search_name").rowcount == 0
        assert connection.exec_driver_sql("UPDATE search_name SET name = 'x'").rowcount == 0


def test_every_layer_says_whether_it_is_found_and_restricted_fields_never_are():
    named = {layer.id for layer in naming.named_layers()}
    assert {"places", "areas", "roads", "cameras", "lamps", "buildings", "posts", "hospitals", "venues"} <= named
    assert named & {"crimes", "accidents", "calls", "price_list", "camera_owners", "street_segments"} == set()
    for layer in naming.named_layers():
        assert not any(layer.field_named(name).restricted for name in naming.name_fields(layer))


def test_one_and_two_letters_give_the_shortest_names_that_begin_with_them(known):
    with known.owner() as connection:
        names = connection.exec_driver_sql("SELECT DISTINCT fold FROM search_name WHERE part = 0").scalars().all()
    openings = {name[:length] for name in names for length in (1, 2)}
    # a folded "x" is no Latin one
    asked = {opening for opening in openings if fold(opening) == opening}
    assert len(asked) > 5
    for opening in sorted(asked | {"z", "77"}):
        begun = {name for name in names if name.startswith(opening)}
        hits = [fold(one["matched"]) for one in found(known, opening, limit=50) if one["kind"] != "road"]
        assert set(hits) <= begun, (opening, hits)
        assert bool(hits) == bool(begun)
        if hits:
            assert len(min(hits, key=len)) == len(min(begun, key=len))


def test_of_names_alike_the_one_with_the_word_spelled_most_like_it_is_first(city):
    at = {"kind": "park", "lon": 76.93, "lat": 52.26}
    names = ("Сейфуллин", "Сейтеков", "Сәтбаев Қаныш саябағы", "Сәтбаев", "Баев", "Ескі Сәтпаев бағы", "Сатыбалдин")
    city.load("places", [{"source_id": f"n{i}", "name_ru": name, **at} for i, name in enumerate(names)])
    naming.freshen(city.engines.app, city.workspace)
    for wanted, meant in (
        ("сәтббаев", "Сәтбаев"),
        ("сейфулин", "Сейфуллин"),
        ("сайтеков", "Сейтеков"),
        ("сатыбалди", "Сатыбалдин"),
    ):
        assert found(city, wanted)[0]["name"] == meant
    assert found(city, "ситпаев")[0]["name"] == "Ескі Сәтпаев бағы", (
        "one letter of a word beside others, not two of the whole"
    )
