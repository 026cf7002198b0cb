"""The columns of the workbook: how a value of a record is written into a cell and read back out of it."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import i18n
from layers.spec import Field, FieldType, Layer

ID: Final = "id"
VERSION: Final = "version"
REMOVE: Final = "remove"
SOURCE_ID: Final = "source_id"
LON: Final = "lon"
LAT: Final = "lat"
# A ten-millionth of a degree is a centimetre: nearer positions are the same.
SAME_DEG: Final = 0.5e-7

# What the columns of the database hold: a number beyond is of no record.
_HIGHEST: Final = {ID: 2**63 - 1, VERSION: 2**31 - 1}

# Stands for a cell that holds a formula, whose value would be another one tomorrow.
FORMULA: Final = object()

_TRUE: Final = ("1", "true", "yes", "да", "иә", "ия", "x", "х", "+")
_FALSE: Final = ("0", "false", "no", "нет", "жоқ", "-")


class Unreadable(ValueError):
    """A cell that holds no value of its column; ``code`` and ``params`` say why."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)


@dataclass(frozen=True)
class Column:
    """A column of the sheet.

    Parameters
    ----------
    name : of the layer's field, or one of ``id``, ``version``, ``source_id``, ``lon``, ``lat``, ``remove``.
    title : in the language of the sheet.
    words : code → word shown, for code fields; two codes never share a word.
    """

    name: str
    title: str
    declared: Field | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_editable(self) -> bool:
        return self.name not in {ID, VERSION, SOURCE_ID}

    def write(self, value: Any, yes: str, no: str) -> Any:
        """What a cell shows of a stored value; unknown is an empty cell."""
        if value is None:
            return None
        if self.words:
            return self.words.get(value, value)
        if isinstance(value, bool):
            return yes if value else no
        if self.declared is not None and self.declared.type is FieldType.DATE and isinstance(value, str):
            return date.fromisoformat(value)
        return value

    def read(self, cell: Any) -> Any:
        """The value a cell means, as the layer's edits take it; None = unknown.

        Raises
        ------
        Unreadable : ``cell-formula``, ``unseen-code``, ``not-a-number``, ``not-a-date``, ``cell-not-yes-or-no``.
        """
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return None
        if cell is FORMULA:
            raise Unreadable("cell-formula")
        if self.name == REMOVE:
            return _boolean(self.name, cell)
        if self.name in {ID, VERSION, LON, LAT}:
            return _number(self.name, cell, whole=self.name in {ID, VERSION})
        if self.declared is None:
            return str(cell)
        match self.declared.type:
            case FieldType.CODE:
                return self._code(cell)
            case FieldType.INTEGER | FieldType.REAL:
                return _number(self.name, cell, whole=self.declared.type is FieldType.INTEGER)
            case FieldType.BOOLEAN:
                return _boolean(self.name, cell)
            case FieldType.DATE:
                return _day(self.name, cell)
            case FieldType.TEXT:
                return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()

    def _code(self, cell: Any) -> str:
        said = str(cell).strip().casefold()
        for code, word in self.words.items():
            if said in {code.casefold(), word.casefold()}:
                return code
        raise Unreadable("unseen-code", field=self.name, value=str(cell)[:100])


def columns_of(layer: Layer, language: str) -> list[Column]:
    """All columns of a layer's sheet, in order."""
    texts = i18n.texts()
    own = [
        Column(ID, texts.text("sheet.id", language)),
        Column(VERSION, texts.text("sheet.version", language)),
        Column(SOURCE_ID, texts.text("sheet.source_id", language)),
    ]
    fields = [
        Column(f.name, texts.text(f"layer.{layer.id}.field.{f.name}", language), f, _words(layer, f, language))
        for f in layer.fields
    ]
    place = [Column(LON, texts.text("sheet.lon", language)), Column(LAT, texts.text("sheet.lat", language))]
    removal = [Column(REMOVE, texts.text("sheet.remove", language))]
    return [*own, *fields, *(place if layer.geometry == "Point" and layer.has_place else []), *removal]


def _words(layer: Layer, declared: Field, language: str) -> dict[str, str]:
    if declared.codes is None:
        return {}
    texts = i18n.texts()
    words = {
        code: texts.text(f"layer.{layer.id}.code.{declared.name}.{code}", language) for code in declared.codes.good
    }
    twice = {w for w in words.values() if list(words.values()).count(w) > 1}
    return {code: f"{word} ({code})" if word in twice else word for code, word in words.items()}


def _number(name: str, cell: Any, *, whole: bool) -> int | float:
    if isinstance(cell, bool):
        raise Unreadable("not-a-number", field=name, value=str(cell))
    if isinstance(cell, str):
        plain = cell.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
        try:
            cell = float(plain)
        except ValueError:
            raise Unreadable("not-a-number", field=name, value=cell[:100]) from None
    if not isinstance(cell, int | float):
        raise Unreadable("not-a-number", field=name, value=str(cell)[:100])
    if isinstance(cell, float) and not math.isfinite(cell):
        raise Unreadable("not-a-number", field=name, value=str(cell))
    if not whole and abs(cell) > sys.float_info.max:
        raise Unreadable("not-a-number", field=name, value=str(cell)[:100])
    if whole:
        if cell != int(cell) or abs(cell) > _HIGHEST.get(name, math.inf):
            raise Unreadable("not-a-number", field=name, value=str(cell)[:100])
        return int(cell)
    return float(cell)


def _boolean(name: str, cell: Any) -> bool:
    said = str(cell).strip().casefold()
    if isinstance(cell, bool):
        return cell
    if said in _TRUE:
        return True
    if said in _FALSE:
        return False
    raise Unreadable("cell-not-yes-or-no", field=name, value=str(cell)[:100])


def _day(name: str, cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    said = str(cell).strip()
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(said, pattern).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Unreadable("not-a-date", field=name, value=said[:100])
