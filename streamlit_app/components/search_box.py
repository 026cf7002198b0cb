"""Search on the page: a choice moves the map and opens the card."""

from __future__ import annotations

from urllib.parse import quote

from streamlit_app.address import Tool
from streamlit_app.components import state
from streamlit_app.components.context import Context
from streamlit_app.services import hits
from streamlit_app.services.pieces import PUBLIC_API
from streamlit_app.widgets import search_field


def draw(context: Context) -> None:
    """Draw the field, and go where the reader chose."""
    hit = search_field(
        key="search_box", url=f"{PUBLIC_API}/w/{quote(context.workspace.slug)}/search", words=context.words
    )
    if hit is None:
        return
    state.select(hits.selection_for(hit.kind, hit.layer, hit.id, hit.position, context.by_id, segment=hit.segment))
    state.change(tool=Tool.PLACE)
    state.fly_to(hits.camera_for(hit.position, hit.bounds))
