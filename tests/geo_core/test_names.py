"""One spelling for two scripts and three languages; road numbers and kilometres as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_core.names import fold, numbers_of, similarity
from geo_core.road_reference import RoadPlace, fold_ref, refs_of, road_place


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Караганды", "Қарағанды"),
        ("Qaraǵandy", "Қарағанды"),
        ("Qarağandy", "Қарағанды"),
        ("Shymkent", "Шымкент"),
        ("Şymkent", "Шымкент"),
        ("Zhambyl", "Жамбыл"),
        ("Óskemen", "Өскемен"),
        ("Ösken", "Өскен"),
        ("Toraıǵyrov", "Торайғыров"),
        ("Mañğystau", "Маңғыстау"),
        ("Khorgos", "Хоргос"),
        ("Shcherbakovo", "Щербаково"),
        ("Nazarbayev Avenue", "Назарбаев даңғылы"),
        ("пр-т Абай", "Абай көшесі"),
        ("г. Семей", "Семей қаласы"),
        ("5-й микрорайон", "5 мкр"),
        ("Экспо", "Expo"),
    ],
)
def test_spellings_of_one_name_fold_alike(one, other):
    assert fold(one) == fold(other)


def test_every_kazakh_and_russian_letter_is_folded_to_ascii():
    letters = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
    for letter in letters + letters.upper():
        folded = fold(f"бот{letter}та")
        assert folded.isascii()
        assert folded.isalpha()


def test_a_name_of_nothing_but_common_words_keeps_them():
    assert fold("улица") == "ulica"
    assert fold("") == fold("…") == ""


def test_numbers_stay_as_they_are():
    assert numbers_of(fold("ул. Абая, д. 15А")) == ("15a",)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_folding_never_fails_and_is_ascii(text):
    folded = fold(text)
    assert folded.isascii()
    assert folded == " ".join(folded.split())
    assert 0 <= similarity(folded, "abai") <= 1


@pytest.mark.parametrize(
    ("text", "ref", "km"),
    [
        ("A-17 км 85", "A17", 85.0),
        ("А-17 85 км", "A17", 85.0),
        ("M36 km 1203", "M36", 1203.0),
        ("М-36, 1203+400 км", "M36", 1203.4),
        ("А17, 85-й километр", "A17", 85.0),
        ("трасса A-2 км 12,5", "A2", 12.5),
        ("M 36 1203-шақырым", "M36", 1203.0),
        ("A-17 шақырым 85", "A17", 85.0),
        ("Р-29", "P29", None),
    ],
)
def test_a_road_and_kilometre_are_read_in_three_languages(text, ref, km):
    assert road_place(text) == RoadPlace(ref, km)


@pytest.mark.parametrize("text", ["Абая 15", "5 мкр", "улица Абая", "", "км 85", "школа 17 км 3 рядом с A-17"])
def test_what_is_no_road_number_is_none(text):
    assert road_place(text) is None


def test_cyrillic_and_latin_letters_of_a_number_are_one():
    assert fold_ref("М-36") == fold_ref("m 36") == "M36"
    assert refs_of("A-17;E127") == ("A17", "E127")
