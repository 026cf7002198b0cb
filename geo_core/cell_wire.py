"""The binary encoding in which H3 cells and their measures travel to the map.

One message holds the cells of one resolution in ascending order and any number of measures. Everything is little endian::

    0   4  magic ``QCEL``
    4   1  version (1)
    5   3  zero
    8   4  length of the header in bytes, uint32
    12  …  header, JSON in UTF-8
    …   …  differences of the cells, ``delta_bytes`` byte planes of ``count`` bytes
    …   …  each measure in the header's order, as many byte planes of ``count`` bytes as its type has bytes

*Cells.* All cells of one resolution share the mode and resolution bits, and the ``3 * (15 - resolution)`` lowest bits are all
one. What is left, ``path = cell >> 3 * (15 - resolution) & (2 ** (7 + 3 * resolution) - 1)``, has at most 52 bits, so that a
browser may count with it in plain numbers. The header gives the first path, the body the differences (the first is 0).

*Byte planes.* The lowest byte of every element comes first, then the second byte of every element, and so on. The higher
planes of small differences and of alike numbers are nearly constant, which fast gzip and zstd make vanish; nothing has to
be parsed on either side. Compression itself is left to HTTP.

*Values.* A value is ``(code + offset) * scale`` for the unsigned integer types and the number itself for ``float32`` and
``float64``. Unknown (NaN) and hidden for privacy are apart from each other and from zero: the header names a code
for each (the highest ones of the type) where such cells exist; in the float types unknown is NaN and hidden is +infinity.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo_core.errors import InvalidInput

MAGIC: Final = b"QCEL"
VERSION: Final = 1
MEDIA_TYPE: Final = "application/vnd.qorgan.cells"

_PREFIX: Final = struct.Struct("<4sB3xI")
_UNSIGNED: Final = ("uint8", "uint16", "uint32")
_TYPES: Final[Mapping[str, np.dtype[Any]]] = {
    name: np.dtype(name).newbyteorder("<") for name in (*_UNSIGNED, "float32", "float64")
}
_OWN_KEYS: Final = frozenset({"resolution", "count", "first", "delta_bytes", "measures"})


@dataclass(frozen=True, kw_only=True)
class CellTable:
    """Decoded cells.

    Parameters
    ----------
    resolution : H3 resolution of all cells.
    cells : (n,) uint64, ascending.
    values : measure → (n,) float64; NaN where unknown and where hidden.
    hidden : measure → (n,) bool, True where the value is withheld for privacy; only measures that hide any.
    header : the whole header, including what the sender added to it.
    """

    resolution: int
    cells: NDArray[np.uint64]
    values: Mapping[str, NDArray[np.float64]]
    hidden: Mapping[str, NDArray[np.bool_]]
    header: Mapping[str, Any]


def encode_cells(
    cells: NDArray[np.uint64],
    measures: Mapping[str, NDArray[Any]],
    header: Mapping[str, Any],
    *,
    resolution: int,
    units: Mapping[str, str],
    hidden: Mapping[str, NDArray[np.bool_]] | None = None,
    precision: Mapping[str, float] | None = None,
    breaks: Mapping[str, Sequence[float]] | None = None,
) -> bytes:
    """Encode cells of one resolution and their measures.

    Parameters
    ----------
    cells : (n,) uint64 H3 cells of `resolution`, strictly ascending; n may be 0.
    measures : name → (n,) numbers; NaN is unknown, infinities are refused. A measure whose known values are all whole is
        sent exactly, in the smallest unsigned type; others as float32 (relative error below 6e-8).
    header : what else the receiver should know (``provenance``, ``revision`` …), JSON values.
    resolution : H3 resolution, 0–15.
    units : name → unit of every measure.
    hidden : name → (n,) bool, True where the value is withheld; the number there is not sent.
    precision : name → step to which the measure is rounded before sending as whole steps (0.0001 for shares shown with
        three digits), smaller on the wire than float32. Not given: not rounded.
    breaks : name → inclusive upper bounds of all classes but the last, for receivers that colour by classes.

    Returns
    -------
    bytes
        The message, uncompressed.

    Raises
    ------
    ValueError
        The arguments break one of the rules above (a fault of the caller, never of a reader).
    """
    if not 0 <= resolution <= 15:
        raise ValueError(f"resolution {resolution} is not within 0–15")
    if set(header) & _OWN_KEYS:
        raise ValueError(f"the header's keys {sorted(set(header) & _OWN_KEYS)} belong to the encoding")
    paths = _paths(cells, resolution=resolution)
    deltas = np.diff(paths, prepend=paths[:1])
    delta_bytes = _byte_length(int(deltas.max())) if len(deltas) else 1
    parts = [_planes(deltas, delta_bytes)]
    described: list[dict[str, Any]] = []
    for name, values in measures.items():
        step = (precision or {}).get(name, 1.0)
        withheld = (hidden or {}).get(name)
        if values.shape != cells.shape or (withheld is not None and withheld.shape != cells.shape):
            raise ValueError(f"{name}: as many values as cells are needed")
        description, codes = _codes(name, values, withheld=withheld, step=step, rounded=name in (precision or {}))
        classes = {"breaks": [float(b) for b in breaks[name]]} if breaks and name in breaks else {}
        described.append({"name": name, "unit": units[name], **description, **classes})
        parts.append(_planes(codes, codes.dtype.itemsize))
    own = {
        "resolution": resolution,
        "count": len(cells),
        "first": int(paths[0]) if len(paths) else 0,
        "delta_bytes": delta_bytes,
        "measures": described,
    }
    text = json.dumps({**own, **header}, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return b"".join([_PREFIX.pack(MAGIC, VERSION, len(text)), text, *parts])


def decode_cells(message: bytes, *, only: Collection[str] | None = None) -> CellTable:
    """Decode a message of `encode_cells`.

    Parameters
    ----------
    message : the uncompressed message.
    only : names of the measures wanted; None = all.

    Raises
    ------
    InvalidInput
        ``cell-wire-unreadable`` with ``reason`` ``magic``, ``version``, ``header`` or ``length``.
    """
    if len(message) < _PREFIX.size or message[:4] != MAGIC:
        raise InvalidInput("cell-wire-unreadable", reason="magic")
    _, version, header_length = _PREFIX.unpack_from(message)
    if version != VERSION:
        raise InvalidInput("cell-wire-unreadable", reason="version")
    start = _PREFIX.size + header_length
    try:
        header = json.loads(message[_PREFIX.size : start])
        count, resolution = int(header["count"]), int(header["resolution"])
        delta_bytes, first = int(header["delta_bytes"]), int(header["first"])
        described = [(str(m["name"]), m, _TYPES[m["type"]]) for m in header["measures"]]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("cell-wire-unreadable", reason="header") from error
    body = np.frombuffer(message, np.uint8, offset=min(start, len(message)))
    if len(body) != count * (delta_bytes + sum(dtype.itemsize for _, _, dtype in described)):
        raise InvalidInput("cell-wire-unreadable", reason="length")
    paths = np.cumsum(_from_planes(body[: count * delta_bytes], count, delta_bytes, np.dtype("<u8")), dtype=np.uint64)
    shift = np.uint64(3 * (15 - resolution))
    high = np.uint64((1 << 59) | (resolution << 52) | ((1 << 3 * (15 - resolution)) - 1))
    cells = ((paths + np.uint64(first)) << shift) | high
    values: dict[str, NDArray[np.float64]] = {}
    withheld: dict[str, NDArray[np.bool_]] = {}
    at = count * delta_bytes
    for name, description, dtype in described:
        size = count * dtype.itemsize
        if only is None or name in only:
            codes = _from_planes(body[at : at + size], count, dtype.itemsize, dtype)
            values[name], mask = _values(codes, description)
            if mask.any():
                withheld[name] = mask
        at += size
    return CellTable(resolution=resolution, cells=cells, values=values, hidden=withheld, header=header)


def _paths(cells: NDArray[np.uint64], *, resolution: int) -> NDArray[np.uint64]:
    """Base cell and digits of every cell as one whole number below 2**52."""
    if cells.dtype != np.uint64 or cells.ndim != 1:
        raise ValueError("cells are one column of uint64")
    if len(cells) == 0:
        return cells
    unused = 3 * (15 - resolution)
    tail = np.uint64((1 << unused) - 1)
    if bool(((cells >> np.uint64(52)) != np.uint64((1 << 7) | resolution)).any()) or bool(
        ((cells & tail) != tail).any()
    ):
        raise ValueError(f"not all cells are of resolution {resolution}")
    if bool((cells[1:] <= cells[:-1]).any()):
        raise ValueError("cells must be strictly ascending")
    return (cells >> np.uint64(unused)) & np.uint64((1 << (7 + 3 * resolution)) - 1)


def _codes(
    name: str, values: NDArray[Any], *, withheld: NDArray[np.bool_] | None, step: float, rounded: bool
) -> tuple[dict[str, Any], NDArray[Any]]:
    """Describe a measure and turn its values into the smallest type that keeps them."""
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_):
        raise ValueError(f"{name}: not numbers")
    numbers = np.asarray(values, dtype=np.float64)
    if rounded and not step > 0:
        raise ValueError(f"{name}: a precision is above zero")
    unknown = np.isnan(numbers)
    gone = unknown if withheld is None else unknown | withheld
    any_gone = bool(gone.any())
    known = numbers[~gone] if any_gone else numbers
    if not np.isfinite(known).all():
        raise ValueError(f"{name}: infinite values")
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    span: dict[str, Any] = {"minimum": low, "maximum": high} if len(known) else {"minimum": None, "maximum": None}
    steps = np.rint(known / step) if rounded else known
    if max(abs(low), abs(high)) / step >= 2**53:
        raise ValueError(f"{name}: too large to be sent exactly")
    whole = rounded or bool((np.rint(known) == known).all())
    if whole:
        first = min(0, int(np.rint(low / step)))
        top = int(np.rint(high / step)) - first
        type_name = next((t for t in _UNSIGNED if top <= np.iinfo(t).max - 2), None)
        if type_name is not None:
            limit = int(np.iinfo(type_name).max)
            dtype = _TYPES[type_name]
            codes: NDArray[Any]
            if any_gone:
                codes = np.full(len(numbers), limit, dtype=dtype)
                codes[~gone] = (steps - first).astype(dtype)
                if withheld is not None:
                    codes[withheld] = limit - 1
            else:
                codes = (steps - first).astype(dtype)
            return {
                "type": type_name,
                "offset": first,
                "scale": step if rounded else 1,
                "unknown": limit if bool((unknown if withheld is None else unknown & ~withheld).any()) else None,
                "hidden": limit - 1 if withheld is not None and bool(withheld.any()) else None,
                **span,
            }, codes
    # whole numbers beyond 32 bits stay exact in float64; everything else is a measurement and float32 suffices
    dtype = _TYPES["float64" if whole else "float32"]
    if whole and rounded:
        raise ValueError(f"{name}: the precision needs more than 32 bits")
    floats = numbers.astype(dtype)
    if not np.isfinite(floats[~gone]).all():
        raise ValueError(f"{name}: too large for float32")
    if withheld is not None:
        floats[withheld] = np.inf
    return {"type": "float64" if whole else "float32", **span}, floats


def _values(codes: NDArray[Any], description: Mapping[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of the codes, NaN where unknown or hidden, and where they are hidden."""
    values = codes.astype(np.float64)
    if description["type"] in _UNSIGNED:
        values = (values + float(description["offset"])) * float(description["scale"])
        code = description["hidden"]
        withheld = codes == code if code is not None else np.zeros(len(codes), dtype=np.bool_)
        if description["unknown"] is not None:
            values[codes == description["unknown"]] = np.nan
    else:
        withheld = np.isposinf(values)
    values[withheld] = np.nan
    return values, withheld


def _byte_length(number: int) -> int:
    return max(1, (number.bit_length() + 7) // 8)


def _planes(column: NDArray[Any], count: int) -> bytes:
    """The `count` lowest bytes of every element, plane by plane."""
    little = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(len(little), little.dtype.itemsize)[:, :count].T.tobytes()


def _from_planes(planes: NDArray[np.uint8], rows: int, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Inverse of `_planes`; bytes that were not sent are zero."""
    table = np.zeros((rows, dtype.itemsize), dtype=np.uint8)
    table[:, :count] = planes.reshape(count, rows).T
    return table.reshape(-1).view(dtype)
