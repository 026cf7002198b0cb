"""Connecting a service: what command line and API check before it is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from etl.mapping import check_mapping, to_json
from etl.sources.addresses import Guard
from etl.sources.service import check_address, check_where
from etl.sources.wanted import check_identifiers
from geo_core.errors import InvalidInput
from layers import connections
from layers.engine import Engines
from layers.identity import Principal, transaction
from layers.spec import Layer, LayerKind, SourceMapping
from layers.workspaces import find

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Connecting:
    """What somebody wants connected. ``every`` : "6h", "1d", "7d"; ``at`` : "HH:MM" local, with whole days."""

    layer: Layer
    url: str
    mapping: SourceMapping
    every: str = "1d"
    at: str | None = None
    where: str = ""
    overlap_days: float = 2.0
    full_every_days: int = 30
    source_name: str = ""
    is_synthetic: bool = False


def checked(wanted: Connecting, guard: Guard) -> connections.NewConnection:
    """The connection to keep. Nothing is asked of the service; its name is resolved.

    Raises
    ------
    InvalidInput : ``source-layer-derived``, ``source-schedule-invalid``, ``service-where-invalid``, ``service-url-invalid``,
        ``service-url-not-a-layer``, ``service-identifier-column``, and what is wrong with the mapping. Forbidden :
        ``service-address-private``. Unavailable : ``service-host-unknown``.
    """
    if wanted.layer.kind is LayerKind.DERIVED:
        raise InvalidInput("source-layer-derived", layer=wanted.layer.id)
    check_mapping(wanted.mapping, wanted.layer)
    check_identifiers(wanted.mapping)
    schedule = connections.Schedule.read(wanted.every, wanted.at)
    return connections.NewConnection(
        layer_id=wanted.layer.id,
        url=check_address(wanted.url, guard),
        mapping=_storable("mapping", to_json(wanted.mapping)),
        schedule=schedule,
        condition=check_where(wanted.where),
        source_name=_storable("source_name", wanted.source_name.strip()[:200]),
        is_synthetic=wanted.is_synthetic,
        overlap_days=wanted.overlap_days,
        full_every_days=wanted.full_every_days,
    )


def _storable(name: str, value: _T) -> _T:
    """The value, when a database can hold its texts.

    Raises
    ------
    InvalidInput : ``bad-parameter``.
    """
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "\\u0000"
    if "\\u0000" in text:
        raise InvalidInput("bad-parameter", name=name, value="", expected="UTF-8")
    return value


def connect(engines: Engines, principal: Principal, workspace: str, wanted: Connecting, guard: Guard) -> dict[str, Any]:
    """Keep a connection; errors as :func:`checked`, ``layers.connections.add`` and ``layers.workspaces.find``."""
    new = checked(wanted, guard)
    with transaction(engines.app, principal) as connection:
        return connections.add(connection, find(connection, workspace), new)
