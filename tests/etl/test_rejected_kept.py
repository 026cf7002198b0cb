"""Rejected rows that are too many to keep are counted, and the report says so."""

from __future__ import annotations

import pytest

from etl import importer
from etl.records import RejectedRow


def test_rows_beyond_the_most_that_are_kept_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importer, "MOST_REJECTED_KEPT", 3)
    tally = importer._Tally()
    rows = tuple(RejectedRow(row_number=n, raw={}, reasons=(("null-island", {}),)) for n in range(5))
    tally.take(rows[:2])
    assert tally.not_kept() == {}
    tally.take(rows[2:])
    tally.take(rows[:1])
    assert ([row.row_number for row in tally.rejected], tally.rejected_rows) == ([0, 1, 2], 6)
    assert tally.not_kept() == {"rejected-not-kept": 3}
    assert tally.reasons["null-island"] == 6
