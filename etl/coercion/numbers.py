"""Numbers as sources write them: decimal commas, blanks between thousands, units behind."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
# Unit ends of field names → what may stand behind a number in a source, and the factor to the field's unit.
UNITS: dict[str, tuple[tuple[str, float], ...]] = {
    "_m": (
        ("метров", 1.0),
        ("m", 1.0),
        ("м", 1.0),
        ("м.", 1.0),
        ("km", 1000.0),
        ("км", 1000.0),
        ("cm", 0.01),
        ("см", 0.01),
        ("mm", 0.001),
        ("мм", 0.001),
        ("ft", 0.3048),
        ("фут", 0.3048),
        ("yd", 0.9144),
        ("mi", 1609.344),
    ),
    "km": (("km", 1.0), ("км", 1.0), ("m", 0.001), ("м", 0.001), ("mi", 1.609344)),
    "_kmh": (
        ("km/h", 1.0),
        ("kmh", 1.0),
        ("км/ч", 1.0),
        ("км/сағ", 1.0),
        ("mph", 1.609344),
        ("m/s", 3.6),
        ("м/с", 3.6),
    ),
    "_w": (("w", 1.0), ("вт", 1.0), ("W", 1.0), ("Вт", 1.0), ("kW", 1000.0), ("кВт", 1000.0)),
    "_deg": (("°", 1.0), ("deg", 1.0), ("град", 1.0)),
    "_lm": (("lm", 1.0), ("лм", 1.0), ("klm", 1000.0), ("клм", 1000.0)),
}


def unit_factor(name: str, unit: str) -> float | None:
    """What numbers in ``unit`` are multiplied by to be in the unit that ends the field's name; None = that is no unit of it."""
    known = [dict(units) for end, units in UNITS.items() if name.endswith(end)]
    return next((table[u] for table in known for u in table if u.casefold() == unit.strip().casefold()), None)


def units_of(name: str) -> tuple[str, ...]:
    """Units a field may come in, its own first."""
    known = [units for end, units in UNITS.items() if name.endswith(end)]
    latin = [u for units in known for u, _ in units if u.isascii() or u == "°"]
    return tuple(sorted(dict.fromkeys(latin), key=lambda u: (unit_factor(name, u) != 1.0, latin.index(u))))


def as_text(column: pa.Array) -> pa.StringArray:
    """A column as trimmed text; blank is null. Whole floats lose their ".0" (pandas makes them of integers with gaps)."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_floating(kind):
        values = column.to_numpy(zero_copy_only=False)
        whole = np.isfinite(values) & (np.abs(values) < 2**53)
        whole &= np.where(whole, np.floor(np.where(whole, values, 0.0)) == np.where(whole, values, 0.0), False)
        texts = column.cast(pa.string())
        if whole.any():
            integers = pa.array(np.where(whole, values, 0.0).astype(np.int64)).cast(pa.string())
            texts = pc.if_else(pa.array(whole), integers, texts)
        return pc.if_else(pc.is_nan(column), pa.scalar(None, pa.string()), texts)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        column = pa.array(
            [None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()], type=pa.string()
        )
    elif not pa.types.is_string(kind):
        column = pa.nulls(len(column), pa.string()) if pa.types.is_null(kind) else column.cast(pa.string())
    texts = pc.utf8_trim_whitespace(column)
    empty = pc.equal(pc.binary_length(texts), 0)
    if pc.any(empty).as_py():
        texts = pc.if_else(empty, pa.scalar(None, pa.string()), texts)
    return texts


def as_reals(
    column: pa.Array, *, name: str = "", unit: str | None = None, decimal: str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Numbers of a column.

    Parameters
    ----------
    column : any Arrow type.
    name : the field's name: the unit that ends it may stand behind the number in the source.
    unit : of numbers without a unit behind them; None = the field's own.
    decimal : "," or "." where the source's decimal mark is known; the other one then parts thousands. None = each number tells:
        of two different marks the last one, a mark that repeats parts thousands, a lone comma is a decimal one.

    Returns
    -------
    values : float64, NaN = unknown (blank in the source).
    unreadable : what is there but is no finite number; NaN in ``values``.
    """
    plain = (unit_factor(name, unit) or 1.0) if unit is not None else 1.0
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)
        infinite = np.isinf(values)
        return np.where(infinite, np.nan, values) * plain, infinite
    texts = as_text(column)
    if decimal == ",":
        return _read_slowly(texts, name, plain, decimal)
    try:
        values = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return _read_slowly(texts, name, plain, decimal)
    present = ~np.asarray(pc.is_null(texts))
    # Arrow reads "nan" and "inf" as numbers; nobody measured those
    odd = present & ~np.isfinite(values)
    return np.where(odd, np.nan, values) * plain, odd


