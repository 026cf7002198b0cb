"""How numbers are written in the three languages. ``_`` stands for the thin space, ``~`` for the no-break space."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import i18n
from i18n.numerals import decimals_for


def plain(text: str) -> str:
    return text.replace(i18n.THIN_SPACE, "_").replace(i18n.NO_BREAK_SPACE, "~")


@pytest.mark.parametrize(
    ("value", "kk_ru", "en"),
    [
        (0, "0", "0"),
        (7, "7", "7"),
        (4210, "4_210", "4_210"),
        (1234567, "1_234_567", "1_234_567"),
        (-12, "−12", "−12"),
        (12.345, "12,3", "12.3"),
        (0.5, "0,5", "0.5"),
        (9.996, "10", "10"),
        (1234567.0, "1_230_000", "1_230_000"),
        (0.000123, "0,000123", "0.000123"),
        (-0.0, "0", "0"),
        (2.345, "2,35", "2.35"),
        (1e22, "10_000_000_000_000_000_000_000", "10_000_000_000_000_000_000_000"),
        (math.inf, "∞", "∞"),
        (np.int64(4210), "4_210", "4_210"),
        (np.float32(0.25), "0,25", "0.25"),
    ],
)
def test_counts_are_exact_and_other_numbers_have_three_digits(value, kk_ru, en):
    assert [plain(i18n.number(value, language)) for language in i18n.LANGUAGES] == [kk_ru, kk_ru, en]


@pytest.mark.parametrize("value", [None, math.nan, np.nan, pd.NA, pd.NaT])
def test_unknown_is_said_and_never_a_zero(value):
    assert [i18n.number(value, language) for language in i18n.LANGUAGES] == ["дерек жоқ", "нет данных", "no data"]


def test_a_count_is_rounded_only_when_asked():
    assert plain(i18n.number(4287, "ru", significant=2)) == "4_300"


def test_rounding_up_to_a_new_digit_keeps_the_number_of_digits():
    assert decimals_for(9.996, 3) == 1
    assert decimals_for(0.0999, 2) == 2


@pytest.mark.parametrize(
    ("part", "total", "kk", "ru", "en"),
    [
        (1305, 4210, "4_210 ішінен 31~%", "31~% из 4_210", "31~% of 4_210"),
        (3, 700.0, "700 ішінен 0,43~%", "0,43~% из 700", "0.43~% of 700"),
        (0, 5, "5 ішінен 0~%", "0~% из 5", "0~% of 5"),
        (5, 5, "5 ішінен 100~%", "100~% из 5", "100~% of 5"),
    ],
)
def test_a_share_names_its_denominator(part, total, kk, ru, en):
    assert [plain(i18n.share(part, total, language)) for language in i18n.LANGUAGES] == [kk, ru, en]


def test_a_share_can_name_what_it_is_a_share_of():
    said = [plain(i18n.share(1305, 4210, language, noun_key="common.of.night_crime")) for language in i18n.LANGUAGES]
    assert said == [
        "4_210 түнгі қылмыс ішінен 31~%",
        "31~% из 4_210 ночных преступлений",
        "31~% of 4_210 night crimes",
    ]


@pytest.mark.parametrize(
    ("part", "expected"), [(9960, "99.6~% of 10_000"), (9999, ">~99.9~% of 10_000"), (10000, "100~% of 10_000")]
)
def test_not_quite_all_is_never_written_as_all(part, expected):
    assert plain(i18n.share(part, 10000, "en")) == expected


@pytest.mark.parametrize(("part", "total"), [(1, 0), (None, 5), (1, math.nan), (0, 0)])
def test_a_share_of_nothing_or_of_the_unknown_is_no_data(part, total):
    assert i18n.share(part, total, "ru") == "нет данных"


@pytest.mark.parametrize(
    ("mid", "low", "high", "expected"),
    [
        (12, 8, 17, "12 (8–17)"),
        (12.1, 8.2, 17.3, "12 (8–17)"),
        (1.5, 0.96, 2.04, "1,5 (1,0–2,0)"),
        (0.0, 0.0, 0.34, "0,00 (0,00–0,34)"),
        (-2.0, -3.1, -0.9, "−2,0 (−3,1 – −0,9)"),
        (1234.5, 980.0, 1510.0, "1_200 (1_000–1_500)"),
        (1.5, None, 2.0, "1,5 (интервал неизвестен)"),
        (math.nan, 1.0, 2.0, "нет данных"),
    ],
)
def test_an_interval_is_written_to_one_place(mid, low, high, expected):
    assert plain(i18n.interval(mid, low, high, "ru")) == expected


@pytest.mark.parametrize(
    ("n", "kk", "ru", "en"),
    [
        (0, "0 қылмыс", "0 преступлений", "0 crimes"),
        (1, "1 қылмыс", "1 преступление", "1 crime"),
        (2, "2 қылмыс", "2 преступления", "2 crimes"),
        (5, "5 қылмыс", "5 преступлений", "5 crimes"),
        (11, "11 қылмыс", "11 преступлений", "11 crimes"),
        (21, "21 қылмыс", "21 преступление", "21 crimes"),
        (4210, "4_210 қылмыс", "4_210 преступлений", "4_210 crimes"),
        (2.5, "2,5 қылмыс", "2,5 преступления", "2.5 crimes"),
        (21.0, "21 қылмыс", "21 преступление", "21 crimes"),
        (math.nan, "дерек жоқ", "нет данных", "no data"),
    ],
)
def test_nouns_agree_with_their_number(n, kk, ru, en):
    assert [plain(i18n.count(n, "common.noun.crime", language)) for language in i18n.LANGUAGES] == [kk, ru, en]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1.234, "km", "1,23~км"),
        (30, "deg", "30°"),
        (5, "1", "5"),
        (2, "furlong", "2~furlong"),
        (None, "km", "нет данных"),
        (12.4, "1/km2", "12,4~на 1 км²"),
    ],
)
def test_a_quantity_has_its_unit_unless_it_is_unknown(value, unit, expected):
    assert plain(i18n.quantity(value, unit, "ru")) == expected


@pytest.mark.parametrize(
    ("seconds", "kk", "ru", "en"),
    [
        (3.24, "3,2~сек", "3,2~с", "3.2~s"),
        (45, "45~сек", "45~с", "45~s"),
        (59.7, "1~мин", "1~мин", "1~min"),
        (95, "1~мин 35~сек", "1~мин 35~с", "1~min 35~s"),
        (5400, "1~сағ 30~мин", "1~ч 30~мин", "1~h 30~min"),
        (86399, "1~күн", "1~сут", "1~d"),
        (90000, "1~күн 1~сағ", "1~сут 1~ч", "1~d 1~h"),
        (-90, "−1~мин 30~сек", "−1~мин 30~с", "−1~min 30~s"),
        (None, "дерек жоқ", "нет данных", "no data"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds, kk, ru, en):
    assert [plain(i18n.duration(seconds, language)) for language in i18n.LANGUAGES] == [kk, ru, en]


@pytest.mark.parametrize(
    ("rows", "begins"), [(1, "Отклонена 1 "), (3, "Отклонены 3 "), (5, "Отклонены все 5 "), (21, "Отклонена 21 ")]
)
def test_a_sentence_with_plural_forms_takes_the_one_of_its_number(rows, begins):
    assert i18n.texts().error("all-rows-rejected", "ru", {"rows": rows}).startswith(begins)
