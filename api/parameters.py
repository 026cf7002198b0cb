"""From the text of a query to typed, bounded values; whatever does not fit is an error of ours with its own sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from geo_core.errors import InvalidInput, NotFound
from layers import registry
from layers.queries.compare import Period
from layers.queries.filters import Filter, Place
from layers.spec import Layer

LARGEST_ID = 2**63 - 1
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"\d{1,2}")
_CELL = re.compile(r"[0-9a-fA-F]{15,16}")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class LayerChoices:
    """Shows the registry's layers in OpenAPI; read when the document is made, not at import."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "enum": list(registry.load())}


class CategoryChoices:
    """Shows every category of every layer in OpenAPI."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        listed = sorted({code for layer in registry.load().values() for code in categories_of(layer)})
        return {**handler(schema), "description": f"Codes of the layer's category field: {', '.join(listed)}."}


WorkspaceSlug = Annotated[str, Path(description="Slug of the workspace.", examples=["pavlodar"], max_length=200)]
LayerName = Annotated[str, Path(description="Id of the layer.", examples=["crimes"], max_length=100), LayerChoices()]
RowId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="Id of the row.", examples=[1])]
Resolution = Annotated[int, Query(description="H3 resolution, 7–11.", examples=[9], ge=-(2**31), le=2**31)]
Limit = Annotated[int, Query(ge=1, le=10_000, description="Rows at most.", examples=[100])]
After = Annotated[int, Query(ge=0, le=LARGEST_ID, description="Go on after this id (see `next`).")]


def categories_of(layer: Layer) -> tuple[str, ...]:
    """Codes of the layer's category field."""
    codes = layer.field_named(layer.category_field).codes if layer.category_field else None
    return codes.good if codes else ()


def layer_named(name: str) -> Layer:
    """The layer.

    Raises
    ------
    NotFound
    """
    return registry.load()[name]


def day(name: str, given: str | None) -> date | None:
    """A local day, ``YYYY-MM-DD``."""
    if given is None:
        return None
    if not _DAY.fullmatch(given):  # fromisoformat also takes weeks and days without hyphens
        raise _bad(name, given, "2024-05-31")
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise _bad(name, given, "2024-05-31") from None


def flag(name: str, given: str | None) -> bool | None:
    """True or false."""
    if given is None:
        return None
    if given.lower() not in _WORDS:
        raise _bad(name, given, "true, false")
    return _WORDS[given.lower()]


def ring(name: str, given: str | None, *, low: int, high: int) -> frozenset[int] | None:
    """Numbers and ranges that may run over the end: hours ``22-5`` are 22, 23, 0 … 5."""
    if given is None:
        return None
    found: set[int] = set()
    for part in given.split(","):
        ends = [end.strip() for end in part.split("-")]
        if len(ends) > 2 or not all(_NUMBER.fullmatch(end) and low <= int(end) <= high for end in ends):
            raise _bad(name, given, f"{low}–{high}")
        first, last = int(ends[0]), int(ends[-1])
        found.update(range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)])
    return frozenset(found)


def box(given: str | None) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees."""
    if given is None:
        return None
    try:
        west, south, east, north = (float(part) for part in given[:500].split(","))
    except ValueError:
        raise InvalidInput("bad-bbox", bbox=given[:100]) from None
    if not all(map(math.isfinite, (west, south, east, north))):
        raise InvalidInput("bad-bbox", bbox=given[:100])
    return west, south, east, north


def cell_number(given: str | None) -> int | None:
    """An H3 cell as everyone writes it, in hexadecimal; whether it is one of 0–11 is the query's to say."""
    if given is None:
        return None
    if not _CELL.fullmatch(given) or int(given, 16) >= 2**63:
        raise InvalidInput("cell-invalid", cell=given[:40])
    return int(given, 16)


def _bad(name: str, given: object, expected: str) -> InvalidInput:
    return InvalidInput("bad-parameter", name=name, value=str(given)[:60], expected=expected)


