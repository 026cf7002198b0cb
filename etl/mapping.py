"""A source mapping as JSON: the ``--mapping`` file; whatever it does not know it refuses by name."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from etl.coercion.made import COLUMNS_WANTED
from etl.coercion.numbers import unit_factor, units_of
from etl.coercion.positions import check_crs
from etl.coercion.times import offset_s
from etl.coercion.zones import zone_named
from etl.proposal import ProposedMapping, propose
from geo_core.errors import InvalidInput
from layers.spec import (
    FieldType,
    Grouping,
    How,
    Layer,
    Made,
    NearDuplicates,
    Settlement,
    SourceMapping,
    TableReading,
    TimeSource,
)

__all__ = [
    "ProposedMapping",
    "check_mapping",
    "dump_mapping",
    "load_mapping",
    "mapping_from_json",
    "propose",
    "to_json",
]

EPOCH_CLOCKS = ("utc", "local")
MOST_HEADER_ROWS = 1000


def load_mapping(path: Path | str, *, layer: Layer) -> SourceMapping:
    """Read a mapping file.

    Raises
    ------
    InvalidInput : ``mapping-not-json`` (line), ``mapping-unknown-key`` (key, known), ``mapping-wrong-type`` (key, expected),
        ``mapping-unknown-field`` (field, known), ``mapping-unknown-code`` (field, code, known), ``mapping-bad-constant``,
        ``unknown-crs``, ``unknown-zone``, ``bad-epoch-clock``.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise InvalidInput("mapping-not-json", line=error.lineno, column=error.colno) from error
    except UnicodeDecodeError as error:
        raise InvalidInput("mapping-not-json", line=1, column=1) from error
    return mapping_from_json(document, layer=layer)


def mapping_from_json(document: Any, *, layer: Layer) -> SourceMapping:
    """The mapping a JSON document describes; errors as :func:`load_mapping`."""
    values = _checked(document, _SHAPE, "")
    if "id" not in values:
        raise InvalidInput("mapping-missing-key", key="id")
    if isinstance(values.get("time"), dict):
        values["time"] = TimeSource(**_checked(values["time"], _TIME_SHAPE, "time."))
    if isinstance(values.get("reading"), dict):
        values["reading"] = reading_from_json(values["reading"])
    if isinstance(values.get("grouping"), dict):
        values["grouping"] = _grouping(values["grouping"])
    values["settlements"] = {
        name: _settlement(one, f"settlements.{name}.") for name, one in values.get("settlements", {}).items()
    }
    values["made"] = {name: Made(**_made(rule, f"made.{name}.")) for name, rule in values.get("made", {}).items()}
    mapping = SourceMapping(**values)
    check_mapping(mapping, layer)
    return mapping


def reading_from_json(document: Any) -> TableReading:
    """How a file is cut, from plain values; null and absent are found out from the file.

    Raises
    ------
    InvalidInput : ``mapping-wrong-type``, ``mapping-unknown-key``.
    """
    return TableReading(**_checked(document, _READING_SHAPE, "reading."))


def to_json(mapping: SourceMapping) -> dict[str, Any]:
    """The mapping as plain values; what has its default value is left out. ``mapping_from_json`` reads it back equal."""
    plain: dict[str, Any] = _plain(mapping)
    return plain


