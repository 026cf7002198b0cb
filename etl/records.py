"""What intake hands to the loader: clean typed batches, rejected rows with every reason, and the report of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from etl.identifiers import REMOVED, value_identifies

Reason = tuple[str, dict[str, Any]]
SAMPLES_KEPT = 5
VALUE_LENGTH = 100


def shown(value: Any) -> Any:
    """A source's value as JSON, cut so that a report stays readable; not-a-number becomes None, what identifies a person a mark."""
    if value_identifies(value):
        return REMOVED
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    if text is not value and value_identifies(text):
        return REMOVED
    text = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return text if len(text) <= VALUE_LENGTH * 2 else text[: VALUE_LENGTH * 2 - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """A row that cannot be stored, with everything that is wrong with it.

    Parameters
    ----------
    row_number : data row in the source, 1 = the first row after the header.
    raw : the source's values of the mapped columns only (a column nobody asked for may name a person), cut to 200
        characters; JSON values; what identifies a person is replaced by a mark. A line with the wrong number of fields is ``{"line": …}``.
    reasons : (code, params) of every fault found, never only the first; the sentence is ``reject.<code>``.
    """

    row_number: int
    raw: dict[str, Any]
    reasons: tuple[Reason, ...]


@dataclass
class Tally:
    """How often each warning was met, with the first few examples."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, code: str, count: int = 1, /, **params: Any) -> None:
        """Count ``code`` ``count`` more times; keep ``params`` as an example while few are kept."""
        if count <= 0:
            return
        self.counts[code] += count
        kept = self.samples.setdefault(code, [])
        if params and len(kept) < SAMPLES_KEPT and params not in kept:
            kept.append(params)

    def merge(self, other: Tally) -> None:
        """Add everything another tally holds."""
        for code, count in other.counts.items():
            self.add(code, count)
            for params in other.samples.get(code, []):
                self.add_sample(code, params)

    def add_sample(self, code: str, params: dict[str, Any]) -> None:
        """Keep an example without counting."""
        kept = self.samples.setdefault(code, [])
        if len(kept) < SAMPLES_KEPT and params not in kept:
            kept.append(params)


@dataclass(frozen=True, eq=False)
class FlagColumn:
    """Notes on rows as bits: bit ``i`` of a row says that ``names[i]`` holds for it."""

    names: tuple[str, ...]
    bits: NDArray[np.uint64]

    def to_arrow(self) -> pa.ListArray:
        """The flags as list<string>, one list per row, empty where there is nothing to note."""
        distinct, codes = np.unique(self.bits, return_inverse=True)
        lists = [[n for i, n in enumerate(self.names) if int(b) >> i & 1] for b in distinct]
        return pa.array(lists, type=pa.list_(pa.string())).take(pa.array(codes))

    def mask(self, name: str) -> NDArray[np.bool_]:
        """Rows that carry the flag ``name`` (none when nobody ever set it)."""
        if name not in self.names:
            return np.zeros(len(self.bits), dtype=np.bool_)
        return (self.bits >> np.uint64(self.names.index(name))) & np.uint64(1) == 1

    def counts(self) -> dict[str, int]:
        """How many rows carry each flag that any row carries."""
        used = np.bitwise_or.reduce(self.bits) if len(self.bits) else np.uint64(0)
        return {n: int(np.count_nonzero(self.mask(n))) for i, n in enumerate(self.names) if int(used) >> i & 1}

    def take(self, keep: NDArray[np.bool_]) -> FlagColumn:
        return FlagColumn(self.names, self.bits[keep])


@dataclass(frozen=True, eq=False)
class EventTimes:
    """When events happened, as far as the source says.

    Parameters
    ----------
    occurred_from, occurred_to : datetime64[us] in UTC, half-open, holds the true instant; NaT = unknown.
    time_precision : minute | hour | day | month | year | unknown.
    day_from, day_to : datetime64[D] local, inclusive; NaT = unknown.
    hour : local hour, 0–23; null = unknown.
    weekday : 1 = Monday … 7; null = unknown.
    """

    occurred_from: NDArray[np.datetime64]
    occurred_to: NDArray[np.datetime64]
    time_precision: pa.StringArray
    day_from: NDArray[np.datetime64]
    day_to: NDArray[np.datetime64]
    hour: pa.Int16Array
    weekday: pa.Int16Array

    def take(self, keep: NDArray[np.bool_]) -> EventTimes:
        mask = pa.array(keep)
        return EventTimes(
            self.occurred_from[keep],
            self.occurred_to[keep],
            self.time_precision.filter(mask),
            self.day_from[keep],
            self.day_to[keep],
            self.hour.filter(mask),
            self.weekday.filter(mask),
        )

    def columns(self) -> dict[str, pa.Array]:
        """As Arrow columns under the names of the table."""
        return {
            "occurred_from": pa.array(self.occurred_from, type=pa.timestamp("us", tz="UTC")),
            "occurred_to": pa.array(self.occurred_to, type=pa.timestamp("us", tz="UTC")),
            "time_precision": self.time_precision,
            "day_from": pa.array(self.day_from, type=pa.date32()),
            "day_to": pa.array(self.day_to, type=pa.date32()),
            "hour": self.hour,
            "weekday": self.weekday,
        }


@dataclass(frozen=True, eq=False)
class SourceRows:
    """Rows of a chunk as the source wrote them.

    Parameters
    ----------
    columns : Arrow arrays of the whole chunk, by the source's names, mapped columns only; nothing is copied.
    at : int64, position in the chunk of each row.
    """

    columns: Mapping[str, pa.Array]
    at: NDArray[np.int64]

    def raw(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Values of ``rows`` (positions in ``at``) as JSON, cut to 200 characters."""
        wanted = pa.array(self.at[rows])
        columns = {name: [shown(v) for v in column.take(wanted).to_pylist()] for name, column in self.columns.items()}
        return [{name: values[i] for name, values in columns.items()} for i in range(len(rows))]

    def take(self, keep: NDArray[np.bool_]) -> SourceRows:
        """The rows of a mask."""
        return SourceRows(self.columns, self.at[keep])


@dataclass(frozen=True, eq=False)
class RecordBatch:
    """Accepted rows of one chunk of a source, columns typed as the layer declares, and the chunk's rejected rows.

    Parameters
    ----------
    columns : one Arrow array per layer field (text and codes string, integers int64, reals float64, booleans bool,
        dates date32); null = unknown.
    lon, lat : degrees, EPSG:4326: the point, or the representative point of a line or area; NaN = no position.
    geometry : shapely geometries in EPSG:4326 of layers that are not points, else None.
    source_id : the source's key, unique in the file (see :mod:`etl.identity`).
    row_hash : int64 over the normalised content, equal on every machine and run.
    row_number : 1-based data row in the source.
    flags : notes on rows.
    times : of events, else None.
    dark : sun lower than −6° at that place and moment; None where nobody computed it or the layer has no events.
    node_ids : list<int64>, the OSM nodes of each line in order (roads), else None.
    rejected : the rows of this chunk that were not accepted.
    source : the source's own values of the mapped columns, one per row; see :meth:`raw`.
    struck_off : keys of the rows of this chunk that the register struck off: they are neither accepted nor rejected.
    """

    columns: dict[str, pa.Array]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    geometry: NDArray[np.object_] | None
    source_id: pa.StringArray
    row_hash: NDArray[np.int64]
    row_number: NDArray[np.int64]
    flags: FlagColumn
    times: EventTimes | None = None
    dark: pa.BooleanArray | None = None
    node_ids: pa.ListArray | None = None
    rejected: tuple[RejectedRow, ...] = ()
    source: SourceRows | None = None
    struck_off: pa.StringArray | None = None

    def __len__(self) -> int:
        return len(self.row_number)

    def raw(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """The source's values of these rows, as :class:`RejectedRow` keeps them: accepted rows may still be refused later."""
        return self.source.raw(rows) if self.source is not None else [{} for _ in rows]

    def to_table(self) -> pa.Table:
        """Everything in one Arrow table: lon, lat (null = no position), geometry as WKB, times flat, flags as lists."""
        out: dict[str, pa.Array] = {
            "source_id": self.source_id,
            "row_number": pa.array(self.row_number),
            "row_hash": pa.array(self.row_hash),
            "lon": pa.array(self.lon, from_pandas=True),
            "lat": pa.array(self.lat, from_pandas=True),
            "flags": self.flags.to_arrow(),
            **self.columns,
        }
        if self.geometry is not None:
            out["geometry"] = pa.array(shapely.to_wkb(self.geometry), type=pa.binary())
        if self.times is not None:
            out.update(self.times.columns())
            out["dark"] = self.dark if self.dark is not None else pa.nulls(len(self), pa.bool_())
        if self.node_ids is not None:
            out["node_ids"] = self.node_ids
        return pa.table(out)


@dataclass(frozen=True, kw_only=True)
class ReadReport:
    """What became of every row of a file; ``read = accepted + rejected + struck_off + merged`` always.

    Parameters
    ----------
    reasons : how many rows each reason rejected; a row with two reasons counts in both, so the sum may exceed ``rejected``.
    period : first and last local day of accepted events; None when no day is known.
    sha256 : of the file as given (packed, if it was packed).
    merged : rows that went into a record another row had begun (``SourceMapping.grouping``).
    flagged : flag → accepted rows that carry it.
    """

    format: str
    read: int
    accepted: int
    rejected: int
    reasons: Mapping[str, int]
    warnings: Tally
    sha256: str
    size_bytes: int
    period: tuple[date, date] | None = None
    struck_off: int = 0
    merged: int = 0
    flagged: Mapping[str, int] = field(default_factory=dict)
