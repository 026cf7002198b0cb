"""JSON that is no GeoJSON: lists of objects as tables, also where they lie one level deeper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from etl.readers.geojson import GeoJsonSource, columns_of, load
from etl.readers.soundness import sound
from etl.readers.source import Limits, RawChunk, Source
from etl.readers.table import MOST_COLUMNS
from etl.records import RejectedRow, shown
from geo_core.errors import InvalidInput

KEY = "@key"


def open_json(path: Path, limits: Limits) -> Source:
    """A GeoJSON file, else a table of JSON objects.

    Raises
    ------
    LimitExceeded : ``geojson-too-large``. DataQuality : ``broken-json``. InvalidInput : ``not-a-feature-collection``.
    """
    document, encoding = load(path, limits)
    records = None
    if not isinstance(document, dict) or document.get("type") not in ("Feature", "FeatureCollection"):
        records = _records(document)
    source: Source = GeoJsonSource.of(document, limits) if records is None else JsonRecords.of(records, limits)
    if encoding is not None:
        source.warnings.add("encoding-guessed", encoding=encoding)
    return source


@dataclass(eq=False)
class JsonRecords(Source):
    """Objects as rows. What is no object among them is rejected with ``broken-record``.

    An object that holds a list of objects (a street with its points) gives a row for each of them, with its own values in every row;
    names of both are told apart by the list's name. A key the objects are filed under is the column ``@key``.
    """

    records: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, records: list[Any], limits: Limits) -> Self:
        """The source of these objects."""
        rows = [row for record in records for row in _spread(record)]
        header: dict[str, None] = {}
        for row in rows:
            header.update(dict.fromkeys(row if isinstance(row, dict) else ()))
        if len(header) > MOST_COLUMNS:
            raise InvalidInput("too-many-columns", found=len(header), limit=MOST_COLUMNS)
        return cls(limits=limits, format="json", header=tuple(header), open_ended=True, records=rows)

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        self.count(len(self.records))
        for start in range(0, len(self.records), self.limits.chunk_rows):
            part = self.records[start : start + self.limits.chunk_rows]
            good = [k for k, row in enumerate(part) if isinstance(row, dict)]
            rejected = tuple(
                RejectedRow(row_number=start + k + 1, raw={"line": shown(row)}, reasons=(("broken-record", {}),))
                for k, row in enumerate(part)
                if not isinstance(row, dict)
            )
            self.progress = (start + len(part)) / len(self.records)
            found = columns_of([{"properties": part[k]} for k in good], wanted)
            yield sound(RawChunk(found, start + 1 + np.array(good, dtype=np.int64), rejected=rejected))

    def close(self) -> None:
        self.records = []


def _is_table(value: Any) -> bool:
    """A list most of whose items are objects."""
    return isinstance(value, list) and sum(isinstance(v, dict) for v in value) > 0.5 * len(value)


def _records(document: Any) -> list[Any] | None:
    """The objects of a document: it is a list of them, holds one such list, or files lists of them under keys."""
    if _is_table(document):
        return list(document)
    if not isinstance(document, dict) or not document:
        return None
    tables = [value for value in document.values() if _is_table(value)]
    lists = [value for value in document.values() if isinstance(value, list)]
    if len(tables) == 1 and len(lists) == 1:
        return list(tables[0])
    if len(tables) == len(document) or (len(tables) > 0.5 * len(document) and len(lists) == len(document)):
        # a key without any object is a row of its own: it was in the file
        return [
            {KEY: key, **item} if isinstance(item, dict) else item
            for key, value in document.items()
            for item in (value or [{}])
        ]
    return None


def _spread(record: Any) -> list[Any]:
    """An object as one row for each object in its one inner list; else as it is."""
    if not isinstance(record, dict):
        return [record]
    inner = [name for name, value in record.items() if _is_table(value) and value]
    if len(inner) != 1 or not all(isinstance(item, dict) for item in record[inner[0]]):
        return [record]
    name = inner[0]
    own = {key: value for key, value in record.items() if key != name}
    return [{**own, **{f"{name}.{k}" if k in own else k: v for k, v in item.items()}} for item in record[name]]
