"""Reading catalogues and filling texts."""

from __future__ import annotations

import logging
from datetime import date

import pytest

import i18n
from i18n.catalogues import locale_folders

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals={n}; plural=0;\\n"\n\n'
)


@pytest.fixture
def make(tmp_path):
    """Write a ``locales`` folder from language → key → text (a tuple is a plural)."""

    def write(texts, *, below="some/package"):
        folder = tmp_path / below / "locales"
        folder.mkdir(parents=True)
        for language, found in texts.items():
            lines = [HEADER.format(n=3 if language == "ru" else 2)]
            for key, text in found.items():
                if isinstance(text, tuple):
                    forms = "".join(f'msgstr[{i}] "{form}"\n' for i, form in enumerate(text))
                    lines.append(f'msgid "{key}"\nmsgid_plural "{key}"\n{forms}\n')
                else:
                    lines.append(f'msgid "{key}"\nmsgstr "{text}"\n\n')
            (folder / f"{language}.po").write_text("".join(lines), encoding="utf-8")
        return tmp_path

    return write


COMMON = {
    "kk": {"common.yes": "иә", "common.no": "жоқ", "common.no_data": "дерек жоқ"},
    "ru": {"common.yes": "да", "common.no": "нет", "common.no_data": "нет данных"},
    "en": {"common.yes": "yes", "common.no": "no", "common.no_data": "no data"},
}


def with_text(key, kk, ru, en):
    return {
        language: COMMON[language] | {key: text} for language, text in zip(i18n.LANGUAGES, (kk, ru, en), strict=True)
    }


def test_values_are_written_as_the_language_writes_them(make):
    texts = i18n.catalogue(make(with_text("page.x", "{a}|{b}", "{a}|{b}", "{a}|{b}")), strict=True)
    assert texts.text("page.x", "ru", a=4210, b=0.5) == f"4{i18n.THIN_SPACE}210|0,5"
    assert texts.text("page.x", "kk", a=True, b=None) == "иә|дерек жоқ"
    assert texts.text("page.x", "en", a=["c", 2], b=date(2024, 3, 5)) == "c, 2|5 March 2024"
    assert texts.text("page.x", "ru", a=float("nan"), b="как есть") == "нет данных|как есть"
    assert texts.text("page.x", "en", a={"b", "a"}, b=False) == "a, b|no"


def test_a_value_can_be_told_how_to_be_written(make):
    text = "{year:id} {day:date} {part:percent} {at:datetime} {seen:id}"
    texts = i18n.catalogue(make(with_text("page.x", text, text, text)), strict=True)
    said = texts.text("page.x", "en", year=2024, day="2024-03-05", part=0.314, at="2024-03-05T14:07", seen=["ж", 1000])
    assert said == f"2024 5 March 2024 31{i18n.NO_BREAK_SPACE}% 5 March 2024, 14:07 ж, 1000"


def test_layers_and_roles_are_called_by_their_names():
    said = i18n.catalogue(i18n.catalogues.ROOT / "i18n").say(["editor", "nobody"], "ru", how="role")
    assert said == "редактор, nobody"
    assert i18n.catalogue(i18n.catalogues.ROOT / "i18n").say("crimes", "ru", how="layer") == "crimes"


def test_reasons_and_notes_name_field_and_value(make):
    layer = {
        language: {"layer.lamps.field.height_m": "Высота" if language == "ru" else "x"} for language in i18n.LANGUAGES
    }
    texts = i18n.catalogue(make(layer), i18n.catalogues.ROOT / "i18n", strict=True)
    params = {"field": "height_m", "value": 900, "minimum": 0, "maximum": 100}
    assert texts.reason("out-of-range", "ru", params, layer="lamps") == "значение вне пределов: Высота («900»)"
    assert texts.reason("exact-duplicate", "en") == "exact duplicate"
    assert texts.note("height_m-out-of-range", "ru", layer="lamps") == "вне пределов, сохранено как неизвестное: Высота"
    assert texts.note("height_m-unreadable", "en") == "not readable, kept as unknown: height_m"
    assert texts.note("preamble-skipped", "en", {"rows": 3}) == "lines before the table skipped: 3"


def test_sizes_are_rounded():
    texts = i18n.catalogue(i18n.catalogues.ROOT / "i18n")
    said = [texts.say(size, "ru", how="bytes") for size in (900, 2_000_000, 1_540_000_000)]
    assert said == [f"{text[0]}{i18n.NO_BREAK_SPACE}{text[1]}" for text in (("0,9", "КБ"), ("2", "МБ"), ("1,5", "ГБ"))]


