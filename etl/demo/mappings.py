"""How each file of the demo becomes rows of its layer: the same mappings a real source would need."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from layers.spec import SourceMapping, TimeSource

LICENCE = "CC0 synthetic"
ATTRIBUTION = "Qorgan synthetic demo"
_EVENT_TIME = TimeSource(local="occurred_local", end="occurred_local_to")
_NOT_FIELDS = frozenset({"id", "lon", "lat", "occurred_local", "occurred_local_to", "geometry"})


def mapping_of(layer: str, header: Sequence[str]) -> SourceMapping:
    """The mapping of the demo's file for a layer: columns are named like the fields they fill.

    Parameters
    ----------
    header : the file's columns; ``lon`` and ``lat`` among them mean that the file has no geometry of its own.
    """
    has_points = {"lon", "lat"} <= set(header)
    time = None
    if "occurred_local" in header:
        time = _EVENT_TIME if "occurred_local_to" in header else TimeSource(local="occurred_local")
    return SourceMapping(
        id=f"pavlodar-demo-{layer}",
        columns={name: name for name in header if name not in _NOT_FIELDS},
        lon="lon" if has_points else None,
        lat="lat" if has_points else None,
        source_id="id",
        time=time,
        licence=LICENCE,
        attribution=ATTRIBUTION,
    )


def as_document(mapping: SourceMapping) -> dict[str, Any]:
    """The mapping as JSON values, without the fields that keep their default."""
    return {name: value for name, value in _plain(mapping).items() if value not in (None, {}, [], "")}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {f.name: _plain(item) for f, item in pairs if isinstance(value, SourceMapping) or item != f.default}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(_plain(item) for item in value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
