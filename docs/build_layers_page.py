"""Writes docs/layers.md: every layer with its fields, codes, measures and sources, from the registry and the catalogues.

Run ``python -m docs.build_layers_page`` after a change of a layer; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from i18n import Texts, texts
from layers import registry
from layers.spec import Aggregation, Field, Layer, Measure, Role

PAGE = Path(__file__).parent / "layers.md"
HEAD = """# Layers

Made by `python -m docs.build_layers_page` from the declarations in `layers/catalog`; change those. Every row also has what
[architecture.md](architecture.md#rows) lists: position, cell, territory, batch, flags, version, and for events the interval that holds the
true moment. An empty value is unknown, never zero. How to add a layer: [adding-a-layer.md](adding-a-layer.md).

"""
_UNITS = {"1": "", "1/km2": "per km²"}


def page() -> str:
    """The whole page."""
    said = texts()
    layers = list(registry.load().values())
    lines = ["| layer | kk | ru | what its rows are |", "|---|---|---|---|"]
    for layer in layers:
        titles = [said.text(f"layer.{layer.id}.title", language) for language in ("en", "kk", "ru")]
        lines.append(
            f"| [{titles[0]}](#{layer.id}) | {titles[1]} | {titles[2]} | {layer.kind.value}, {layer.geometry if layer.has_place else 'no place'} |"
        )
    return HEAD + "\n".join([*lines, ""]) + "".join("\n" + "\n".join(_section(layer, said)) + "\n" for layer in layers)


def _section(layer: Layer, said: Texts) -> Iterator[str]:
    base = f"layer.{layer.id}"
    yield f"## {layer.id}"
    yield said.text(f"{base}.description", "en")
    yield ""
    if layer.enables:
        yield f"- What it makes possible: {said.text(f'{base}.enables', 'en')}"
    stored = any(measure.aggregation is Aggregation.SHARE for measure in layer.measures)
    sums = layer.records_role if stored else Role.VIEWER
    yield f"- Single records: from the role {layer.records_role.value} on; sums: from {sums.value} on."
    if layer.derivation is not None:
        needed = ", ".join(f"[{name}](#{name})" for name in layer.derivation.depends_on)
        yield f"- Computed from {needed}."
    if layer.category_field and any(f.codes and f.codes.sensitive for f in layer.fields):
        yield (
            "- Single records of sensitive codes: below the role editor without restricted fields, at the centre of their H3 cell "
            "of resolution 9 (`position_coarsened`)."
        )
    if layer.retention_days is not None:
        yield f"- Kept for {layer.retention_days} days."
    for warning in layer.warnings:
        yield f"- Warning: {said.text(f'{base}.warning.{warning}', 'en')}"
    yield ""
    yield "| field | what | type | values |"
    yield "|---|---|---|---|"
    for field in layer.fields:
        yield f"| `{field.name}` | {said.text(f'{base}.field.{field.name}', 'en')} | {_type(field)} | {_values(field, base, said)} |"
    if layer.measures:
        yield ""
        yield "| measure | what | how it goes up the cells |"
        yield "|---|---|---|"
        for measure in layer.measures:
            yield f"| `{measure.name}` | {said.text(f'{base}.measure.{measure.name}', 'en')} | {_upwards(measure)} |"
    if layer.sources:
        yield ""
        yield "| source | licence | attribution |"
        yield "|---|---|---|"
        for source in layer.sources:
            own = " (our own format: columns named like the fields)" if source.id == f"qorgan-{layer.id}" else ""
            yield f"| `{source.id}`{own} | {source.licence} | {source.attribution or '–'} |"


def _type(field: Field) -> str:
    notes = [field.type.value]
    if field.required:
        notes.append("required")
    if field.restricted:
        notes.append("restricted")
    return ", ".join(notes)


def _values(field: Field, base: str, said: Texts) -> str:
    if field.codes is not None:
        return "; ".join(
            f"`{code}` {said.text(f'{base}.code.{field.name}.{code}', 'en')}{_sensitive(field, code)}"
            for code in field.codes.good
        )
    if field.minimum is None and field.maximum is None:
        return ""
    low = "" if field.minimum is None else f"{field.minimum:g}"
    high = "" if field.maximum is None else f"{field.maximum:.12g}"
    outside = "unknown with a flag outside" if field.fill else "row rejected outside"
    return f"{low}–{high}; {outside}" if high else f"≥ {low}; {outside}"


def _sensitive(field: Field, code: str) -> str:
    return " (sensitive)" if field.codes is not None and code in field.codes.sensitive else ""


def _upwards(measure: Measure) -> str:
    unit = _UNITS.get(measure.unit, measure.unit)
    how = {
        "sum": f"sum of `{measure.column}`" if measure.column else "count of rows",
        "share": f"sum of `{measure.numerator}` / sum of `{measure.denominator}`",
        "density": "sum / sum of geodesic areas",
    }[measure.aggregation.value]
    return f"{how}, {unit}" if unit else how


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
