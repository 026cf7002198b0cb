"""The faults and notes collected while one chunk of rows is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from etl.records import FlagColumn, Reason, Tally, shown


@dataclass(frozen=True)
class _Fault:
    code: str
    rows: NDArray[np.int64]
    params: dict[str, Any]
    values: Sequence[Any] | None  # one per entry of ``rows``


class Findings:
    """Which rows of a chunk are rejected and why, and which carry a note.

    Every check runs on every row, so that a row is returned with all its reasons at once.
    """

    def __init__(self, rows: int) -> None:
        self.rejected: NDArray[np.bool_] = np.zeros(rows, dtype=np.bool_)
        self.warnings = Tally()
        self._faults: list[_Fault] = []
        self._flag_names: list[str] = []
        self._bits: NDArray[np.uint64] = np.zeros(rows, dtype=np.uint64)

    def reject(
        self,
        code: str,
        mask: NDArray[np.bool_],
        /,
        *,
        values: pa.Array | Callable[[NDArray[np.int64]], Sequence[Any]] | None = None,
        **params: Any,
    ) -> int:
        """Reject the rows of ``mask``; ``values`` (the source's own) are named in the reason. Returns how many."""
        rows = np.flatnonzero(mask)
        if not len(rows):
            return 0
        self.rejected[rows] = True
        named: Sequence[Any] | None = None
        if isinstance(values, pa.Array | pa.ChunkedArray):
            named = values.take(pa.array(rows)).to_pylist()
        elif values is not None:
            named = values(rows)
        self._faults.append(_Fault(code, rows, params, named))
        return len(rows)

    def flag(self, name: str, mask: NDArray[np.bool_], /, *, warn: bool = True) -> int:
        """Note ``name`` on the rows of ``mask``; ``warn`` also counts it as a warning of the file."""
        count = int(np.count_nonzero(mask))
        if not count:
            return 0
        if name not in self._flag_names:
            if len(self._flag_names) == 64:
                raise ValueError("a chunk has room for 64 kinds of flags")
            self._flag_names.append(name)
        self._bits[mask] |= np.uint64(1) << np.uint64(self._flag_names.index(name))
        if warn:
            self.warnings.add(name, count)
        return count

    @property
    def flags(self) -> FlagColumn:
        return FlagColumn(tuple(self._flag_names), self._bits)

    def reasons(self) -> dict[int, tuple[Reason, ...]]:
        """Row index in the chunk → all its reasons, in the order of the checks."""
        found: dict[int, list[Reason]] = {}
        for fault in self._faults:
            for k, row in enumerate(fault.rows.tolist()):
                params = fault.params
                if fault.values is not None:
                    params = {**params, "value": shown(fault.values[k])}
                found.setdefault(row, []).append((fault.code, dict(params)))
        return {row: tuple(reasons) for row, reasons in sorted(found.items())}
