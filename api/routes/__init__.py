"""One module per noun; each holds a ``router``. A route only calls: dependencies parse, queries work, schemas answer."""

from __future__ import annotations

from typing import Any

from api.schemas import Problem


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How refusals of a route are documented."""
    words = {
        304: "What you hold is still right.",
        400: "The request cannot be read.",
        401: "Who asks is not known.",
        403: "The reader's role does not allow it.",
        404: "No such thing, or not for this reader.",
        406: "The answer does not exist in this form.",
        409: "Somebody changed it meanwhile, or it exists already.",
        412: "The record is of another version by now.",
        413: "Too large.",
        422: "A value cannot be used; the sentence says what to change.",
        428: "The version that is changed must be named.",
        503: "The database is away or too busy; try again.",
    }
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, 401, 503}):
        found[status] = {"description": words[status]}
        if status >= 400:
            found[status] |= {"model": Problem, "content": {"application/problem+json": {}}}
    return found


READ = problems(304, 404, 422)
"""Refusals of every route that reads."""
