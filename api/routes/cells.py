"""Numbers on cells, street segments and areas; the card of a place; two periods side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import to_json
from api.asking import DeskOf, EventsOf, FilterOf, LayerOf, PlaceOf
from api.cell_formats import FORMATS, encode
from api.parameters import Resolution, choose_format, filter_key, filter_words, period
from api.routes import READ, problems
from api.schemas import Cells, Comparison, Profile, Units
from etl.writers.cells import hexadecimal
from layers.identity import Purpose
from layers.queries import cells, units
from layers.queries.compare import compare
from layers.queries.profile import profile
from layers.queries.provenance import provenance
from layers.workspaces import WorkspaceInfo

router = APIRouter(prefix="/w/{ws}/layers/{layer}", tags=["numbers"])

Form = Annotated[
    str | None, Query(description=f"Form of the answer, before Accept: {', '.join(FORMATS)}.", examples=["json"])
]
Day = Annotated[str, Query(examples=["2024-01-01"], description="Local day, inclusive.")]
_CELLS = {**problems(304, 404, 406, 422), 200: {"content": {media: {} for media in FORMATS.values()}}}


@router.get("/cells", response_model=Cells, responses=_CELLS, summary="Measures on H3 cells")
async def get_cells(
    desk: DeskOf, layer: LayerOf, given: FilterOf, resolution: Resolution = 9, f: Form = None
) -> Response:
    """Sums are exact to the unit at every resolution; null is unknown, a cell that is not listed has no row."""
    form = choose_format(f, desk.request.headers.get("accept", ""), dict(FORMATS))
    cells.check_resolution(resolution)
    return await desk.cached(
        (layer.id,),
        ("cells", layer.id, resolution, filter_key(given)),
        lambda connection, workspace, passed: encode(
            layer,
            cells.cells(connection, workspace, layer, resolution=resolution, given=given),
            {
                "filter": filter_words(given),
                "revision": passed.revision,
                "provenance": provenance(connection, workspace, layer),
            },
            form=form,
        ),
        media_type=FORMATS[form],
    )


@router.get("/segments", response_model=Units, responses=READ, summary="Events per street segment")
async def get_segments(
    desk: DeskOf, layer: LayerOf, given: FilterOf, limit: Annotated[int, Query(ge=1, le=50_000)] = 1000
) -> Response:
    """Most first, with length and rate; events on no segment are told in ``totals.unplaced``."""
    return await desk.fresh(
        Purpose.AGGREGATE,
        lambda connection, workspace: to_json(units.segments(connection, workspace, layer, given=given, limit=limit)),
    )


@router.get("/areas", response_model=Units, responses=READ, summary="Events per area")
async def get_areas(
    desk: DeskOf,
    layer: LayerOf,
    given: FilterOf,
    kind: Annotated[str | None, Query(max_length=50, pattern=r"^[a-z_]+$", examples=["district"])] = None,
) -> Response:
    """By position; rates per 10,000 residents where the population is known."""
    return await desk.fresh(
        Purpose.AGGREGATE,
        lambda connection, workspace: to_json(units.areas(connection, workspace, layer, given=given, kind=kind)),
    )


@router.get("/profile", response_model=Profile, responses=READ, summary="What happens at a place, and when")
async def get_profile(desk: DeskOf, layer: EventsOf, given: FilterOf, place: PlaceOf) -> Response:
    """Hour × weekday, months, categories; events whose time is not known are counted apart."""
    return await desk.fresh(
        Purpose.AGGREGATE,
        lambda connection, workspace: to_json(profile(connection, workspace, layer, place=place, given=given)),
    )


@router.get("/compare", response_model=Comparison, responses=READ, summary="Two periods side by side")
async def get_compare(
    desk: DeskOf,
    layer: LayerOf,
    given: FilterOf,
    before_from: Day,
    before_to: Day,
    after_from: Day,
    after_to: Day,
    resolution: Resolution = 9,
) -> Response:
    """Refused where a registration break or missing data would turn the difference into a fable."""
    before, after = period("before", before_from, before_to), period("after", after_from, after_to)

    def make(connection: Connection, workspace: WorkspaceInfo) -> bytes:
        found = compare(connection, workspace, layer, before=before, after=after, resolution=resolution, given=given)
        return to_json({**vars(found), "cells": hexadecimal(found.cells)})

    return await desk.fresh(Purpose.AGGREGATE, make)
