"""What every part of a page is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamlit_app.components import connection, state
from streamlit_app.gateway import Gateway, LayerInfo, Workspace
from streamlit_app.services import filters
from streamlit_app.words import Words


@dataclass(frozen=True, kw_only=True)
class Context:
    """A reader at a workspace. ``pages``: name → page, for links."""

    words: Words
    gateway: Gateway
    workspace: Workspace
    workspaces: tuple[Workspace, ...]
    layers: tuple[LayerInfo, ...]
    pages: Mapping[str, Any]

    def layer(self, layer_id: str) -> LayerInfo | None:
        """The layer of that id."""
        return next((one for one in self.layers if one.id == layer_id), None)

    @property
    def by_id(self) -> dict[str, LayerInfo]:
        return {layer.id: layer for layer in self.layers}

    @property
    def is_synthetic(self) -> bool:
        """Whether anything here is made up."""
        return self.workspace.is_synthetic or any(layer.is_synthetic for layer in self.layers)

    @property
    def revisions(self) -> tuple[int, ...]:
        """Changes whenever any row does."""
        return tuple(layer.revision for layer in self.layers)

    def shapes(self, layer_id: str) -> Mapping[int, Mapping[str, Any]]:
        """Features of a small layer (streets, areas) by id, kept until they change."""
        layer = self.layer(layer_id)
        if layer is None or layer.rows == 0:
            return {}
        key = ("shapes", self.workspace.slug, layer_id, layer.revision)
        return connection.remembered(
            key, lambda: self.gateway.shapes(self.workspace.slug, layer_id), seconds=10 * connection.LONG_S
        )

    def profile(self, layer: LayerInfo, place: Mapping[str, str]) -> Mapping[str, Any]:
        """What happens at a place under the filter."""
        query = {**filters.query_of(state.look(), layer), **place}
        key = ("profile", self.workspace.slug, layer.id, layer.revision, tuple(sorted(query.items())))
        return connection.remembered(
            key, lambda: self.gateway.profile(self.workspace.slug, layer.id, query), seconds=connection.LONG_S
        )
