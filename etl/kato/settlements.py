"""The settlement columns of an import: names in the source → codes of the classifier, and how each name fared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection

from etl.coercion.numbers import as_text
from etl.findings import Findings
from etl.kato.classifier import Classifier
from etl.kato.resolver import How, Resolver
from etl.records import Tally
from layers import registry
from layers.queries.run import mappings
from layers.spec import Settlement, SourceMapping

# What a reader is told of names without a code; the others are told only as numbers.
_UNRESOLVED = {How.NOT_FOUND: "settlement-not-found", How.AMBIGUOUS: "settlement-ambiguous"}
_RESOLVED = {How.FORMER: "settlement-former-name", How.MISSPELLED: "settlement-misspelled"}


def classifier_for(connection: Connection, workspace_id: int, mapping: SourceMapping) -> Classifier | None:
    """The workspace's classifier (layer ``kato_units``), None where the mapping resolves no settlements."""
    if not mapping.settlements:
        return None
    table = registry.load()["kato_units"].table
    rows = mappings(
        connection,
        f"SELECT code, coalesce(name_ru, '') AS ru, coalesce(name_kk, '') AS kk FROM {table} WHERE workspace_id = %(ws)s",  # noqa: S608
        {"ws": workspace_id},
    )
    return Classifier.of((row["code"], row["ru"], row["kk"]) for row in rows)


class SettlementReader:
    """Resolves the settlement columns of a source, chunk by chunk; each spelling is judged once.

    Parameters
    ----------
    wanted : field → where its name stands. columns : named in the mapping → in the source.
    classifier : None or empty = nothing is resolved, and that is told (``kato-not-loaded``).
    """

    def __init__(
        self, wanted: Mapping[str, Settlement], columns: Mapping[str, str], classifier: Classifier | None
    ) -> None:
        self._wanted = {field: one for field, one in wanted.items() if one.name in columns}
        self._columns = columns
        self._resolver = Resolver(classifier) if classifier else None

    def read(
        self, chunk: Mapping[str, pa.Array], rows: int, findings: Findings, warnings: Tally
    ) -> dict[str, pa.StringArray]:
        """Codes by field; null where there is no name, or none that could be resolved (the row says so by a flag)."""
        return {field: self._column(one, chunk, rows, findings, warnings) for field, one in self._wanted.items()}

    def _column(
        self, one: Settlement, chunk: Mapping[str, pa.Array], rows: int, findings: Findings, warnings: Tally
    ) -> pa.StringArray:
        if self._resolver is None:
            warnings.add("kato-not-loaded", rows)
            return pa.nulls(rows, pa.string())
        names = as_text(chunk[self._columns[one.name]]).dictionary_encode()
        oblasts = self._oblasts(one, chunk, rows).dictionary_encode()
        spelled = [*names.dictionary.to_pylist(), None]
        digits = [*oblasts.dictionary.to_pylist(), None]
        # each distinct pair of name and oblast is looked at once, however many rows have it
        at = names.indices.fill_null(len(spelled) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
        where = oblasts.indices.fill_null(len(digits) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
        pairs, which, counts = np.unique(at * len(digits) + where, return_inverse=True, return_counts=True)
        found = [
            self._resolver.resolve(spelled[p // len(digits)], oblast=digits[p % len(digits)]) for p in pairs.tolist()
        ]
        hows = np.array([list(How).index(f.how) for f in found], dtype=np.int64)[which]
        for how, flag in _UNRESOLVED.items():
            findings.flag(flag, _is(hows, how))
        told = Counter[str]()
        for f, count, pair in zip(found, counts.tolist(), pairs.tolist(), strict=True):
            if f.how in _RESOLVED:
                told[_RESOLVED[f.how]] += count
                warnings.add_sample(
                    _RESOLVED[f.how], {"found": spelled[pair // len(digits)], "code": f.unit.code if f.unit else ""}
                )
            elif f.how in _UNRESOLVED:
                candidates = ", ".join(unit.code for unit in f.candidates[:5])
                warnings.add_sample(
                    _UNRESOLVED[f.how], {"found": spelled[pair // len(digits)], "candidates": candidates}
                )
        for code, count in told.items():
            warnings.add(code, count)
        return pa.array([f.unit.code if f.unit else None for f in found], type=pa.string()).take(pa.array(which))

    def _oblasts(self, one: Settlement, chunk: Mapping[str, pa.Array], rows: int) -> pa.StringArray:
        column = chunk.get(self._columns.get(one.oblast or "", ""))
        if column is None:
            return pa.nulls(rows, pa.string())
        return pc.utf8_slice_codeunits(as_text(column), start=-2)


def _is(hows: NDArray[np.int64], how: How) -> NDArray[np.bool_]:
    return hows == list(How).index(how)
