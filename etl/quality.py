"""The fields of a layer out of raw columns: parsed, in range, in the code list; every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.coercion.numbers import as_integers, as_reals
from etl.coercion.stamps import DAY_S, Precision, read_stamps
from etl.coercion.words import Vocabulary, clean_text
from etl.coercion.zones import Zone
from etl.findings import Findings
from layers.spec import Field, FieldType, Layer, SourceMapping

ARROW: dict[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.CODE: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.REAL: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.DATE: pa.date32(),
}


@dataclass
class FieldReader:
    """Reads the attribute columns of a layer from chunks of one source.

    Parameters
    ----------
    layer, mapping : what is wanted and where it is.
    found : field name → the source's column, for those the source has.
    decimal : decimal mark of numbers written as text; None = each number tells.
    zone : of the workspace: a date written as an instant is the day there; None = the day in UTC.
    """

    layer: Layer
    mapping: SourceMapping
    found: Mapping[str, str]
    decimal: str | None = None
    zone: Zone | None = None
    _vocabularies: dict[str, Vocabulary] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for spec in self.layer.fields:
            foreign = self.mapping.codes.get(spec.name)
            if spec.codes is not None:
                self._vocabularies[spec.name] = Vocabulary.of(spec.codes, foreign)
            elif spec.type is FieldType.BOOLEAN:
                self._vocabularies[spec.name] = Vocabulary.of_booleans(foreign)

    def read(self, columns: Mapping[str, pa.Array], rows: int, findings: Findings) -> dict[str, pa.Array]:
        """One typed Arrow column per field; faults go to ``findings``.

        Rejects ``missing-value``, ``unreadable-number``, ``not-whole``, ``out-of-range``, ``unseen-code``, ``unreadable-boolean``,
        ``unreadable-date``, each with ``field`` and the source's ``value``. A number that cannot be read or is out of range in a field
        that may stay unknown (``fill``) is null with the flag ``<field>-unreadable`` or ``<field>-out-of-range``.
        """
        out: dict[str, pa.Array] = {}
        for spec in self.layer.fields:
            constant = self.mapping.constants.get(spec.name)
            column = columns.get(self.found.get(spec.name, ""))
            faulty = np.zeros(rows, dtype=np.bool_)
            if column is None:
                values = pa.nulls(rows, ARROW[spec.type])
            else:
                values, faulty = self._parse(spec, column, findings)
            if spec.name in self.mapping.defaults_zero:
                values = values.fill_null(0)
            if constant is not None:
                # what stands in the row is better than the constant
                missing = pa.array(np.asarray(pc.is_null(values)) & ~faulty)
                values = pc.if_else(missing, pa.scalar(constant_of(spec, constant), ARROW[spec.type]), values)
            if spec.required:
                findings.reject("missing-value", np.asarray(pc.is_null(values)) & ~faulty, field=spec.name)
            out[spec.name] = values
        return out

    def _parse(self, spec: Field, column: pa.Array, findings: Findings) -> tuple[pa.Array, NDArray[np.bool_]]:
        """Values and the rows whose value was faulty (and is null)."""
        if spec.type in {FieldType.INTEGER, FieldType.REAL}:
            return self._number(spec, column, findings)
        if spec.type is FieldType.DATE:
            return self._date(spec, column, findings)
        if spec.name in self._vocabularies:
            values, unseen, texts = self._vocabularies[spec.name].translate(column)
            code = "unseen-code" if spec.type is FieldType.CODE else "unreadable-boolean"
            findings.reject(code, unseen, values=texts, field=spec.name)
            if spec.type is FieldType.BOOLEAN:
                values = values.cast(pa.bool_())
            return values, unseen
        return clean_text(column), np.zeros(len(column), dtype=np.bool_)

    def _number(self, spec: Field, column: pa.Array, findings: Findings) -> tuple[pa.Array, NDArray[np.bool_]]:
        factor, plus = self.mapping.scale.get(spec.name), self.mapping.offset.get(spec.name)
        unit = self.mapping.units.get(spec.name)
        faulty = np.zeros(len(column), dtype=np.bool_)
        if spec.type is FieldType.INTEGER and factor is None and plus is None and unit is None:
            whole, known, unreadable, fraction = as_integers(column, name=spec.name, decimal=self.decimal)
            self._fault(spec, "not-whole", fraction, column, faulty, findings)
            numbers: NDArray[Any] = whole
        else:
            numbers, unreadable = as_reals(column, name=spec.name, unit=unit, decimal=self.decimal)
            if factor is not None:
                numbers = numbers * factor
            if plus is not None:
                numbers = numbers + plus
            known = ~np.isnan(numbers)
            if spec.type is FieldType.INTEGER:
                numbers = np.rint(np.where(known, numbers, 0.0)).astype(np.int64)
        self._fault(spec, "unreadable-number", unreadable, column, faulty, findings)
        outside = np.zeros(len(column), dtype=np.bool_)
        if spec.minimum is not None:
            outside |= known & (numbers < spec.minimum)
        if spec.maximum is not None:
            outside |= known & (numbers > spec.maximum)
        self._fault(spec, "out-of-range", outside, column, faulty, findings, minimum=spec.minimum, maximum=spec.maximum)
        return pa.array(numbers, type=ARROW[spec.type], mask=~known | outside), faulty & (not spec.fill)

    def _date(self, spec: Field, column: pa.Array, findings: Findings) -> tuple[pa.Array, NDArray[np.bool_]]:
        stamps = read_stamps(column, formats=self.mapping.time.formats if self.mapping.time is not None else ())
        coarse = stamps.known & (stamps.precision < Precision.DAY)
        bad = stamps.unreadable | coarse
        if spec.fill:
            findings.flag(f"{spec.name}-unreadable", bad)
        else:
            findings.reject("unreadable-date", bad, values=column, field=spec.name)
        seconds = stamps.seconds
        if self.zone is not None and stamps.is_instant.any():
            seconds = np.where(stamps.is_instant, self.zone.to_local(seconds), seconds)
        days = (seconds // DAY_S).astype("datetime64[D]")
        return pa.array(days, type=pa.date32(), mask=~stamps.known | coarse), bad & (not spec.fill)

    @staticmethod
    def _fault(
        spec: Field,
        code: str,
        mask: NDArray[np.bool_],
        column: pa.Array,
        faulty: NDArray[np.bool_],
        findings: Findings,
        **params: Any,
    ) -> None:
        faulty |= mask
        if spec.fill:
            kind = "out-of-range" if code == "out-of-range" else "unreadable"
            findings.flag(f"{spec.name}-{kind}", mask)
        else:
            findings.reject(code, mask, values=column, field=spec.name, **params)


def constant_of(spec: Field, value: Any) -> Any:
    """A mapping's constant as a value of the field's type."""
    if spec.type is FieldType.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    if spec.type in {FieldType.TEXT, FieldType.CODE}:
        return str(value)
    return value
