"""GPX: waypoints, routes and tracks, streamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import shapely

from etl.readers.features import XmlSource, finite
from etl.readers.markup import Element

_PLAIN = ("name", "time", "ele", "cmt", "desc", "src", "sym", "type", "number")
KIND = "gpx_kind"
BROKEN = shapely.GeometryCollection()


@dataclass(eq=False)
class GpxSource(XmlSource):
    """A waypoint is a point, a route a line, a track a line per segment; the column ``gpx_kind`` says which."""

    tags: ClassVar[frozenset[str]] = frozenset({"wpt", "rte", "trk"})
    kind: ClassVar[str] = "gpx"

    @staticmethod
    def values(element: Element) -> dict[str, str]:
        """Texts of the element itself and of its extensions."""
        out = {KIND: {"wpt": "waypoint", "rte": "route", "trk": "track"}[element.tag]}
        extensions = element.child("extensions")
        for inner in extensions.children if extensions is not None else []:
            if more := inner.text.strip():
                out[inner.tag] = more
        out.update({tag: text for tag in _PLAIN if (text := element.said(tag))})
        return out

    @staticmethod
    def shape(element: Element) -> Any:
        """The geometry in degrees; a segment of one point is no line and is left out."""
        try:
            match element.tag:
                case "wpt":
                    return shapely.Point(_position(element))
                case "rte":
                    return shapely.LineString([_position(p) for p in element.children if p.tag == "rtept"])
                case _:
                    segments = [
                        [_position(p) for p in s.children if p.tag == "trkpt"]
                        for s in element.children
                        if s.tag == "trkseg"
                    ]
                    lines = [shapely.LineString(s) for s in segments if len(s) > 1]
                    return BROKEN if not lines else lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
        except (KeyError, ValueError, shapely.errors.GEOSException):
            return BROKEN


def _position(element: Element) -> tuple[float, float]:
    return finite(element.attributes["lon"]), finite(element.attributes["lat"])
