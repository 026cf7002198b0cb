"""Compressing a body once, with the best encoding the reader takes."""

from __future__ import annotations

import gzip
from functools import lru_cache

import zstandard

SMALLEST_BYTES = 400
# Cells and tiles are planes and varints: higher levels cost three times as long for a few per cent.
_ZSTD_LEVEL = 3
_GZIP_LEVEL = 4


@lru_cache(maxsize=256)
def choose(accept_encoding: str) -> str:
    """``zstd``, ``gzip`` or ``identity``, by the header ``Accept-Encoding`` (RFC 9110, 12.5.3); garbage is ``identity``."""
    weights: dict[str, float] = {}
    for part in accept_encoding[:500].lower().split(","):
        name, _, options = part.partition(";")
        key, _, value = options.strip().partition("=")
        try:
            weights[name.strip()] = float(value) if key.strip() == "q" else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    anything = weights.get("*", 0.0)
    best, chosen = 0.0, "identity"
    for name in ("zstd", "gzip"):
        weight = weights.get(name, anything)
        if weight > best:
            best, chosen = weight, name
    return chosen


def compress(data: bytes, encoding: str) -> tuple[bytes, str]:
    """The bytes and the encoding really used: small bodies stay as they are."""
    if encoding == "identity" or len(data) < SMALLEST_BYTES:
        return data, "identity"
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(data), "zstd"
    return gzip.compress(data, _GZIP_LEVEL, mtime=0), "gzip"
