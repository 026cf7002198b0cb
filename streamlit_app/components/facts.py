"""Answers that the map and a panel share: asked once, kept until the data change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components import connection, state
from streamlit_app.components.context import Context
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import filters, measures
from streamlit_app.services.gaps import EVENTS, STREETS
from streamlit_app.services.periods import overlap

Json = Mapping[str, Any]
_REFUSALS_S = 60.0


def gap_demand() -> str:
    """Events or streets, as the reader chose in the panel."""
    return str(st.session_state.get("gap_demand_now", "events"))


def gap(context: Context) -> Json | None:
    """The gap under the filter; None where there is nothing to count. It may take seconds: see :func:`gap_at_hand`."""
    query = _gap_query(context)
    if query is None:
        return None
    return connection.remembered(
        _gap_key(context, query),
        lambda: context.gateway.gap(context.workspace.slug, query),
        seconds=connection.LONG_S,
        refusals_s=_REFUSALS_S,
    )


def gap_at_hand(context: Context) -> Json | None:
    """The gap where it has been asked for already; the map does not wait for it."""
    query = _gap_query(context)
    return None if query is None else connection.peek(_gap_key(context, query))


def _gap_key(context: Context, query: Json) -> tuple[Any, ...]:
    return ("gap", context.workspace.slug, context.revisions, tuple(sorted(query.items())))


def _gap_query(context: Context) -> dict[str, Any] | None:
    layer = measures.event_layer(state.look(), context.layers)
    if not _has(context, "street_segments"):
        return None
    if layer is None or gap_demand() == STREETS:
        return {"demand": STREETS}
    given = filters.query_of(state.look(), layer)
    given.pop("dark", None)  # the gap is of the dark by definition
    return {"demand": EVENTS, "layer": layer.id, **given}


def plan(context: Context, plan_id: int) -> Json:
    """A plan with its sites; plans never change."""
    slug = context.workspace.slug
    return connection.remembered(
        ("plan", slug, plan_id), lambda: context.gateway.plan(slug, plan_id), seconds=connection.LONG_S
    )


def comparison(context: Context, layer: LayerInfo, *, level: int) -> Json | None:
    """Two periods side by side; None until both are chosen and apart."""
    look = state.look()
    if look.before is None or look.after is None or not layer.has_time or overlap((look.before, look.after)):
        return None
    query = {name: value for name, value in filters.query_of(look, layer).items() if name not in ("from", "to")}
    query |= {
        "before_from": look.before.first.isoformat(),
        "before_to": look.before.last.isoformat(),
        "after_from": look.after.first.isoformat(),
        "after_to": look.after.last.isoformat(),
        "resolution": level,
    }
    key = ("compare", context.workspace.slug, layer.id, layer.revision, tuple(sorted(query.items())))
    return connection.remembered(
        key, lambda: context.gateway.compare(context.workspace.slug, layer.id, query), seconds=connection.LONG_S
    )


def seen_cells(context: Context, level: int) -> Json | None:
    """Seen shares of every cell of a level; None without coverage."""
    layer = context.layer("camera_coverage")
    if layer is None or layer.rows == 0:
        return None
    slug = context.workspace.slug
    key = ("seen", slug, layer.revision, level)
    return connection.remembered(
        key, lambda: context.gateway.cells(slug, layer.id, {"resolution": level}), seconds=connection.LONG_S
    )


def _has(context: Context, layer_id: str) -> bool:
    layer = context.layer(layer_id)
    return layer is not None and layer.rows > 0
