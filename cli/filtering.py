"""Options of a filter as the command line writes them: days, hours, weekdays, darkness, categories, a box."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast, get_type_hints

import typer

from geo_core.errors import InvalidInput

if TYPE_CHECKING:
    from layers.queries.filters import Filter

F = TypeVar("F", bound=Callable[..., Any])

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

# Every option of a filter, in the order of the help: parameter of ``filter_of`` → declaration.
FILTER_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "first": FromOption,
        "last": ToOption,
        "hours": HoursOption,
        "weekdays": WeekdaysOption,
        "dark": DarkOption,
        "category": CategoryOption,
        "bbox": BboxOption,
    }
)


def filtered(*, without: frozenset[str] = frozenset()) -> Callable[[F], F]:
    """Give a command the options of a filter in the place of its parameter ``given``, and call it with the filter they mean.

    Parameters
    ----------
    without : options the command does not have.
    """
    names = [name for name in FILTER_OPTIONS if name not in without]

    def wrap(command: F) -> F:
        # the filter's own module is heavy, and its type is no option's
        hints = get_type_hints(command, localns={"Filter": object}, include_extras=True)
        own = inspect.signature(command).parameters

        @functools.wraps(command)
        def called(**values: Any) -> Any:
            return command(given=filter_of(**{name: values.pop(name) for name in names}), **values)

        kind = inspect.Parameter.KEYWORD_ONLY
        options = [inspect.Parameter(n, kind, default=None, annotation=FILTER_OPTIONS[n]) for n in names]
        parameters: list[inspect.Parameter] = []
        for name, one in own.items():
            parameters += options if name == "given" else [one.replace(kind=kind, annotation=hints[name])]
        # what typer reads: the signature, and the hints of the function itself
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        return cast("F", called)

    return wrap


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
    first: str | None = None,
    last: str | None = None,
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
