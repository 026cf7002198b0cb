"""Readers: a file of any supported format becomes chunks of raw columns.

``open_source`` recognises the format by content, unpacks ``.gz`` and ``.zip`` behind guards, and returns a
:class:`~etl.readers.source.Source`. Readers never judge values; :mod:`etl.quality` does.
"""

from etl.readers.opening import open_source
from etl.readers.source import Limits, RawChunk, Source

__all__ = ["Limits", "RawChunk", "Source", "open_source"]
