"""Look and address: a link opens exactly what was seen; what is hostile opens the usual."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlit_app.address import Camera, Days, Hours, Look, PlaceKind, Selection, Tool, Unit, as_link, decode, encode

_names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
_days = st.lists(st.dates(date(1900, 1, 1), date(2200, 12, 31)), min_size=2, max_size=2).map(
    lambda two: Days(*sorted(two))
)
_selections = st.one_of(
    st.builds(Selection, kind=st.just(PlaceKind.CELL), id=st.from_regex(r"[0-9a-f]{15}", fullmatch=True)),
    st.builds(
        Selection, kind=st.sampled_from([PlaceKind.SEGMENT, PlaceKind.AREA]), id=st.integers(1, 2**63 - 1).map(str)
    ),
    st.builds(Selection, kind=st.just(PlaceKind.FEATURE), id=st.integers(1, 2**63 - 1).map(str), layer=_names),
)
_looks = st.builds(
    Look,
    workspace=st.one_of(st.just(""), _names),
    camera=st.none()
    | st.builds(
        Camera,
        longitude=st.floats(-180, 180).map(lambda x: round(x, 5)),
        latitude=st.floats(-85, 85).map(lambda x: round(x, 5)),
        zoom=st.floats(0, 22).map(lambda x: round(x, 2)),
    ),
    layers=st.none() | st.lists(_names, max_size=5, unique=True).map(tuple),
    subject=st.one_of(st.just(""), _names),
    measure=st.one_of(st.just(""), _names),
    unit=st.sampled_from(Unit),
    level=st.none() | st.integers(7, 11),
    area_kind=st.one_of(st.just(""), _names),
    days=st.none() | _days,
    hours=st.none() | st.builds(Hours, st.integers(0, 23), st.integers(0, 23)),
    weekdays=st.none() | st.frozensets(st.integers(1, 7), min_size=1),
    dark=st.none() | st.booleans(),
    categories=st.dictionaries(_names, st.lists(_names, min_size=1, max_size=4, unique=True).map(tuple), max_size=3),
    selection=st.none() | _selections,
    tool=st.sampled_from(Tool),
    before=st.none() | _days,
    after=st.none() | _days,
    plan=st.none() | st.integers(1, 2**62),
    language=st.none() | st.sampled_from(["kk", "ru", "en"]),
    theme=st.none() | st.sampled_from(["light", "dark"]),
)


@given(_looks)
def test_every_look_comes_back_from_its_address(look):
    assert decode(encode(look)) == look


@given(
    st.dictionaries(
        st.sampled_from([*list("wvlsmurkdhptba"), "wd", "dk", "c", "plan", "lang", "theme"]), st.text(max_size=50)
    )
)
def test_no_text_in_an_address_breaks_the_page(params):
    assert isinstance(decode(params), Look)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("v", "nan,52,12"),
        ("v", "76,52,inf"),
        ("v", "1e999,52,12"),
        ("v", "76,52"),
        ("v", "276,52,12"),
        ("d", "2024-12-31..2024-01-01"),
        ("d", "0001-01-01..9999-12-31"),
        ("d", "2024-02-30..2024-03-01"),
        ("h", "22-24"),
        ("h", "٢٢-٥"),
        ("wd", "0"),
        ("wd", "8"),
        ("r", "6"),
        ("r", "²"),
        ("u", "__class__"),
        ("w", "../../etc/passwd"),
        ("w", "a" * 65),
        ("l", ",".join(["a"] * 41)),
        ("l", "<script>"),
        ("p", "feature:cameras:-1"),
        ("p", "feature:cameras:1;drop"),
        ("p", "cell:zzz"),
        ("p", "segment:"),
        ("c", "crimes:theft' or 1=1"),
        ("plan", "0"),
        ("plan", "9" * 30),
        ("lang", "de"),
        ("theme", "pink"),
        ("m", "x" * 601),
        ("w", "gASVJAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAl0b3VjaCAvdG1wlIWUUpQu"),
    ],
)
def test_what_is_hostile_or_out_of_range_counts_as_not_given(name, value):
    assert decode({name: value}) == Look()


def test_one_bad_piece_leaves_the_others_standing():
    assert decode({"w": "town", "v": "x", "h": "22-5"}) == Look(workspace="town", hours=Hours(22, 5))


def test_the_usual_look_has_an_empty_address():
    assert encode(Look()) == {}


def test_a_link_replaces_the_query_of_the_page_and_reads_well():
    link = as_link("http://127.0.0.1:8501/data?x=1#y", Look(workspace="town", hours=Hours(22, 5)))
    assert link == "http://127.0.0.1:8501/data?w=town&h=22-5"


def test_ids_of_63_bits_survive():
    chosen = Selection(kind=PlaceKind.SEGMENT, id=str(2**63 - 1))
    assert decode(encode(Look(selection=chosen))).selection == chosen


def test_reset_takes_the_filters_and_nothing_else():
    look = Look(workspace="town", hours=Hours(22, 5), dark=True, categories={"crimes": ("theft",)}, tool=Tool.GAP)
    assert look.is_filtered
    assert look.without_filters() == Look(workspace="town", tool=Tool.GAP)