def test_what_is_no_date_is_shown_as_given(make):
    texts = i18n.catalogue(make(with_text("page.x", "{d:date}", "{d:date}", "{d:date}")), strict=True)
    assert texts.text("page.x", "ru", d="31.02.2024") == "31.02.2024"
    assert texts.text("page.x", "ru", d=None) == "нет данных"


def test_a_value_cannot_reach_into_objects_or_be_filled_twice(make):
    texts = i18n.catalogue(make(with_text("page.x", "{a}", "{a}", "{a}")), strict=True)
    assert texts.text("page.x", "en", a="{b} {a.__class__}") == "{b} {a.__class__}"


def test_parameters_may_be_called_key_and_language(make):
    texts = i18n.catalogue(
        make(with_text("page.x", "{key}{language}", "{key}{language}", "{key}{language}")), strict=True
    )
    assert texts.text("page.x", "en", key="a", language="b") == "ab"


def test_plural_forms_follow_the_language(make):
    forms = with_text(
        "page.n", ("{n} жол", "{n} жол"), ("{n} строка", "{n} строки", "{n} строк"), ("{n} row", "{n} rows")
    )
    texts = i18n.catalogue(make(forms), strict=True)
    assert [texts.plural("page.n", n, "ru") for n in (1, 3, 12, 101)] == [
        "1 строка",
        "3 строки",
        "12 строк",
        "101 строка",
    ]
    assert [texts.plural("page.n", n, "en") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert texts.plural("page.n", 1, "kk") == "1 жол"


def test_a_missing_text_fails_in_tests_and_falls_back_to_english_for_readers(make, caplog):
    root = make({"kk": {}, "ru": {"page.x": "икс"}, "en": {"page.x": "ex"}})
    strict, lenient = i18n.catalogue(root, strict=True), i18n.catalogue(root)
    with pytest.raises(KeyError, match=r"page\.x"):
        strict.text("page.x", "kk")
    with pytest.raises(KeyError, match=r"page\.y"):
        strict.text("page.y", "kk")
    with caplog.at_level(logging.WARNING):
        assert [lenient.text("page.x", "kk") for _ in range(3)] == ["ex"] * 3
        assert lenient.text("page.y", "kk") == "[page.y]"
        assert lenient.plural("page.y", 3, "ru") == "[page.y]"
    assert len(caplog.records) == 3, "each gap is logged once"


def test_a_missing_parameter_fails_in_tests_and_leaves_a_mark_for_readers(make):
    root = make(with_text("page.x", "{a}", "{a}", "{a}"))
    with pytest.raises(KeyError, match="needs 'a'"):
        i18n.catalogue(root, strict=True).text("page.x", "en")
    assert i18n.catalogue(root).text("page.x", "en") == "…"


def test_an_unknown_language_is_refused_by_every_catalogue(make):
    with pytest.raises(ValueError, match="'de'"):
        i18n.catalogue(make(COMMON)).text("common.yes", "de")


def test_an_unknown_error_code_gets_the_general_sentence():
    texts = i18n.catalogue(i18n.catalogues.ROOT / "i18n")
    assert texts.error("no-such-code", "en") == texts.text("error.internal", "en")
    assert texts.error("port-taken", "ru", {"port": 8501}).startswith("Порт 8501 занят.")


def test_a_key_defined_twice_is_refused_in_strict_mode(make):
    make(COMMON, below="one")
    root = make(COMMON, below="two")
    with pytest.raises(i18n.CatalogueError, match=r"common\.yes is defined in .*one.* and in .*two"):
        i18n.catalogue(root, strict=True)


def test_a_broken_file_is_named(tmp_path):
    folder = tmp_path / "locales"
    folder.mkdir()
    (folder / "ru.po").write_bytes(b'msgid "page.x"\nmsgstr "\xff\xfe"\n')
    with pytest.raises(i18n.CatalogueError, match=r"ru\.po"):
        i18n.catalogue(tmp_path)


def test_hidden_foreign_and_test_folders_are_not_searched(make):
    for below in (".venv/lib", "node_modules/x", "tests/y", "good"):
        root = make(COMMON, below=below)
    assert [str(folder.relative_to(root)) for folder in locale_folders(root)] == ["good/locales"]
    assert locale_folders(root / "good" / "locales") == (root / "good" / "locales",)


def test_texts_are_read_once():
    assert i18n.texts() is i18n.texts()
