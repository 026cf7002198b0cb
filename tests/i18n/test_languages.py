"""The choice of language from what a browser sends."""

from __future__ import annotations

import pytest

import i18n


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "ru"),
        ("", "ru"),
        ("kk", "kk"),
        ("kk-KZ,kk;q=0.9,ru;q=0.8", "kk"),
        ("en-GB,en;q=0.5", "en"),
        ("ru;q=0.5, en;q=0.9", "en"),
        ("de,fr;q=0.9,kk;q=0.1", "kk"),
        ("de", "ru"),
        ("kz", "kk"),
        ("KK_kz", "kk"),
        ("en;q=0, kk;q=0.2", "kk"),
        ("*", "ru"),
        ("en;q=abc", "ru"),
        ("en;q=nan,kk;q=0.3", "kk"),
        (";;;,,,=q", "ru"),
        ("x" * 100_000, "ru"),
    ],
)
def test_the_best_of_our_languages_is_chosen_and_garbage_does_no_harm(header, expected):
    assert i18n.negotiate(header) == expected


def test_the_default_is_the_callers():
    assert i18n.negotiate("de", default="kk") == "kk"


def test_every_language_calls_itself_by_its_own_name():
    assert [i18n.OWN_NAMES[language] for language in i18n.LANGUAGES] == ["Қазақша", "Русский", "English"]
