"""Finding something by what it is called."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

import i18n
from api import answers
from api.asking import DeskOf
from api.routes import problems
from api.schemas import Found
from layers.finding import look_up

router = APIRouter(prefix="/w/{ws}/search", tags=["map"])

Text = Annotated[str, Query(alias="q", description="A name as typed: any language and script, misspelled, or a road and kilometre.", examples=["Абая 15"])]  # fmt: skip
Most = Annotated[int, Query(description="1–50.", examples=[10])]


@router.get(
    "",
    response_model=Found,
    responses=problems(404, 422),
    summary="Streets, houses, roads by kilometre, areas, places, devices",
)
async def get_search(desk: DeskOf, wanted: Text, limit: Most = 10) -> Response:
    """Best first. What the reader may not see is not found."""
    found = await desk.service.in_thread(
        lambda: look_up(
            desk.service.engines.app,
            desk.principal,
            desk.slug,
            wanted,
            limit=limit,
            language=desk.language,
            patience_s=PATIENCE_S,
        )
    )
    results = [_told(one, desk.language) for one in found["results"]]
    return Response(answers.to_json({**found, "results": results}), media_type=answers.JSON, headers=_HEADERS)


# What is found follows rights and every change; a stored answer would follow neither.
PATIENCE_S = 2.0
_HEADERS = {"Cache-Control": "private, no-store", "Vary": answers.VARY}


def _told(one: dict[str, Any], language: str) -> dict[str, Any]:
    texts = i18n.texts()
    note = one["note"]
    told = texts.text(f"common.search.note.{note}", language, **_numbers(one)) if note else None
    return {**one, "kind_text": texts.text(f"common.search.kind.{one['kind']}", language), "note_text": told}


def _numbers(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] if one[name] is not None else "–" for name in ("km", "error_m", "length_km")}
