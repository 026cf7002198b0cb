"""Cutting dirty lines into records: a stray quote costs its own line and never swallows those that follow."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_LINES = 1000  # of one value in quotes
MOST_LINES_LATER = 50  # once a block has shown many stray quotes
PATIENCE = 50


@dataclass(frozen=True)
class Record:
    """A record and the physical lines it takes.

    Parameters
    ----------
    cells : None where quotes are broken.
    first, last : line numbers from 0, inclusive.
    """

    cells: list[str] | None
    first: int
    last: int


class _Feed(Iterator[str]):
    """Lines one by one, no more than ``most`` for a record."""

    def __init__(self, lines: Sequence[str], at: int) -> None:
        self.lines, self.at = lines, at
        self.most = MOST_LINES
        self.taken = 0
        self.starved = False

    def __next__(self) -> str:
        if self.at >= len(self.lines) or self.taken >= self.most:
            self.starved = self.taken > 0
            raise StopIteration
        self.at += 1
        self.taken += 1
        return self.lines[self.at - 1]


def records(lines: Sequence[str], delimiter: str) -> Iterator[Record]:
    """Cut physical lines (with their ends) into records; blank lines are left out.

    A record of several lines must be quoted without a fault. Where it is not, its first line stands alone: read as it is when its
    quotes can be read at all, else given as a record without cells.
    """
    at, faults = 0, 0
    feed, reader = _start(lines, 0, delimiter)
    while at < len(lines):
        feed.taken, feed.starved = 0, False
        try:
            row = next(reader, None)
        except csv.Error:
            row, broken = None, True
        else:
            broken = feed.starved
        if row is None and not broken:
            return
        if not broken and row is not None:
            if row:
                yield Record(row, at, feed.at - 1)
            at = feed.at
            continue
        faults += 1
        alone = _alone(lines[at], delimiter)
        if alone is None or alone:
            yield Record(alone, at, at)
        at += 1
        feed, reader = _start(lines, at, delimiter)
        if faults > PATIENCE:
            feed.most = MOST_LINES_LATER


def _start(lines: Sequence[str], at: int, delimiter: str) -> tuple[_Feed, Iterator[list[str]]]:
    feed = _Feed(lines, at)
    return feed, csv.reader(feed, delimiter=delimiter, strict=True)


def _alone(line: str, delimiter: str) -> list[str] | None:
    """One line by itself, read with forbearance; None when a quote stays open."""
    feed = _Feed([line], 0)
    row = next(csv.reader(feed, delimiter=delimiter), None)
    return None if feed.starved else row
