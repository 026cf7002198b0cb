"""A declaration that contradicts itself is refused when it is made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from layers import registry
from layers.spec import Codes, Derivation, Field, FieldType, LayerKind, Role, SourceMapping, Style

LAMPS = registry.load()["lamps"]


def test_codes_are_mended_without_regard_to_case_and_spaces():
    codes = Codes(good=("works", "broken"), fixable={" OK ": "works"}, unknown=frozenset({" N/A "}))
    assert codes.fixable["ok"] == "works"
    assert codes.fixable["works"] == "works"
    assert codes.unknown == {"n/a"}
    with pytest.raises(TypeError):
        codes.fixable["x"] = "works"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Codes(good=("a", "a")), "codes repeat"),
        (lambda: Codes(good=("a",), fixable={"b": "c"}), "which is not a code"),
        (lambda: Field(name="x", type=FieldType.CODE), "has codes"),
        (lambda: Field(name="x", codes=Codes(good=("a",))), "has codes"),
        (lambda: Style(palette=((0, 0, 0), (1, 1, 1)), breaks=(1.0, 2.0)), "one colour more"),
        (lambda: Style(palette=((0, 0, 0), (1, 1, 1), (2, 2, 2)), breaks=(2.0, 1.0)), "must increase"),
        (lambda: Style(palette=((0, 0, 0),)), "two to seven"),
        (lambda: Style(palette=tuple((i, i, i) for i in range(8))), "two to seven"),
        (lambda: replace(LAMPS, fields=(*LAMPS.fields, LAMPS.fields[0])), "fields repeat"),
        (lambda: replace(LAMPS, category_field="colour"), "is not a field"),
        (lambda: replace(LAMPS, kind=LayerKind.DERIVED), "have a derivation"),
        (lambda: replace(LAMPS, derivation=Derivation(depends_on=(), run="a:b")), "have a derivation"),
        (lambda: replace(LAMPS, sources=(SourceMapping(id="x", columns={"colour": "c"}),)), "unknown fields"),
    ],
)
def test_contradictions_are_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()


def test_each_role_includes_those_before_it():
    assert [role.rank for role in Role] == [1, 2, 3, 4]


def test_a_field_is_found_by_name_or_not_at_all():
    assert LAMPS.field_named("power_w").maximum == 3000
    with pytest.raises(KeyError):
        LAMPS.field_named("colour")