def dump_mapping(mapping: SourceMapping) -> str:
    """The mapping as the text of a ``--mapping`` file."""
    return json.dumps(to_json(mapping), ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def check_mapping(mapping: SourceMapping, layer: Layer) -> None:
    """Refuse a mapping that does not fit its layer; errors as :func:`load_mapping`."""
    known = [f.name for f in layer.fields]
    for part in (
        *(mapping.columns, mapping.constants, mapping.codes, mapping.units, mapping.scale, mapping.offset),
        *(mapping.defaults_zero, mapping.settlements),
    ):
        for name in part:
            if name not in known:
                raise InvalidInput("mapping-unknown-field", field=name, known=known, layer=layer.id)
    for name, table in mapping.codes.items():
        codes = layer.field_named(name).codes
        for ours in table.values() if codes is not None else ():
            if ours and codes is not None and ours not in codes.good:
                raise InvalidInput("mapping-unknown-code", field=name, code=ours, known=list(codes.good))
    for name, value in mapping.constants.items():
        field = layer.field_named(name)
        if field.codes is not None and value not in field.codes.good:
            raise InvalidInput("mapping-unknown-code", field=name, code=str(value), known=list(field.codes.good))
        if not isinstance(value, _CONSTANT[field.type]) or (
            isinstance(value, bool) and field.type is not FieldType.BOOLEAN
        ):
            raise InvalidInput("mapping-bad-constant", field=name, expected=field.type.value)
    for name in (*mapping.scale, *mapping.offset, *mapping.units, *mapping.defaults_zero):
        if layer.field_named(name).type not in {FieldType.INTEGER, FieldType.REAL}:
            raise InvalidInput("mapping-not-a-number", field=name)
    _check_grouping(mapping, layer)
    _check_pseudonyms(mapping, layer)
    for name, unit in mapping.units.items():
        if unit_factor(name, unit) is None:
            raise InvalidInput("mapping-unknown-unit", field=name, unit=unit, known=list(units_of(name)))
    for name, rule in mapping.made.items():
        least, most = COLUMNS_WANTED[rule.how]
        if not least <= len(rule.of) <= most:
            raise InvalidInput("mapping-wrong-columns", key=f"made.{name}", least=least, most=most)
        if set(rule.of) & set(mapping.made):
            raise InvalidInput(
                "mapping-made-of-made", key=f"made.{name}", columns=sorted(set(rule.of) & set(mapping.made))
            )
    if mapping.wkt is not None and mapping.lon is not None:
        raise InvalidInput("mapping-two-positions", wkt=mapping.wkt, lon=mapping.lon)
    if (mapping.lon is None) != (mapping.lat is None):
        raise InvalidInput("mapping-missing-key", key="lat" if mapping.lat is None else "lon")
    check_crs(mapping.crs)
    if mapping.time is not None:
        if mapping.time.epoch_clock not in EPOCH_CLOCKS:
            offset_s(mapping.time.epoch_clock)
        if mapping.time.zone is not None:
            zone_named(mapping.time.zone)


def _check_grouping(mapping: SourceMapping, layer: Layer) -> None:
    if mapping.grouping is None:
        return
    known = [f.name for f in layer.fields]
    for name in (*mapping.grouping.counts, *mapping.grouping.worst):
        if name not in known:
            raise InvalidInput("mapping-unknown-field", field=name, known=known, layer=layer.id)
    for name in mapping.grouping.counts:
        if layer.field_named(name).type is not FieldType.INTEGER:
            raise InvalidInput("mapping-not-a-number", field=name)
    for name in mapping.grouping.worst:
        if name not in mapping.columns:
            raise InvalidInput("mapping-missing-key", key=f"columns.{name}")


def _check_pseudonyms(mapping: SourceMapping, layer: Layer) -> None:
    texts = [f.name for f in layer.fields if f.type is FieldType.TEXT] + ["source_id"]
    for name in mapping.pseudonyms:
        if name not in texts:
            raise InvalidInput("mapping-unknown-field", field=name, known=texts, layer=layer.id)


_CONSTANT: dict[FieldType, tuple[type, ...]] = {
    FieldType.TEXT: (str,),
    FieldType.CODE: (str,),
    FieldType.DATE: (str,),
    FieldType.INTEGER: (int,),
    FieldType.REAL: (int, float),
    FieldType.BOOLEAN: (bool,),
}

_Convert = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("text")
    return value


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("list of texts")
    return tuple(_text(v) for v in value)


def _object(inner: _Convert) -> _Convert:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError("object")
        return {_text(k): inner(v) for k, v in value.items()}

    return convert


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value == 0:
        raise TypeError("number other than 0")
    return float(value)


def _any_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise TypeError("text, number or true/false")
    return value


def _document(value: Any) -> Any:
    if not isinstance(value, dict):
        raise TypeError("object")
    return value


def _encoding(value: Any) -> str:
    try:
        codecs.getincrementaldecoder(_text(value))
        io.TextIOWrapper(io.BytesIO(), encoding=value)  # refuses "zip" and "rot13", which are codecs too
    except (LookupError, TypeError, UnicodeError):
        raise TypeError("name of a text encoding") from None
    return str(value)


def _delimiter(value: Any) -> str:
    if not isinstance(value, str) or (len(value) != 1 and value != "  ") or value in '"\r\n\x00':
        raise TypeError("one character, or two blanks")
    return value


def _decimal(value: Any) -> str:
    if value not in (",", "."):
        raise TypeError('"," or "."')
    return str(value)


def _row(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_HEADER_ROWS:
        raise TypeError(f"whole number from 1 to {MOST_HEADER_ROWS}")
    return value


def _yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true/false")
    return value


def _near_duplicates(value: Any) -> NearDuplicates:
    try:
        return NearDuplicates(value)
    except ValueError:
        raise TypeError(" | ".join(NearDuplicates)) from None


def _some_words(value: Any) -> tuple[str, ...]:
    words = _words(value)
    if not words:
        raise TypeError("list of texts, not empty")
    return words


def _grouping(document: dict[str, Any]) -> Grouping:
    values = _checked(document, _GROUPING_SHAPE, "grouping.")
    if "key" not in values:
        raise InvalidInput("mapping-missing-key", key="grouping.key")
    return Grouping(**values)


def _names(value: Any) -> frozenset[str]:
    return frozenset(_words(value))


def _how(value: Any) -> How:
    try:
        return How(value)
    except ValueError:
        raise TypeError(" | ".join(How)) from None


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("number")
    return float(value)


def _settlement(document: Any, prefix: str) -> Settlement:
    found = _checked(document, {"name": _text, "oblast": _text}, prefix)
    if "name" not in found:
        raise InvalidInput("mapping-missing-key", key=prefix + "name")
    return Settlement(**found)


def _made(document: Any, prefix: str) -> dict[str, Any]:
    found = _checked(document, _MADE_SHAPE, prefix)
    for key in ("how", "of"):
        if key not in found:
            raise InvalidInput("mapping-missing-key", key=prefix + key)
    return found


_MADE_SHAPE: dict[str, _Convert] = {"how": _how, "of": _words, "by": _any_text}
_SHAPE: dict[str, _Convert] = {
    "id": _text,
    "columns": _object(_text),
    "constants": _object(_scalar),
    "lon": _text,
    "lat": _text,
    "crs": _text,
    "made": _object(_document),
    "wkt": _text,
    "source_id": _text,
    "time": _document,
    "codes": _object(_object(_any_text)),
    "units": _object(_text),
    "scale": _object(_number),
    "offset": _object(_finite),
    "signature": _names,
    "defaults_zero": _names,
    "where": _object(_words),
    "reading": _document,
    "settlements": _object(_document),
    "struck_off": _object(_words),
    "refresh_by": _text,
    "licence": _text,
    "attribution": _any_text,
    "grouping": _document,
    "near_duplicates": _near_duplicates,
    "pseudonyms": _object(_some_words),
    "keep_original": _yes,
}
_GROUPING_SHAPE: dict[str, _Convert] = {
    "key": _some_words,
    "counts": _object(_object(_some_words)),
    "worst": _object(_some_words),
    "together": _object(_any_text),
    "first": _words,
}
_TIME_SHAPE: dict[str, _Convert] = {
    **dict.fromkeys(("local", "date", "clock", "hour", "epoch_ms", "epoch_clock", "month", "end", "zone"), _text),
    "formats": _words,
}
_READING_SHAPE: dict[str, _Convert] = {
    "encoding": _encoding,
    "delimiter": _delimiter,
    "decimal": _decimal,
    "sheet": _text,
    "header_row": _row,
    "header_rows": _row,
    "member": _text,
}
NULLABLE = frozenset(
    {
        *_READING_SHAPE,
        "reading",
        "lon",
        "lat",
        "wkt",
        "source_id",
        "time",
        "where",
        "grouping",
        "refresh_by",
        "local",
        "date",
        "clock",
        "hour",
        "epoch_ms",
        "month",
        "end",
        "zone",
    }
)


def _checked(document: Any, shape: Mapping[str, _Convert], prefix: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidInput("mapping-wrong-type", key=prefix.rstrip(".") or "(file)", expected="object")
    out: dict[str, Any] = {}
    for name, value in document.items():
        if name not in shape:
            raise InvalidInput("mapping-unknown-key", key=prefix + str(name), known=sorted(shape))
        if value is None and name in NULLABLE:
            continue
        try:
            out[name] = shape[name](value)
        except TypeError as error:
            raise InvalidInput("mapping-wrong-type", key=prefix + name, expected=str(error)) from error
    return out


def _plain(thing: Any) -> Any:
    if isinstance(thing, Grouping | Settlement):
        return {f.name: _plain(v) for f in fields(thing) if (v := getattr(thing, f.name))}
    if isinstance(thing, Made):
        return {"how": thing.how.value, "of": list(thing.of), **({"by": thing.by} if thing.by != " " else {})}
    if isinstance(thing, SourceMapping | TimeSource | TableReading):
        blank = type(thing)(id="") if isinstance(thing, SourceMapping) else type(thing)()
        return {f.name: _plain(v) for f in fields(thing) if (v := getattr(thing, f.name)) != getattr(blank, f.name)}
    if isinstance(thing, Mapping):
        return {str(k): _plain(v) for k, v in thing.items()}
    if isinstance(thing, frozenset):
        return sorted(thing)
    if isinstance(thing, tuple):
        return [_plain(v) for v in thing]
    return thing
