"""What a layer of an ArcGIS FeatureServer or MapServer says of itself (``?f=json``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.readers.source import resolve
from etl.sources.addresses import parse
from etl.sources.transport import Transport
from geo_core.errors import InvalidInput

FEW_RECORDS = 1000  # what servers older than 10.1 give at most when they do not say
_MOST_RECORDS = 5000
_GEOMETRY = {
    "esriGeometryPoint": "Point",
    "esriGeometryMultipoint": "Point",
    "esriGeometryPolyline": "LineString",
    "esriGeometryPolygon": "MultiPolygon",
}


@dataclass(frozen=True, kw_only=True)
class ServiceField:
    """One attribute. ``domain`` : code → name, where the service has a list of codes for it."""

    name: str
    alias: str
    type: str
    domain: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ServiceLayer:
    """One layer of a service.

    Parameters
    ----------
    url : of the layer, without ``/query``.
    object_id : the name of the field by which records are told apart and ordered.
    geometry : "Point", "LineString", "MultiPolygon"; None = a table without places.
    spatial_reference : the layer's own, as the service writes it; what comes when ``outSR`` is ignored.
    page_size : most records of one answer.
    pages : the service says it can page (``resultOffset``). Whether it does is seen later.
    attribution : what the service says of its copyright; "" = nothing.
    """

    url: str
    name: str
    fields: tuple[ServiceField, ...]
    object_id: str
    geometry: str | None
    spatial_reference: Mapping[str, Any]
    page_size: int
    pages: bool
    attribution: str

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the attributes."""
        return tuple(field.name for field in self.fields)

    def field(self, name: str) -> ServiceField | None:
        """The attribute meant by ``name``, letter case apart."""
        found = resolve(self.header, name)
        return next((field for field in self.fields if field.name == found), None) if found else None


def layer_url(given: str) -> str:
    """The address of a layer from what people paste: ``…/FeatureServer/1/query?where=…`` is ``…/FeatureServer/1``.

    Raises
    ------
    InvalidInput : ``service-url-invalid``; ``service-url-not-a-layer``: it does not end with a FeatureServer or MapServer and the
        number of a layer.
    """
    url = parse(given).url
    if url.lower().endswith("/query"):
        url = url[: -len("/query")]
    parts = url.rsplit("/", 2)
    if len(parts) < 3 or parts[1].lower() not in {"featureserver", "mapserver"} or not parts[2].isdigit():
        raise InvalidInput("service-url-not-a-layer", url=url[:200])
    return url


def read_layer(transport: Transport, given: str) -> ServiceLayer:
    """Ask a layer what it is.

    Raises
    ------
    InvalidInput : ``service-not-arcgis``, ``service-without-query``, ``service-without-object-id``; and as ``layer_url``.
    Unavailable, Forbidden, LimitExceeded : as ``Transport.get_json``.
    """
    url = layer_url(given)
    said = transport.get_json(url, {"f": "json"})
    listed = said.get("fields")
    if not isinstance(listed, list) or not listed:
        raise InvalidInput("service-not-arcgis", url=url)
    fields = tuple(_field(one) for one in listed if isinstance(one, Mapping) and one.get("name"))
    capabilities = str(said.get("capabilities") or "")
    # an empty list is what old servers write; one that names other things and not Query cannot be asked
    if capabilities and not {"query", "data"} & {part.strip().lower() for part in capabilities.split(",")}:
        raise InvalidInput("service-without-query", url=url, capabilities=capabilities)
    advanced = said.get("advancedQueryCapabilities")
    pages = said.get("supportsPagination")
    if pages is None and isinstance(advanced, Mapping):
        pages = advanced.get("supportsPagination")
    return ServiceLayer(
        url=url,
        name=str(said.get("name") or "").strip() or url.rsplit("/", 3)[1],
        fields=fields,
        object_id=_object_id(said, fields, url),
        geometry=_GEOMETRY.get(str(said.get("geometryType") or "")),
        spatial_reference=_own_reference(said),
        page_size=_page_size(said.get("maxRecordCount")),
        pages=pages is True,
        attribution=str(said.get("copyrightText") or "").strip()[:500],
    )


def _field(given: Mapping[str, Any]) -> ServiceField:
    domain = given.get("domain")
    coded = domain.get("codedValues") if isinstance(domain, Mapping) else None
    return ServiceField(
        name=str(given["name"]),
        alias=str(given.get("alias") or given["name"]),
        type=str(given.get("type") or ""),
        domain={
            str(value["code"]): str(value["name"])
            for value in (coded if isinstance(coded, list) else [])
            if isinstance(value, Mapping) and value.get("code") is not None and value.get("name") is not None
        },
    )


def _object_id(said: Mapping[str, Any], fields: tuple[ServiceField, ...], url: str) -> str:
    names = [field.name for field in fields]
    stated = resolve(names, str(said.get("objectIdField") or ""))
    typed = [field.name for field in fields if field.type == "esriFieldTypeOID"]
    found = stated or (typed[0] if typed else resolve(names, "objectid"))
    if found is None:
        raise InvalidInput("service-without-object-id", url=url)
    return found


def _own_reference(said: Mapping[str, Any]) -> Mapping[str, Any]:
    extent = said.get("extent")
    for holder in (
        said.get("sourceSpatialReference"),
        extent.get("spatialReference") if isinstance(extent, Mapping) else None,
    ):
        if isinstance(holder, Mapping) and holder:
            return holder
    return {}


def _page_size(given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return min(given, _MOST_RECORDS)
    return FEW_RECORDS
