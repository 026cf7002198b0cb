"""Which layers are offered beside the coloured one, and which of them are shown."""

from __future__ import annotations

from collections.abc import Sequence

from streamlit_app.address import Look
from streamlit_app.gateway import LayerInfo

COVERAGE = "camera_coverage"
_KINDS = ("derived", "device", "event", "place", "area")
# drawn as ground, or only the streets events are counted on
_NEVER = ("street_segments",)
_BY_ITSELF = (COVERAGE, "cameras")


def offered(layers: Sequence[LayerInfo]) -> dict[str, list[LayerInfo]]:
    """Kind → layers that can be laid on the map, in the order of the picker."""
    found: dict[str, list[LayerInfo]] = {}
    for kind in _KINDS:
        of_kind = [layer for layer in layers if layer.kind == kind and layer.id not in _NEVER]
        if of_kind:
            found[kind] = of_kind
    return found


def default_layers(layers: Sequence[LayerInfo]) -> tuple[str, ...]:
    """What is shown before the reader chooses: cameras and what they see, where there are any."""
    return tuple(layer.id for layer in layers if layer.id in _BY_ITSELF and layer.rows)


def beside(look: Look, layers: Sequence[LayerInfo]) -> tuple[str, ...]:
    """Layers of the look that exist here and have rows."""
    wanted = default_layers(layers) if look.layers is None else look.layers
    known = {layer.id for of_kind in offered(layers).values() for layer in of_kind if layer.rows}
    return tuple(layer_id for layer_id in wanted if layer_id in known)
