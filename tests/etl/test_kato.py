"""Settlement names resolved to the classifier, and what stays unresolved on purpose."""

from __future__ import annotations

import pytest

from etl.kato.classifier import Classifier
from etl.kato.names import Kind, is_administration, read_name
from etl.kato.resolver import How, Resolver

# Shaped like the classifier; codes and most names are made up.
ROWS = [
    ("710000000", "г.Астана", "Астана қ."),
    ("711110000", "район Алматы", "Алматы ауданы"),
    ("711210000", "район Есиль", "Есіл ауданы"),
    ("110000000", "Акмолинская область", "Ақмола облысы"),
    ("111600000", "Косшы Г.А.", "Қосшы Қ.Ә."),
    ("111610000", "г.Косшы", "Қосшы қ."),
    ("113430100", "п.Аршалы", "Аршалы к."),
    ("113430000", "Аршалынская п.а.", "Аршалы к.ә."),
    ("116644100", "с.Каражар", "Қаражар а."),
    ("117055800", "с.Каражар", "Қаражар а."),
    ("116665000", "с.о.Кабанбай батыра", "Қабанбай батыр а.о."),
    ("116665100", "с.Кабанбай батыра", "Қабанбай батыр а."),
    ("116675100", "с.Ыбырая Алтынсарина", "Ыбырай Алтынсарин а."),
    ("356455100", "с.Нура", "Нұра а."),
]


@pytest.fixture
def resolver() -> Resolver:
    return Resolver(Classifier.of(ROWS))


@pytest.mark.parametrize(
    ("spelling", "oblast", "code", "how"),
    [
        ("Г.АСТАНА", "71", "710000000", How.EXACT),
        ("астана қ.", "71", "710000000", How.EXACT),
        ("Г. НУР - СУЛТАН", "71", "710000000", How.FORMER),
        ("НУР-СЛУТАН", "71", "710000000", How.FORMER),
        ("АСАТАНА", "71", "710000000", How.MISSPELLED),
        ("Астана, Есильский р-н", "71", "711210000", How.EXACT),
        ("АСТАНА РАЙОН АЛМАТЫ", "71", "711110000", How.EXACT),
        ("Г.АСТАНА УЛ.УЛЫ ДАЛА", "71", "710000000", How.EXACT),
        ("C.Косшы", "11", "111610000", How.EXACT),  # a Latin C
        ("ҚОСШЫ", "11", "111610000", How.EXACT),
        ('КОСШЫ ЖМ "ЛЕСНАЯ ПОЛЯНА"', "11", "111610000", How.EXACT),
        ("Косши", "11", "111610000", How.MISSPELLED),
        ("П. АРШАЛЫ", "11", "113430100", How.EXACT),
        ("Ы.АЛТЫНСАРИНА", "11", "116675100", How.MISSPELLED),
        ("Нура", None, "356455100", How.EXACT),
    ],
)
def test_a_spelling_finds_its_unit(resolver, spelling, oblast, code, how):
    found = resolver.resolve(spelling, oblast=oblast)
    assert (found.unit and found.unit.code, found.how) == (code, how)


@pytest.mark.parametrize(
    ("spelling", "oblast", "how"),
    [
        (None, "71", How.EMPTY),
        ("  ", "71", How.EMPTY),
        ("КАБАНБАЙ БАТЫР-УЛЫ ДАЛА", "71", How.NOT_FOUND),  # two streets of a city, not the village of another oblast
        ("КАБАНБАЙ БАТЫР-УЛЫ ДАЛА", "11", How.NOT_FOUND),  # begins like a village, but nothing says that it is one
        ("ПР.ТУРАН", "71", How.NOT_FOUND),
        ("С.АЛМАТЫ", "71", How.NOT_FOUND),  # a district is no village
        ("Каражар", "11", How.AMBIGUOUS),
    ],
)
def test_what_cannot_be_known_has_no_unit_and_says_why(resolver, spelling, oblast, how):
    found = resolver.resolve(spelling, oblast=oblast)
    assert (found.unit, found.how) == (None, how)


def test_an_ambiguous_name_names_its_candidates(resolver):
    assert [u.code for u in resolver.resolve("С.КАРАЖАР", oblast="11").candidates] == ["116644100", "117055800"]


@pytest.mark.parametrize("name", ["Косшы Г.А.", "с.о.Кабанбай батыра", "Аршалынская п.а.", "Қосшы Қ.Ә.", "Арқат а.о."])
def test_rural_districts_and_administrations_are_told_from_settlements(name):
    assert is_administration(name)


@pytest.mark.parametrize("name", ["г.Астана", "п.Аршалы", "с.Нура", "район Есиль", "Нұра а."])
def test_settlements_and_districts_are_not_administrations(name):
    assert not is_administration(name)


def test_the_kind_is_read_apart_from_the_name():
    assert read_name("СЕЛО САРЫКОЛ").kind is Kind.SETTLEMENT
    assert read_name("Есиль р-н").words == ("есиль",)
    assert read_name("Есиль р-н").kind is Kind.DISTRICT
