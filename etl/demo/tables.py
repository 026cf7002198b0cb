"""The demo city as rows of import files: one function per layer, columns named like the layer's fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from etl.demo.accidents import Accident
from etl.demo.areas import POPULATION_DATE, Area
from etl.demo.cameras import Camera
from etl.demo.crimes import Crime
from etl.demo.files import coordinates
from etl.demo.frame import Floats, to_lonlat, to_xy
from etl.demo.lamps import Lamp
from etl.demo.names import Name
from etl.demo.plan import district_rings, river_ring
from etl.demo.sketch import Building, Sketch
from etl.demo.spots import Place
from etl.demo.streets import Edge

Row = dict[str, Any]
Geometry = dict[str, Any]


def _names(name: Name | None) -> Row:
    return {
        "name": None if name is None else name.kk,
        "name_kk": None if name is None else name.kk,
        "name_ru": None if name is None else name.ru,
    }


def _point(xy: Floats | None) -> Row:
    if xy is None:
        return {"lon": None, "lat": None}
    lon, lat = to_lonlat(xy)
    return {"lon": float(lon), "lat": float(lat)}


def _ring(ring: Floats) -> Floats:
    return to_lonlat(to_xy(ring))


def roads(edges: list[Edge]) -> tuple[list[Row], list[Geometry]]:
    """Edges between junctions; ``from_node`` and ``to_node`` are the topology."""
    rows = [
        {
            "id": f"PD-R-{edge.id:05d}",
            "from_node": edge.from_node,
            "to_node": edge.to_node,
            "highway_class": edge.highway_class,
            **_names(edge.name),
            "oneway": edge.oneway,
            "is_bridge": edge.is_bridge,
            "is_tunnel": edge.level < 0,
            "level": edge.level,
            "max_speed_kmh": edge.max_speed_kmh,
            "lit": edge.lit,
        }
        for edge in edges
    ]
    lines = [{"type": "LineString", "coordinates": coordinates(to_lonlat(edge.xy))} for edge in edges]
    return rows, lines


def buildings(found: list[Building]) -> tuple[list[Row], list[Floats]]:
    """Buildings with height where it was measured and levels where they were counted."""
    rows = [
        {
            "id": f"PD-H-{number:05d}",
            "height_m": building.height_m,
            "levels": None if building.levels is None else float(building.levels),
            "use": building.use,
            "addresses": building.addresses,
        }
        for number, building in enumerate(found, start=1)
    ]
    return rows, [_ring(building.ring) for building in found]


def water(sketch: Sketch) -> tuple[list[Row], list[Geometry]]:
    """The river and the ponds."""
    rows: list[Row] = [{"id": "PD-W-1", "kind": "river", "name": "Ертіс"}]
    rings = [river_ring()]
    for number, (ring, name) in enumerate(sketch.ponds, start=2):
        rows.append({"id": f"PD-W-{number}", "kind": "lake", "name": name.kk})
        rings.append(ring)
    return rows, [{"type": "Polygon", "coordinates": [coordinates(_ring(ring))]} for ring in rings]


def areas(found: list[Area]) -> tuple[list[Row], list[Geometry]]:
    """Districts, microdistricts, beats."""
    rows = [
        {
            "id": f"PD-A-{area.code}",
            "kind": area.kind,
            "code": area.code,
            "name": area.name_kk,
            "name_kk": area.name_kk,
            "name_ru": area.name_ru,
            "name_en": area.name_en,
            "population": area.population,
            "population_date": POPULATION_DATE,
        }
        for area in found
    ]
    return rows, [{"type": "Polygon", "coordinates": [coordinates(_ring(area.ring))]} for area in found]


def places(found: list[Place]) -> tuple[list[Row], list[Geometry]]:
    """Places as points."""
    rows, points = [], []
    for number, place in enumerate(found, start=1):
        lon, lat = to_lonlat(place.xy)
        rows.append({"id": f"PD-P-{number:04d}", "kind": place.kind, **_names(place.name)})
        points.append({"type": "Point", "coordinates": [float(lon), float(lat)]})
    return rows, points


def cameras(found: list[Camera]) -> list[Row]:
    """The inventory of cameras."""
    return [
        {
            "id": f"PD-V-{number:04d}",
            "kind": camera.kind,
            "status": camera.status,
            "azimuth_deg": camera.azimuth_deg,
            "hfov_deg": camera.hfov_deg,
            "tilt_deg": camera.tilt_deg,
            "height_m": camera.height_m,
            "width_px": camera.width_px,
            "range_m": camera.range_m,
            "ir_range_m": camera.ir_range_m,
            "owner": camera.owner,
            "connected": camera.connected,
            "installed_on": None if camera.installed_on is None else camera.installed_on.isoformat(),
            "verified_on": None if camera.verified_on is None else camera.verified_on.isoformat(),
            **_point(camera.xy),
        }
        for number, camera in enumerate(found, start=1)
    ]


def lamps(found: list[Lamp]) -> list[Row]:
    """The inventory of lamps."""
    return [
        {
            "id": f"PD-L-{number:05d}",
            "status": lamp.status,
            "height_m": lamp.height_m,
            "power_w": lamp.power_w,
            "flux_lm": lamp.flux_lm,
            "light_source": lamp.light_source,
            "part_night": lamp.part_night,
            **_point(lamp.xy),
        }
        for number, lamp in enumerate(found, start=1)
    ]


def crimes(found: list[Crime]) -> list[Row]:
    """The register of crimes."""
    return [
        {
            "id": f"PD-C-{number:05d}",
            "category": crime.category,
            "article": crime.article,
            "severity": crime.severity,
            "public_place": crime.public_place,
            "occurred_local": crime.occurred,
            "occurred_local_to": crime.occurred_to,
            "registered_on": crime.registered_on,
            **_point(crime.xy),
        }
        for number, crime in enumerate(found, start=1)
    ]


def accidents(found: list[Accident]) -> list[Row]:
    """The cards of road accidents with the code of the district they happened in."""
    districts = np.array([shapely.Polygon(to_xy(ring)) for ring in district_rings().values()])
    points = np.array([shapely.Point(*accident.xy) for accident in found])
    inside = shapely.contains(districts[None, :], points[:, None])
    code = [f"55-{int(np.argmax(row)) + 1:02d}" if row.any() else None for row in inside]
    return [
        {
            "id": f"PD-D-{number:04d}",
            "category": accident.category,
            "severity": accident.severity,
            "killed": accident.killed,
            "injured": accident.injured,
            "light": accident.light,
            "street_light": accident.street_light,
            "surface": accident.surface,
            "weather": accident.weather,
            "defects": accident.defects,
            "road_ref": accident.road_ref,
            "km": accident.km,
            "district_code": district,
            "occurred_local": accident.occurred,
            **_point(accident.xy),
        }
        for number, (accident, district) in enumerate(zip(found, code, strict=True), start=1)
    ]
