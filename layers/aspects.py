"""What rows of a layer may lack, told from the layer's declaration, so that a new layer is measured without being named here.

An aspect is counted as ``missing`` of ``total``: of the rows it applies to.
"""

from __future__ import annotations

from dataclasses import dataclass

from layers.spec import Layer, LayerKind

POSITION, HOUR, DIRECTION, STATE, HEIGHT = "position", "hour", "direction", "state", "height"
# Cameras that turn look one way at a time: no direction of theirs is missing (``geo_core.camera``).
_TURNING = ("ptz", "panning")


@dataclass(frozen=True)
class Aspect:
    """One thing a row may lack.

    Parameters
    ----------
    missing, applies : SQL conditions on the row ``t``, never NULL.
    placed : whether rows that lack it still lie somewhere, so that it can be told by area.
    """

    name: str
    missing: str
    applies: str = "true"
    placed: bool = True


def aspects_of(layer: Layer) -> tuple[Aspect, ...]:
    """Aspects of a layer of events, devices or buildings; none of layers that are drawn only or derived."""
    if layer.kind in (LayerKind.DERIVED, LayerKind.TABLE):
        return ()
    fields = {field.name: field for field in layer.fields}
    found = []
    if layer.is_event or layer.keeps_unplaced:
        found.append(Aspect(POSITION, "t.geom IS NULL", placed=False))
    if layer.is_event:
        found.append(Aspect(HOUR, "t.hour IS NULL"))
    if "azimuth_deg" in fields:
        codes = fields["kind"].codes if "kind" in fields else None
        turning = [code for code in _TURNING if codes is not None and code in codes.good]
        listed = ", ".join(f"'{code}'" for code in turning)
        found.append(Aspect(DIRECTION, "t.azimuth_deg IS NULL", f"t.kind NOT IN ({listed})" if turning else "true"))
    status = fields["status"].codes if "status" in fields else None
    if status is not None and "unknown" in status.good:
        found.append(Aspect(STATE, "coalesce(t.status = 'unknown', true)"))
    if {"height_m", "levels"} <= fields.keys():
        found.append(Aspect(HEIGHT, "t.height_m IS NULL AND t.levels IS NULL"))
    return tuple(found)
