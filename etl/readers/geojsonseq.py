"""GeoJSON a feature at a time: RFC 8142 text sequences and a feature on each line, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson

from etl.readers.geojson import columns_of, geometries, keys_of
from etl.readers.soundness import sound
from etl.readers.source import Limits, RawChunk, Source
from etl.records import RejectedRow, shown
from geo_core.errors import DataQuality, InvalidInput

RS = b"\x1e"
PIECE = 1 << 20
HEAD = 1 << 20


def is_sequence(path: Path) -> bool:
    """Whether the first line is a whole feature and something follows it, or there are record separators."""
    with path.open("rb") as file:
        head = file.read(HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(RS):
        return True
    first, _, rest = head.partition(b"\n")
    if not rest.strip():
        return False
    return _feature(first) is not None


def _feature(text: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict):
        return None
    if found.get("type") == "Feature" or ("geometry" in found and "properties" in found):
        return found
    # a bare geometry is a feature without properties
    return {"geometry": found} if "coordinates" in found or "geometries" in found else None


@dataclass(eq=False)
class GeoJsonSequence(Source):
    """Features one after another. A text that is no feature is rejected by itself with ``broken-feature``."""

    path: Path = Path()
    separated: bool = False

    @classmethod
    def open(cls, path: Path, limits: Limits) -> Self:
        """Read the file once to learn which properties there are: any feature may bring a new one.

        Raises
        ------
        DataQuality : ``line-too-long``, ``broken-json`` (no feature at all). InvalidInput : ``too-many-columns``.
        """
        with path.open("rb") as file:
            separated = file.read(16).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(RS)
        source = cls(
            limits=limits,
            format="geojson-seq",
            crs="OGC:CRS84",
            has_geometry=True,
            open_ended=True,
            path=path,
            separated=separated,
        )
        header: dict[str, None] = {}
        good = 0
        for text in source._texts():
            feature = _feature(text)
            if feature is not None:
                good += 1
                header.update(dict.fromkeys(keys_of(feature)))
                if len(header) > 5000:
                    raise InvalidInput("too-many-columns", found=len(header), limit=5000)
        if not good:
            raise DataQuality("broken-json", line=1, column=1)
        source.header = tuple(header)
        return source

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(dict.fromkeys(self.header if columns is None else columns))
        features: list[dict[str, Any]] = []
        numbers: list[int] = []
        rejected: list[RejectedRow] = []
        seen = weight = done = 0
        size = max(self.path.stat().st_size, 1)
        for text in self._texts():
            seen += 1
            done += len(text) + 1
            feature = _feature(text)
            if feature is None:
                line = shown(text.decode("utf-8", "replace"))
                rejected.append(RejectedRow(row_number=seen, raw={"line": line}, reasons=(("broken-feature", {}),)))
            else:
                features.append(feature)
                numbers.append(seen)
                weight += len(text)
            if len(features) + len(rejected) >= self.limits.chunk_rows or weight > self.limits.block_bytes:
                self.progress = min(done / size, 1.0)
                yield self._chunk(features, numbers, rejected, wanted)
                self.count(seen)
                features, numbers, rejected, weight = [], [], [], 0
        if features or rejected:
            self.progress = 1.0
            yield self._chunk(features, numbers, rejected, wanted)
        self.count(seen)

    @staticmethod
    def _chunk(
        features: list[dict[str, Any]], numbers: list[int], rejected: list[RejectedRow], wanted: list[str]
    ) -> RawChunk:
        found = RawChunk(
            columns_of(features, wanted),
            np.array(numbers, dtype=np.int64),
            geometries([f.get("geometry") for f in features]),
            rejected=tuple(rejected),
        )
        return sound(found)

    def _texts(self) -> Iterator[bytes]:
        """The texts between separators; blank ones are left out."""
        mark = RS if self.separated else b"\n"
        with self.path.open("rb") as file:
            if file.read(3) != b"\xef\xbb\xbf":
                file.seek(0)
            waiting: list[bytes] = []
            size = 0
            while piece := file.read(PIECE):
                if mark in piece:
                    *whole, last = (b"".join(waiting) + piece).split(mark)
                    waiting, size = [last], len(last)
                    yield from (text for part in whole if (text := part.strip()))
                else:
                    waiting.append(piece)
                    size += len(piece)
                if size > self.limits.max_feature_bytes:
                    raise DataQuality("line-too-long", limit_bytes=self.limits.max_feature_bytes)
            if text := b"".join(waiting).strip():
                yield text
