"""How days, moments and periods are written in the three languages. ``~`` stands for the no-break space."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

import i18n


def said(texts):
    return [text.replace(i18n.NO_BREAK_SPACE, "~") for text in texts]


def test_a_day_in_words():
    assert said(i18n.date(date(2024, 3, 5), language) for language in i18n.LANGUAGES) == [
        "2024~ж. 5 наурыз",
        "5 марта 2024~г.",
        "5 March 2024",
    ]


def test_a_short_day_shows_its_century_and_cannot_be_read_as_another_day():
    assert [i18n.date("2024-03-05", language, short=True) for language in i18n.LANGUAGES] == [
        "05.03.2024",
        "05.03.2024",
        "5 Mar 2024",
    ]


def test_a_moment_has_a_24_hour_clock():
    moment = datetime(2024, 3, 5, 14, 7, tzinfo=UTC)
    assert said(i18n.datetime(moment, language) for language in i18n.LANGUAGES) == [
        "2024~ж. 5 наурыз, 14:07",
        "5 марта 2024~г., 14:07",
        "5 March 2024, 14:07",
    ]


def test_a_moment_is_shown_in_the_zone_of_its_workspace_before_and_after_the_zone_changed():
    almaty = ZoneInfo("Asia/Almaty")
    # At the midnight that began 1 March 2024 (+06) the clocks went back an hour to +05.
    before = datetime(2024, 2, 29, 17, 30, tzinfo=UTC)
    after = datetime(2024, 2, 29, 18, 30, tzinfo=UTC)
    assert i18n.datetime(before, "en", zone=almaty) == "29 February 2024, 23:30"
    assert i18n.datetime(after, "en", zone=almaty) == "29 February 2024, 23:30"


def test_the_text_of_a_moment_from_the_api_is_read():
    assert i18n.datetime("2024-03-05T14:07:31+05:00", "en") == "5 March 2024, 14:07"


KAZAKH_MONTHS = [
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
]
KAZAKH_WEEKDAYS = ["дүйсенбі", "сейсенбі", "сәрсенбі", "бейсенбі", "жұма", "сенбі", "жексенбі"]
RUSSIAN_MONTHS = [
    "январь",
    "февраль",
    "март",
    "апрель",
    "май",
    "июнь",
    "июль",
    "август",
    "сентябрь",
    "октябрь",
    "ноябрь",
    "декабрь",
]
RUSSIAN_WEEKDAYS = ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"]


def test_months_and_weekdays_have_their_real_names():
    assert [i18n.month_name(month, "kk") for month in range(1, 13)] == KAZAKH_MONTHS
    assert [i18n.weekday_name(day, "kk") for day in range(1, 8)] == KAZAKH_WEEKDAYS
    assert [i18n.month_name(month, "ru") for month in range(1, 13)] == RUSSIAN_MONTHS
    assert [i18n.weekday_name(day, "ru") for day in range(1, 8)] == RUSSIAN_WEEKDAYS
    assert i18n.month_name(3, "en") == "March"
    assert i18n.weekday_name(7, "en") == "Sunday"
    assert [i18n.weekday_name(day, "kk", short=True) for day in (1, 7)] == ["дс", "жс"]


@pytest.mark.parametrize(
    ("function", "value"), [(i18n.month_name, 0), (i18n.month_name, 13), (i18n.weekday_name, 0), (i18n.weekday_name, 8)]
)
def test_there_is_no_month_0_and_no_weekday_8(function, value):
    with pytest.raises(ValueError, match=str(value)):
        function(value, "ru")


def test_a_range_of_hours_holds_its_last_hour():
    assert i18n.hour_range(22, 5) == "22:00–06:00"
    assert i18n.hour_range(0, 23) == "00:00–24:00"


@pytest.mark.parametrize(
    ("first", "last", "kk", "ru", "en"),
    [
        ("2024-01-01", "2024-12-31", "2024~ж.", "2024~г.", "2024"),
        ("2015-01-01", "2024-12-31", "2015–2024~жж.", "2015–2024~гг.", "2015–2024"),
        ("2024-02-01", "2024-02-29", "2024~ж. ақпан", "февраль 2024~г.", "February 2024"),
        ("2024-01-01", "2024-03-31", "2024~ж. қаңтар – наурыз", "январь – март 2024~г.", "January – March 2024"),
        (
            "2023-11-01",
            "2024-03-31",
            "2023~ж. қараша – 2024~ж. наурыз",
            "ноябрь 2023~г. – март 2024~г.",
            "November 2023 – March 2024",
        ),
        ("2024-03-05", "2024-03-07", "2024~ж. 5–7 наурыз", "5–7 марта 2024~г.", "5–7 March 2024"),
        (
            "2024-03-05",
            "2024-04-07",
            "2024~ж. 5 наурыз – 7 сәуір",
            "5 марта – 7 апреля 2024~г.",
            "5 March – 7 April 2024",
        ),
        (
            "2023-03-05",
            "2024-04-07",
            "2023~ж. 5 наурыз – 2024~ж. 7 сәуір",
            "5 марта 2023~г. – 7 апреля 2024~г.",
            "5 March 2023 – 7 April 2024",
        ),
        ("2024-03-05", "2024-03-05", "2024~ж. 5 наурыз", "5 марта 2024~г.", "5 March 2024"),
    ],
)
def test_a_period_is_as_short_as_it_can_be_said(first, last, kk, ru, en):
    assert said(i18n.period(first, last, language) for language in i18n.LANGUAGES) == [kk, ru, en]


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="before it starts"):
        i18n.period("2024-03-05", "2024-03-04", "kk")


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="'de'"):
        i18n.period("2024-01-01", "2024-01-31", "de")
