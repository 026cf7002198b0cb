"""Options of a filter as the command line writes them: days, hours, weekdays, darkness, categories, a box."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo_core.errors import InvalidInput

if TYPE_CHECKING:
    from layers.queries.filters import Filter

WorkspaceOption = Annotated[str | None, typer.Option("--workspace")]
JsonOption = Annotated[bool, typer.Option("--json")]
OutOption = Annotated[Path | None, typer.Option("--out", dir_okay=False)]
FromOption = Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD")]
HoursOption = Annotated[str | None, typer.Option("--hours", metavar="22-5,7")]
WeekdaysOption = Annotated[str | None, typer.Option("--weekdays", metavar="1-5")]
DarkOption = Annotated[bool | None, typer.Option("--dark/--light")]
CategoryOption = Annotated[list[str] | None, typer.Option("--category")]
BboxOption = Annotated[str | None, typer.Option("--bbox", metavar="W,S,E,N")]


def day(name: str, value: str | None) -> date | None:
    """A day as YYYY-MM-DD.

    Raises
    ------
    InvalidInput : ``bad-parameter``.
    """
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InvalidInput("bad-parameter", name=name, value=value, expected="YYYY-MM-DD") from None


def numbers(name: str, value: str | None, *, lowest: int, highest: int) -> frozenset[int] | None:
    """Numbers and ranges, ``22-5,7``; a range may go over the end: 22-5 is 22, 23, 0 … 5.

    Raises
    ------
    InvalidInput : ``bad-parameter``.
    """
    if value is None:
        return None
    found: set[int] = set()
    for part in value.split(","):
        ends = part.strip().split("-")
        if not 1 <= len(ends) <= 2 or not all(end.isdigit() and lowest <= int(end) <= highest for end in ends):
            raise InvalidInput("bad-parameter", name=name, value=value, expected=f"{lowest}–{highest}")
        first, last = int(ends[0]), int(ends[-1])
        found |= (
            set(range(first, last + 1)) if first <= last else {*range(first, highest + 1), *range(lowest, last + 1)}
        )
    return frozenset(found)


def box(name: str, value: str | None) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees.

    Raises
    ------
    InvalidInput : ``bad-parameter``.
    """
    if value is None:
        return None
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        raise InvalidInput("bad-parameter", name=name, value=value, expected="W,S,E,N") from None
    return west, south, east, north


def filter_of(
    *,
    first: str | None,
    last: str | None,
    hours: str | None = None,
    weekdays: str | None = None,
    dark: bool | None = None,
    category: list[str] | None = None,
    bbox: str | None = None,
) -> Filter:
    """The filter the options mean.

    Raises
    ------
    InvalidInput : an option that cannot be read, a period or box the wrong way round.
    """
    from layers.queries.filters import Filter

    return Filter(
        first_day=day("from", first),
        last_day=day("to", last),
        hours=numbers("hours", hours, lowest=0, highest=23),
        weekdays=numbers("weekdays", weekdays, lowest=1, highest=7),
        dark=dark,
        categories=frozenset(category) if category else None,
        bbox=box("bbox", bbox),
    )
