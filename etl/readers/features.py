"""What KML and GPX share: an XML file walked twice, first for its columns, then for its rows."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from etl.readers.markup import Element, elements
from etl.readers.source import Limits, RawChunk, Source
from etl.readers.table import MOST_COLUMNS
from geo_core.errors import InvalidInput

# (values, geometry)
Feature = tuple[dict[str, str], Any]


@dataclass(eq=False)
class XmlSource(Source):
    """Elements of an XML file as rows; coordinates are degrees, as these formats have it."""

    path: Path = Path()
    tags: ClassVar[frozenset[str]]
    kind: ClassVar[str]

    @classmethod
    def open(cls, path: Path, limits: Limits) -> Self:
        """Walk the file for the columns its rows have.

        Raises
        ------
        InvalidInput : ``xml-doctype``, ``too-many-columns``. DataQuality : ``truncated-file``, ``broken-xml``.
        """
        source = cls(limits=limits, format=cls.kind, crs="OGC:CRS84", has_geometry=True, open_ended=True, path=path)
        header: dict[str, None] = {}
        for values in source._values():
            header.update(dict.fromkeys(values))
            if len(header) > MOST_COLUMNS:
                raise InvalidInput("too-many-columns", found=len(header), limit=MOST_COLUMNS)
        source.header = tuple(header)
        return source

    @staticmethod
    @abstractmethod
    def values(element: Element) -> dict[str, str]:
        """Column → text of one element."""

    @staticmethod
    @abstractmethod
    def shape(element: Element) -> Any:
        """Its geometry; None where it has none, an empty collection where it cannot be read."""

    def _elements(self) -> Iterator[tuple[Element, float]]:
        size = max(self.path.stat().st_size, 1)
        with self.path.open("rb") as file:
            for element in elements(file, self.tags, format=self.format, limit=self.limits.max_feature_bytes):
                yield element, min(file.tell() / size, 1.0)

    def _values(self) -> Iterator[dict[str, str]]:
        for element, _ in self._elements():
            yield self.values(element)

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        rows: list[Feature] = []
        seen = 0
        for element, share in self._elements():
            rows.append((self.values(element), self.shape(element)))
            if len(rows) >= self.limits.chunk_rows:
                self.progress = share
                yield _chunk(rows, wanted, seen)
                seen += len(rows)
                rows = []
                self.count(seen)
        self.progress = 1.0
        if rows:
            yield _chunk(rows, wanted, seen)
        self.count(seen + len(rows))


def finite(text: str) -> float:
    """A coordinate.

    Raises
    ------
    ValueError : no number, or not a finite one.
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _chunk(rows: list[Feature], wanted: list[str], before: int) -> RawChunk:
    shapes = np.full(len(rows), None, dtype=object)
    for k, (_, shape) in enumerate(rows):
        shapes[k] = shape
    return RawChunk(
        {name: pa.array([values.get(name) for values, _ in rows], type=pa.string()) for name in wanted},
        np.arange(before + 1, before + len(rows) + 1, dtype=np.int64),
        shapes,
    )
