"""The checks find each kind of fault, and this checkout has none."""

from __future__ import annotations

import shutil

import pytest

from i18n import checks
from i18n.code_scan import scan_code
from i18n.layer_keys import keys_of_layers
from layers import registry

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals={n}; plural=0;\\n"\n\n'
)


@pytest.fixture
def checkout(tmp_path):
    """A checkout of one locales folder and one module: ``checkout(kk=…, ru=…, en=…, code=…)`` with ``.po`` bodies."""

    def write(*, kk="", ru="", en="", code=""):
        folder = tmp_path / "package" / "locales"
        folder.mkdir(parents=True)
        for language, body in (("kk", kk), ("ru", ru), ("en", en)):
            text = HEADER.format(n=3 if language == "ru" else 2) + body
            (folder / f"{language}.po").write_text(text, encoding="utf-8")
        (tmp_path / "package" / "module.py").write_text(code, encoding="utf-8")
        return tmp_path

    return write


def one(key, text):
    return f'msgid "{key}"\nmsgstr "{text}"\n'


def whats(found):
    return [fault.what for fault in found]


@pytest.fixture(scope="module")
def declared():
    return keys_of_layers(registry.load().values())


@pytest.fixture(scope="module")
def code():
    return scan_code()


def test_every_text_of_this_checkout_is_whole_in_three_languages():
    assert [str(fault) for fault in checks.file_faults()] == []


def test_every_text_that_this_checkout_asks_for_is_there(declared, code):
    assert [str(fault) for fault in checks.missing_faults(declared=declared, code=code)] == []


def test_no_text_of_this_checkout_is_an_orphan(declared, code):
    assert [str(fault) for fault in checks.orphans(declared=declared, code=code)] == []


def test_a_text_missing_in_a_language_is_found(checkout):
    root = checkout(ru=one("page.x", "да"), en=one("page.x", "yes"))
    assert whats(checks.file_faults(root)) == ["no text in kk"]


def test_an_empty_and_a_fuzzy_text_are_found(checkout):
    root = checkout(kk=one("page.x", ""), ru="#, fuzzy\n" + one("page.x", "да"), en=one("page.x", "yes"))
    assert whats(checks.file_faults(root)) == ["marked fuzzy in ru", "no text in kk"]


def test_a_missing_and_an_unreadable_file_are_found(checkout):
    root = checkout(ru=one("page.x", "да"), en="")
    (root / "package/locales/en.po").write_bytes(b'msgid "page.x"\nmsgstr "\xff"\n')
    (root / "package/locales/kk.po").unlink()
    found = [fault for fault in checks.file_faults(root) if not fault.key]
    assert [fault.where for fault in found] == ["package/locales/en.po", "package/locales/kk.po"]
    assert checks.faults(root) == checks.file_faults(root)


@pytest.mark.parametrize(
    ("kk", "ru", "en", "fault"),
    [
        ("{a} бар", "есть {b}", "there is {a}", "placeholders differ"),
        ("{a} бар", "есть {a:id}", "there is {a}", "placeholders differ"),
        ("{a.b} бар", "есть {a.b}", "there is {a.b}", "a brace that is no placeholder in kk"),
        ("{a:x} бар", "есть {a:x}", "there is {a:x}", "unknown way to write a value in kk"),
        ("камера", "camera", "camera", "Latin word in ru: 'camera'"),
        ("бейнебaқылау", "наблюдение", "watching", "Latin and Cyrillic letters in one word in kk"),
        ("жарық", "жарық", "light", "Kazakh letters in ru: 'жарық'"),
        ("жарық", "свет", "свет", "not English: 'свет'"),
        ("видеонаблюдение", "видеонаблюдение", "watching", "the Kazakh text is the Russian one"),
        (
            "камеры видеонаблюдения на улицах города",
            "камеры города",
            "cameras",
            "no Kazakh letter in a long Kazakh text",
        ),
    ],
)
def test_each_fault_of_a_text_is_found(checkout, kk, ru, en, fault):
    root = checkout(kk=one("page.x", kk), ru=one("page.x", ru), en=one("page.x", en))
    assert any(what.startswith(fault) for what in whats(checks.file_faults(root)))


def test_names_commands_and_file_endings_may_stay_latin(checkout):
    text = "`./run stop` CSV H3 .gpkg https://example.org/x"
    root = checkout(kk=one("page.x", text), ru=one("page.x", text), en=one("page.x", text))
    assert checks.file_faults(root) == []


