"""A source as the rest of intake may see it: rows made into records, identifying columns as pseudonyms, keys and free text without
people's numbers.

What looks like an identifier leaves this neither in a text nor in a key: the text becomes empty, the key its pseudonym. In other columns it
can only be what makes a row rejected, and what is kept of such a row goes through :func:`etl.records.shown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from etl.coercion.numbers import as_text
from etl.grouping import Grouper, count_column, source_columns, ungrouped
from etl.identifiers import looks_like_identifier
from etl.pseudonyms import Pseudonymiser, PseudonymKey, load_key, pseudonym_column
from etl.readers.source import RawChunk, Source, resolve
from etl.records import RejectedRow
from geo_core.errors import InvalidInput
from layers.spec import FieldType, Layer, SourceMapping

IDENTIFIER_FLAG = "looks-like-identifier"
CONFLICT_FLAG = "group-conflict"


def guarded(
    source: Source, mapping: SourceMapping, layer: Layer, key: PseudonymKey | None = None
) -> tuple[Source, SourceMapping]:
    """The source behind its guard, and the mapping that reads it.

    Parameters
    ----------
    key : for pseudonyms; None = the installation's own, made on first use.

    Raises
    ------
    InvalidInput : ``missing-columns``: a column of the grouping or of a pseudonym is not there.
    """
    plain = plain_mapping(mapping)
    hidden = set(plain.columns.values()) & {name for names in mapping.pseudonyms.values() for name in names}
    if hidden:
        raise InvalidInput("mapping-identifier-stored", columns=sorted(hidden))
    texts = {
        column
        for name, column in plain.columns.items()
        if layer.field_named(name).type is FieldType.TEXT and name not in mapping.pseudonyms
    }
    keyed = plain.source_id if "source_id" not in mapping.pseudonyms else None
    if not (mapping.grouping or mapping.pseudonyms or texts or keyed):
        return source, plain
    return GuardedSource(source, mapping, plain, texts - {keyed}, key, keyed=keyed), plain


def plain_mapping(mapping: SourceMapping) -> SourceMapping:
    """The mapping that reads what the guard hands out, and raw rows kept behind it: records, and pseudonyms as texts."""
    plain = ungrouped(mapping)
    if not mapping.pseudonyms:
        return plain
    made = {target: pseudonym_column(target) for target in mapping.pseudonyms}
    return replace(
        plain,
        columns={**plain.columns, **{t: c for t, c in made.items() if t != "source_id"}},
        source_id=made.get("source_id", plain.source_id),
        pseudonyms={},
        keep_original=False,
    )


class GuardedSource(Source):
    """See :func:`guarded`.

    ``merged`` : rows that went into a record another row had begun. ``originals`` : (target, pseudonym) → value, where kept.
    """

    def __init__(
        self,
        inner: Source,
        mapping: SourceMapping,
        plain: SourceMapping,
        texts: set[str],
        key: PseudonymKey | None,
        *,
        keyed: str | None = None,
    ) -> None:
        super().__init__(
            limits=inner.limits,
            format=inner.format,
            header=inner.header,
            crs=inner.crs,
            has_geometry=inner.has_geometry,
            open_ended=inner.open_ended,
            natural_id=inner.natural_id,
            decimal=inner.decimal,
            warnings=inner.warnings,
        )
        self._inner, self._mapping, self._texts = inner, mapping, texts
        self._lacking: set[str] = set()
        grouping = mapping.grouping
        self._grouped = {c: self._column(c) for c in source_columns(grouping)} if grouping else {}
        self._behind = {t: [self._column(c) for c in names] for t, names in mapping.pseudonyms.items()}
        if self._lacking:
            raise InvalidInput("missing-columns", columns=sorted(self._lacking), header=list(inner.header)[:50])
        self._key = key
        self._keyed = self._found(keyed) if keyed is not None else None
        self._text_columns = {found for c in texts if (found := self._found(c)) is not None}
        self._pseudonyms = (
            Pseudonymiser(key or load_key(), self._behind, mapping.keep_original) if self._behind else None
        )
        self._counts = [count_column(name) for name in grouping.counts] if grouping else []
        self._grouper: Grouper | None = None
        hidden = {c for names in self._behind.values() for c in names}
        if self.header:
            made = [*self._counts, *(pseudonym_column(target) for target in self._behind)]
            self.header = (*(c for c in inner.header if c not in hidden), *made)

    @property
    def merged(self) -> int:
        """Rows that went into a record another row had begun; known after the chunks."""
        return self._grouper.merged if self._grouper is not None else 0

    @property
    def originals(self) -> dict[tuple[str, str], str]:
        """What pseudonyms stand for, where the mapping keeps it."""
        return self._pseudonyms.originals if self._pseudonyms is not None else {}

    def looks_uncut(self) -> bool:
        """Whether the file seems to be cut by another delimiter."""
        return bool(getattr(self._inner, "looks_uncut", bool)())

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        """Records without identifiers."""
        wanted = None if columns is None else self._needed(columns)
        chunks = self._followed(wanted)
        if self._mapping.grouping is None:
            for chunk in chunks:
                yield self._clean(chunk)
            return
        named = {**{c: c for c in wanted or self._inner.header}, **self._grouped}
        named |= {c: found for c in self._mapping.columns.values() if (found := self._found(c)) is not None}
        self._grouper = Grouper(self._mapping.grouping, self._mapping, named, self.limits.chunk_rows)
        for chunk, conflict in self._grouper.records(chunks):
            yield self._clean(replace(chunk, flags={**chunk.flags, CONFLICT_FLAG: conflict}))

    def close(self) -> None:
        """Let go of the file."""
        self._inner.close()

    def _followed(self, wanted: list[str] | None) -> Iterator[RawChunk]:
        for chunk in self._inner.chunks(wanted):
            self.progress = self._inner.progress
            yield chunk

    def _clean(self, chunk: RawChunk) -> RawChunk:
        columns = dict(chunk.columns)
        if self._pseudonyms is not None:
            columns = self._pseudonyms.replace(columns)
        marked: NDArray[np.bool_] = np.zeros(len(chunk), dtype=np.bool_)
        for name in self._text_columns & columns.keys():
            text = as_text(columns[name])
            hit = looks_like_identifier(text)
            if hit.any():
                marked |= hit
                columns[name] = pa.array(np.where(hit, None, text.to_numpy(zero_copy_only=False)), pa.string())
        if self._keyed in columns:
            text = as_text(columns[self._keyed])
            hit = looks_like_identifier(text)
            if hit.any():
                marked |= hit
                columns[self._keyed] = self._as_pseudonyms(text, hit)
        flags = {**chunk.flags, IDENTIFIER_FLAG: marked} if marked.any() else chunk.flags
        return replace(chunk, columns=columns, flags=flags, rejected=tuple(self._kept(row) for row in chunk.rejected))

    def _as_pseudonyms(self, keys: pa.StringArray, hit: NDArray[np.bool_]) -> pa.StringArray:
        """The keys, those of ``hit`` as pseudonyms: equal for equal keys, so that a record is met again."""
        self._key = self._key or load_key()
        values = keys.to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(hit).tolist():
            values[row] = self._key.of(values[row])
        return pa.array(values, pa.string())

    def _kept(self, row: RejectedRow) -> RejectedRow:
        """A line that could not be read, without the columns that identify."""
        hidden = {c for names in self._behind.values() for c in names}
        raw = {c: v for c, v in row.raw.items() if c not in hidden and not (self._behind and c == "line")}
        reasons = tuple(
            (code, {k: v for k, v in params.items() if raw == row.raw or k != "value"}) for code, params in row.reasons
        )
        return replace(row, raw=raw, reasons=reasons)

    def _needed(self, columns: Sequence[str]) -> list[str]:
        """Columns of the source behind those asked for."""
        behind = {pseudonym_column(target): names for target, names in self._behind.items()}
        out: list[str] = list(self._grouped.values())
        for name in columns:
            if name not in self._counts:
                out += behind.get(name, [name])
        return list(dict.fromkeys(out))

    def _found(self, name: str) -> str | None:
        return name if not self._inner.header and self._inner.open_ended else resolve(self._inner.header, name)

    def _column(self, name: str) -> str:
        found = self._found(name)
        if found is None:
            self._lacking.add(name)
        return found or name
