"""A layer in the reader's language: what it is, how it is drawn, how it stands."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

import i18n
from layers.editing.values import is_added_by_hand
from layers.queries.status import status
from layers.queries.tiles import properties
from layers.spec import Codes, Field, Layer, LayerKind
from layers.workspaces import WorkspaceInfo


def title(layer: Layer, language: str) -> str:
    """The layer's name."""
    return i18n.texts().text(f"layer.{layer.id}.title", language)


def declared(layer: Layer, language: str) -> dict[str, Any]:
    """Everything that does not depend on rows."""
    texts, base = i18n.texts(), f"layer.{layer.id}"
    return {
        "id": layer.id,
        "kind": layer.kind.value,
        "geometry": layer.geometry if layer.has_place else None,
        "title": title(layer, language),
        "description": texts.text(f"{base}.description", language),
        "records_role": layer.records_role.value,
        "category_field": layer.category_field,
        "categories": _codes(layer, layer.category_field, language) if layer.category_field else [],
        "fields": [_field(layer, field, language) for field in layer.fields],
        "measures": [
            {
                "name": measure.name,
                "title": texts.text(f"{base}.measure.{measure.name}", language),
                "unit": measure.unit,
                "aggregation": measure.aggregation.value,
            }
            for measure in layer.measures
        ],
        "legend": {
            "breaks": list(layer.style.breaks),
            "palette": [list(rgb) for rgb in layer.style.palette],
            "rgb": list(layer.style.geometry_rgb),
        },
        "tiles": {
            "min_zoom": layer.min_zoom,
            "fields": properties(layer),
            "category_min_zoom": dict(layer.category_min_zoom),
        },
        "depends_on": list(layer.derivation.depends_on) if layer.derivation else [],
        "has_time": layer.is_event,
        "is_editable": layer.kind is not LayerKind.DERIVED,
        "can_add": is_added_by_hand(layer),
        "mappings": [source.id for source in layer.sources],
        "enables": texts.text(f"{base}.enables", language) if layer.enables else None,
        "warnings": [{"key": key, "text": texts.text(f"{base}.warning.{key}", language)} for key in layer.warnings],
        "order": layer.order,
    }


def described(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, *, language: str, base: str
) -> dict[str, Any]:
    """The layer with its state in the workspace and the addresses of its data."""
    stands = status(connection, workspace, layer)
    rows = stands["rows"]
    completeness = {name: (None if not rows else 1 - n / rows) for name, n in stands.pop("missing").items()}
    return {
        **declared(layer, language),
        "status": {**stands, "completeness": completeness},
        "links": links(layer, base),
    }


def links(layer: Layer, base: str) -> dict[str, str]:
    """Where the layer's data are."""
    own = f"{base}/layers/{layer.id}"
    found = {
        "self": own,
        "features": f"{own}/features",
        "tiles": f"{base}/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt",
    }
    if layer.measures:
        found["cells"] = f"{own}/cells"
    if layer.is_event:
        found |= {
            "segments": f"{own}/segments",
            "areas": f"{own}/areas",
            "profile": f"{own}/profile",
            "compare": f"{own}/compare",
        }
    return found


def _field(layer: Layer, field: Field, language: str) -> dict[str, Any]:
    return {
        "name": field.name,
        "title": i18n.texts().text(f"layer.{layer.id}.field.{field.name}", language),
        "type": field.type.value,
        "required": field.required,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "restricted": field.restricted,
        "codes": _codes(layer, field.name, language) if field.codes else [],
    }


def _codes(layer: Layer, name: str, language: str) -> list[dict[str, Any]]:
    codes: Codes | None = layer.field_named(name).codes
    if codes is None:
        return []
    return [
        {
            "code": code,
            "title": i18n.texts().text(f"layer.{layer.id}.code.{name}.{code}", language),
            **({"sensitive": True} if code in codes.sensitive else {}),
        }
        for code in codes.good
    ]