def _read_slowly(
    texts: pa.StringArray, name: str, plain_factor: float, decimal: str | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    encoded = texts.dictionary_encode()
    words = encoded.dictionary
    plain = pc.replace_substring_regex(words, r"[\s\x{00A0}\x{202F}'’]", "")
    factor = np.full(len(plain), plain_factor)
    for end, units in UNITS.items():
        if not name.endswith(end):
            continue
        for unit, scale in sorted(units, key=lambda u: -len(u[0])):
            behind = pc.match_substring_regex(plain, r"\d" + re.escape(unit) + "$")
            hit = np.asarray(behind)
            if hit.any():
                plain = pc.if_else(behind, pc.replace_substring_regex(plain, re.escape(unit) + "$", ""), plain)
                factor[hit] = scale
    plain = _pointed(plain, decimal)
    readable = pc.match_substring_regex(plain, NUMBER)
    numbers = pc.cast(pc.if_else(readable, plain, pa.scalar(None, pa.string())), pa.float64())
    per_word = numbers.to_numpy(zero_copy_only=False) * factor
    per_word = np.where(np.isfinite(per_word), per_word, np.nan)
    index = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values = np.append(per_word, np.nan)[index]
    return values, np.isnan(values) & (index >= 0)


def _pointed(words: pa.StringArray, decimal: str | None) -> pa.StringArray:
    """Numbers with a decimal point and nothing between thousands; what is neither is left, to be unreadable."""

    def parted(mark: str) -> pa.BooleanArray:
        """Groups of three behind ``mark``, then the other mark at most once; one group alone tells nothing unless the mark is known."""
        other = "," if mark == "." else "."
        group = rf"\{mark}\d{{3}}"
        known = rf"({group})+(\{other}\d*)?"
        unknown = rf"(({group}){{2,}}|({group})+\{other}\d*)"
        return pc.match_substring_regex(words, rf"^[+-]?\d{{1,3}}{known if decimal else unknown}$")

    def without(mark: str) -> pa.StringArray:
        return pc.replace_substring(words, mark, "")

    commas = pc.replace_substring(words, ",", ".")
    if decimal == ".":
        return pc.if_else(parted(","), without(","), words)
    if decimal == ",":
        # a point is no decimal mark here: unless it parts thousands the number is not readable
        pointed = pc.match_substring(words, ".")
        odd = pc.if_else(pointed, pc.binary_join_element_wise(words, "?", ""), commas)
        return pc.if_else(parted("."), pc.replace_substring(without("."), ",", "."), odd)
    plain = pc.if_else(parted(","), without(","), commas)
    return pc.if_else(parted("."), pc.replace_substring(without("."), ",", "."), plain)


def as_integers(
    column: pa.Array, *, name: str = "", decimal: str | None = None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whole numbers of a column: values (0 where unknown), known, unreadable, and readable but not whole."""
    if not pa.types.is_floating(column.type):
        try:
            # "1.234" is no whole number for Arrow, whatever the mark
            whole = pc.cast(column if pa.types.is_integer(column.type) else as_text(column), pa.int64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
        else:
            known = ~np.asarray(pc.is_null(whole))
            none = np.zeros(len(known), dtype=np.bool_)
            return whole.fill_null(0).to_numpy(zero_copy_only=False), known, none, none
    values, unreadable = as_reals(column, name=name, decimal=decimal)
    known = ~np.isnan(values)
    fraction = known & ((np.floor(values) != values) | (np.abs(values) >= 2**53))
    known &= ~fraction
    return np.where(known, values, 0.0).astype(np.int64), known, unreadable, fraction
