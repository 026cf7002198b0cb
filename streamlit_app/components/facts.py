"""Answers that the map and a panel share: asked once, kept until the data change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from streamlit_app.components import connection, state
from streamlit_app.components.context import Context
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import filters, measures
from streamlit_app.services.periods import overlap

Json = Mapping[str, Any]


def gap_demand() -> str:
    """Events or streets, as the reader chose in the panel."""
    return str(st.session_state.get("gap_demand_now", "events"))


def gap(context: Context) -> Json | None:
    """The gap under the filter; None where there is nothing to count."""
    layer = measures.event_layer(state.look(), context.layers)
    if layer is None:
        return context.gap("streets", context.layers[0]) if _has(context, "street_segments") else None
    return context.gap(gap_demand(), layer)


def gap_rows(context: Context) -> Sequence[Json]:
    """Ranked streets of the gap."""
    found = gap(context)
    return () if found is None else list(found.get("rows", ()))


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