def test_a_wrong_number_of_plural_forms_is_found(checkout):
    def two(a, b):
        return f'msgid "page.n"\nmsgid_plural "page.n"\nmsgstr[0] "{a}"\nmsgstr[1] "{b}"\n'

    root = checkout(kk=two("жол", "жол"), ru=two("строка", "строки"), en=two("row", "rows"))
    assert any("plural forms in ru" in what or what == "no text in ru" for what in whats(checks.file_faults(root)))
    assert not any("in kk" in what or "in en" in what for what in whats(checks.file_faults(root)))


def test_a_key_in_two_folders_is_found(checkout):
    root = checkout(kk=one("page.x", "иә"), ru=one("page.x", "да"), en=one("page.x", "yes"))
    shutil.copytree(root / "package/locales", root / "another/locales")
    assert whats(checks.file_faults(root)) == ["also defined in another/locales"]


def test_a_key_that_the_code_asks_for_and_nobody_wrote_is_found(checkout):
    root = checkout(code='title = texts.text("page.lost.title", language)\n')
    found = checks.missing_faults(root)
    assert {fault.key for fault in found} == {"page.lost.title"}
    assert len(found) == 3
    assert found[0].where == "package/module.py:1"


def test_an_error_raised_without_a_sentence_or_without_a_parameter_is_found(checkout):
    code = 'raise NotFound("lost-thing")\nraise errors.Conflict("held", by=1)\nraise Conflict("held")\nraise Conflict("held", **more)\n'
    held = one("error.held", "{by}")
    found = checks.missing_faults(checkout(kk=held, ru=held, en=held, code=code))
    assert {(fault.key, fault.what) for fault in found if fault.key == "error.held"} == {
        ("error.held", "raised without by")
    }
    assert [fault.where for fault in found if fault.key == "error.held"] == ["package/module.py:3"]
    assert sum(fault.key == "error.lost-thing" for fault in found) == 3


def test_a_text_that_nobody_asks_for_is_found_and_one_made_by_an_f_string_is_not(checkout):
    body = one("page.used.title", "x") + one("page.lost", "x") + one("error.far", "x") + one("layer.roads.title", "x")
    code = 'key = f"page.{name}.title"\nreasons = ["far"]\nother = f"layer.{name}.title"\n'
    root = checkout(kk=body, ru=body, en=body, code=code)
    assert {fault.key for fault in checks.orphans(root)} == {"page.lost", "layer.roads.title"}
    assert {fault.key for fault in checks.orphans(root, declared=["layer.roads.title"])} == {"page.lost"}


def test_an_error_class_without_code_asks_for_the_sentence_of_its_branch(tmp_path):
    (tmp_path / "a.py").write_text("raise Forbidden()\nraise InvalidInput(code)\n", encoding="utf-8")
    assert set(scan_code(tmp_path).errors) == {"forbidden"}


def test_a_layer_asks_for_a_text_for_all_it_declares():
    crimes = registry.load()["crimes"]
    keys = keys_of_layers([crimes])
    assert "layer.crimes.title" in keys
    assert "layer.crimes.description" in keys
    assert sum(key.startswith("layer.crimes.field.") for key in keys) == len(crimes.fields)
    assert {f"layer.crimes.code.category.{code}" for code in crimes.field_named("category").codes.good} <= set(keys)


def test_a_code_chosen_in_a_loop_asks_for_its_sentence(tmp_path):
    source = (
        'def check():\n    for code in ("too-far", "upside-down", "plain"):\n        raise DataQuality(code, rows=1)\n'
    )
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    assert set(scan_code(tmp_path).errors) == {"too-far", "upside-down"}


def test_what_intake_says_of_rows_asks_for_reasons_and_notes(tmp_path):
    source = 'findings.reject("too-far", mask)\nself.findings.flag("odd", mask)\nsource.warnings.add("late", 3)\nseen.add("word")\n'
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    assert set(scan_code(tmp_path).row_keys) == {"reject.too-far", "warning.odd", "warning.late"}


def test_keys_in_scripts_count_as_used(checkout):
    body = one("run.usage", "x") + one("ui.map.zoom", "x") + one("ui.lost", "x")
    root = checkout(kk=body, ru=body, en=body)
    (root / "run").write_text("#!/bin/bash\nsay run.usage\n", encoding="utf-8")
    (root / "map.js").write_text("const zoom = text['ui.map.zoom'];\n", encoding="utf-8")
    (root / "notes").write_text("ui.lost\n", encoding="utf-8")
    assert {fault.key for fault in checks.orphans(root)} == {"ui.lost"}
