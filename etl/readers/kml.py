"""KML: placemarks with their names, times and extended data, streamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import shapely

from etl.readers.features import XmlSource, finite
from etl.readers.markup import Element

_PLAIN = ("name", "description", "address", "phoneNumber")
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack")
BROKEN = shapely.GeometryCollection()


@dataclass(eq=False)
class KmlSource(XmlSource):
    """Every ``Placemark``: columns ``name``, ``description``, ``id``, ``when``, ``begin``, ``end`` and those of its extended data."""

    tags: ClassVar[frozenset[str]] = frozenset({"Placemark"})
    kind: ClassVar[str] = "kml"

    @staticmethod
    def values(element: Element) -> dict[str, str]:
        """Texts of a placemark; extended data goes before an element of the same name."""
        out = {tag: text for tag in _PLAIN if (text := element.said(tag))}
        if element.attributes.get("id"):
            out["id"] = element.attributes["id"]
        for tag in ("when", "begin", "end"):
            for group in ("TimeStamp", "TimeSpan"):
                inner = element.child(group)
                if inner is not None and (text := inner.said(tag)):
                    out[tag] = text
        for data in element.all("ExtendedData"):
            for item in data.all("Data"):
                if (text := item.said("value")) is not None and item.attributes.get("name"):
                    out[item.attributes["name"]] = text
            for item in data.all("SimpleData"):
                if (text := item.text.strip()) and item.attributes.get("name"):
                    out[item.attributes["name"]] = text
        return out

    @staticmethod
    def shape(element: Element) -> Any:
        """The geometry in degrees, heights left out."""
        found = next((c for c in element.children if c.tag in _SHAPES), None)
        if found is None:
            return None
        try:
            return _shape(found)
        except (ValueError, IndexError, shapely.errors.GEOSException):
            return BROKEN


def _positions(text: str | None) -> list[tuple[float, float]]:
    out = []
    # "lon,lat,height" parted by blanks; some programs put a blank behind the comma
    for word in ",".join(part.strip() for part in (text or "").split(",")).split():
        parts = word.split(",")
        out.append((finite(parts[0]), finite(parts[1])))
    return out


def _shape(element: Element) -> Any:
    match element.tag:
        case "Point":
            (position,) = _positions(element.said("coordinates"))
            return shapely.Point(position)
        case "LineString" | "LinearRing":
            return shapely.LineString(_positions(element.said("coordinates")))
        case "Track":
            words = [c.text.split() for c in element.children if c.tag == "coord"]
            return shapely.LineString([(finite(w[0]), finite(w[1])) for w in words])
        case "Polygon":
            outer = element.child("outerBoundaryIs")
            if outer is None:
                raise ValueError("a polygon without outline")
            holes = [_ring(c) for c in element.children if c.tag == "innerBoundaryIs"]
            return shapely.Polygon(_ring(outer), holes)
        case _:
            return _joined([_shape(c) for c in element.children if c.tag in _SHAPES])


def _ring(boundary: Element) -> list[tuple[float, float]]:
    ring = boundary.child("LinearRing")
    if ring is None:
        raise ValueError("a boundary without ring")
    return _positions(ring.said("coordinates"))


def _joined(parts: list[Any]) -> Any:
    kinds = {part.geom_type for part in parts}
    if len(parts) == 1:
        return parts[0]
    if kinds == {"Polygon"}:
        return shapely.MultiPolygon(parts)
    if kinds == {"LineString"}:
        return shapely.MultiLineString(parts)
    if kinds == {"Point"}:
        return shapely.MultiPoint(parts)
    return shapely.GeometryCollection(parts)
