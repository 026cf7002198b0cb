"""A mapping kept for the next file of the same source, or taken along as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import mappings


def draw(
    context: Context,
    layer: LayerInfo,
    mapping: Mapping[str, Any],
    file_name: str,
    header: list[str],
    *,
    suffix: str,
) -> None:
    """Name, keep, download; and those kept already, to be forgotten."""
    words, slug = context.words, context.workspace.slug
    with st.expander(words("ui.keep.title")):
        st.caption(words("ui.keep.note"))
        now = str(mapping.get("id") or "")
        named = mappings.name_for(file_name) if now.startswith(("proposed-", "upload-")) or not now else now
        name = st.text_input(words("ui.keep.name"), named, key=f"keep_name_{suffix}", max_chars=80).strip()
        document = {**mapping, "id": name, **({"signature": header} if header else {})}
        row = st.container(horizontal=True, gap="small")
        if row.button(words("ui.keep.keep"), key=f"keep_{suffix}", disabled=not name):
            with told(words, key=f"keep_{suffix}"):
                context.gateway.keep_mapping(slug, layer.id, name, document)
                st.success(words("ui.keep.kept", name=name))
        row.download_button(
            words("ui.keep.download"),
            json.dumps(document, ensure_ascii=False, indent=2) + "\n",
            file_name=f"{name or layer.id}.json",
            mime="application/json",
            key=f"keep_file_{suffix}",
        )
        with told(words, key=f"kept_{suffix}"):
            for one in context.gateway.kept_mappings(slug, layer.id):
                line = st.container(horizontal=True, gap="small", vertical_alignment="center")
                line.markdown(f"`{one['id']}`")
                if line.button(
                    words("ui.keep.forget"), key=f"forget_{suffix}_{one['id']}", help=words("ui.keep.forget_help")
                ):
                    context.gateway.forget_mapping(slug, layer.id, str(one["id"]))
                    st.rerun()