def filter_from_query(
    first: Annotated[
        str | None, Query(alias="from", description="First local day, inclusive.", examples=["2024-01-01"])
    ] = None,
    last: Annotated[
        str | None, Query(alias="to", description="Last local day, inclusive.", examples=["2024-12-31"])
    ] = None,
    hours: Annotated[str | None, Query(description="Local hours, also over midnight.", examples=["22-5"])] = None,
    weekdays: Annotated[str | None, Query(description="1 = Monday … 7.", examples=["6,7"])] = None,
    dark: Annotated[str | None, Query(description="Sun lower than −6° there and then.", examples=["true"])] = None,
    category: Annotated[list[str] | None, Query(examples=[["theft"]]), CategoryChoices()] = None,
    bbox: Annotated[
        str | None, Query(description="West, south, east, north in degrees.", examples=["76.8,52.2,77.1,52.4"])
    ] = None,
) -> Filter:
    """The one filter that every layer, map, table and chart shares."""
    chosen = frozenset(code for given in category or [] for code in given.split(",") if code)
    if any("\x00" in code or len(code) > 100 for code in chosen):
        raise _bad("category", min(chosen).replace("\x00", ""), "a-z_")
    return Filter(
        first_day=day("from", first),
        last_day=day("to", last),
        hours=ring("hours", hours, low=0, high=23),
        weekdays=ring("weekdays", weekdays, low=1, high=7),
        dark=flag("dark", dark),
        categories=chosen or None,
        bbox=box(bbox),
    )


def place_from_query(
    cell: Annotated[str | None, Query(description="H3 cell, hexadecimal.", examples=["89210c6d0b7ffff"])] = None,
    segment: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Id of a street segment.")] = None,
    area: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Id of an area.")] = None,
) -> Place:
    """One place, or everywhere."""
    return Place(cell=cell_number(cell), segment_id=segment, area_id=area)


def period(name: str, first: str, last: str) -> Period:
    """Two local days."""
    start, end = day(f"{name}_from", first), day(f"{name}_to", last)
    if start is None or end is None:
        raise InvalidInput("bad-period", first=first, last=last)
    return Period(start, end)


def filter_key(given: Filter) -> tuple[Any, ...]:
    """The filter as part of a cache key."""
    return (
        given.first_day,
        given.last_day,
        _sorted(given.hours),
        _sorted(given.weekdays),
        given.dark,
        _sorted(given.categories),
        given.bbox,
    )


def filter_words(given: Filter) -> dict[str, Any]:
    """The filter as it is told in answers; what is not set is left out."""
    names = ("from", "to", "hours", "weekdays", "dark", "category", "bbox")
    return {name: value for name, value in zip(names, filter_key(given), strict=True) if value is not None}


def _sorted(given: frozenset[Any] | None) -> tuple[Any, ...] | None:
    return None if given is None else tuple(sorted(given))


def accepted(header: str, offers: Sequence[str]) -> str | None:
    """The best of the media types offered by the header ``Accept`` (RFC 9110, 12.5.1); None when nothing fits."""
    if not header.strip():
        return offers[0]
    best, best_rank = None, (0.0, 0)
    for part in header[:1000].split(","):
        media, _, options = part.strip().lower().partition(";")
        weight = _quality(options)
        for offer in offers:
            kind = offer.partition("/")[0]
            detail = {offer: 3, f"{kind}/*": 2, "*/*": 1}.get(media.strip(), 0)
            if detail and weight > 0 and (weight, detail) > best_rank:
                best, best_rank = offer, (weight, detail)
    return best


def _quality(options: str) -> float:
    for option in options.split(";"):
        key, _, value = option.strip().partition("=")
        if key.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def choose_format(f: str | None, accept: str, offers: dict[str, str]) -> str:
    """The short name of the format wanted, by ``?f=`` or the header ``Accept``; the first offer where both are silent.

    Raises
    ------
    InvalidInput : ``bad-parameter`` for an unknown ``f``, ``not-acceptable`` when no offer fits the header.
    """
    if f is not None:
        if f not in offers:
            raise _bad("f", f, ", ".join(offers))
        return f
    media = accepted(accept, list(offers.values()))
    if media is None:
        raise InvalidInput("not-acceptable", accept=accept[:100], offers=list(offers.values()))
    return next(name for name, offered in offers.items() if offered == media)


def known_layer(name: str | None) -> Layer | None:
    """The layer of an optional query parameter."""
    if name is None:
        return None
    if name not in registry.load():
        raise NotFound("unknown-layer", layer=name[:100], known=sorted(registry.load()))
    return registry.load()[name]
