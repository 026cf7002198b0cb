"""What a mapping makes of the first rows of a file: nothing is stored, and faults of the file are told instead of ending it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from etl.coercion.numbers import as_reals
from etl.coercion.references import Candidate, candidates
from etl.coercion.shapes import representative
from etl.coercion.territory import Territory
from etl.context import ImportContext
from etl.intake import read_batches
from etl.making import with_made
from etl.readers import Limits, RawChunk, Source
from etl.readers.source import resolve
from etl.records import RecordBatch, Tally
from geo_core.errors import InvalidInput
from layers.spec import Layer, SourceMapping

TRIED_ROWS = 2000
MOST_UNSEEN = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """The first rows under a mapping.

    Parameters
    ----------
    batch : good and rejected rows of the first chunk; None where the file cannot be read so at all.
    fault : why the file as a whole would be refused, judged by these rows; None = it would not.
    reasons : how many of these rows each reason rejects. warnings : notes on these rows.
    unseen : (field, value as the file writes it) → rows, of codes the layer does not know.
    """

    batch: RecordBatch | None = None
    fault: InvalidInput | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    warnings: Tally = field(default_factory=Tally)
    unseen: Mapping[tuple[str, str], int] = field(default_factory=dict)


def try_mapping(path: Path, *, layer: Layer, mapping: SourceMapping, context: ImportContext) -> Trial:
    """Read the first rows by a mapping.

    Raises
    ------
    LimitExceeded, NotFound : the file cannot be opened at all.
    """
    try:
        reading = read_batches(
            path, layer=layer, mapping=mapping, context=context, limits=Limits(chunk_rows=TRIED_ROWS)
        )
    except InvalidInput as fault:
        return Trial(fault=fault)
    batch: RecordBatch | None = None
    wrong: InvalidInput | None = None
    try:
        batch = next(reading, None)
        reading.judge_so_far()
    except InvalidInput as found:
        wrong = found
    finally:
        reading.close()
    if batch is None:
        return Trial(fault=wrong, warnings=reading.warnings)
    reasons: Counter[str] = Counter()
    unseen: Counter[tuple[str, str]] = Counter()
    for row in batch.rejected:
        reasons.update({code for code, _ in row.reasons})
        unseen.update(
            (str(params["field"]), str(params["value"]))
            for code, params in row.reasons
            if code == "unseen-code" and params.get("value") is not None
        )
    return Trial(
        batch=batch,
        fault=wrong,
        reasons=dict(reasons.most_common()),
        warnings=reading.warnings,
        unseen=dict(unseen.most_common(MOST_UNSEEN)),
    )


def references_of(
    source: Source, sample: RawChunk, mapping: SourceMapping, territory: Territory
) -> tuple[Candidate, ...]:
    """Coordinate systems in which the positions of a sample may be under a mapping, whatever it says itself.

    Empty where the mapping names no position, or the file states its own coordinate system.
    """
    try:
        made = with_made(source, mapping)
    except InvalidInput:
        return ()
    if mapping.wkt is not None or (mapping.lon is None and source.has_geometry and source.crs is None):
        shapes = made.shaped(sample).geometry if mapping.wkt is not None else sample.geometry  # type: ignore[attr-defined]
        if shapes is None:
            return ()
        x, y = representative(shapes)
        return tuple(c for c in candidates(x, y, territory) if not c.turned)
    if mapping.lon is None or mapping.lat is None:
        return ()
    columns = made.made_columns(sample) if mapping.made else sample.columns  # type: ignore[attr-defined]
    values = []
    for name in (mapping.lon, mapping.lat):
        found = name if name in columns else resolve(source.header, name)
        column: pa.Array | None = columns.get(found or "")
        if column is None:
            return ()
        values.append(np.asarray(as_reals(column)[0]))
    return candidates(values[0], values[1], territory)
