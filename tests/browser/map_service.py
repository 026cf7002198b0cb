"""A service of fixtures for the map: cells, vector tiles and a style, on 127.0.0.1, that can be switched off and on."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import h3
import numpy as np

from geo_core.cell_wire import MEDIA_TYPE, encode_cells
from tests.browser.map_tiles import point_tile

RESOLUTION = 9
CENTRE = (76.9674, 52.2873)  # lon, lat of Pavlodar
LONG_ID = 6999686716846249483  # a number of JavaScript makes …249000 of it
LAMPS = [
    (
        76.9674 + 0.004 * i,
        52.2873 + 0.002 * j,
        {"lamp": f"{i}/{j}", "kind": "led" if (i + j) % 2 else "sodium"}
        | ({"id_text": str(LONG_ID)} if (i, j) == (1, 0) else {}),
    )
    for i in range(-6, 7)
    for j in range(-6, 7)
]
# every letter that Kazakh has and Russian has not is in these names
ROADS = [
    ("Құрманғазы көшесі", [[76.93, 52.2873], [77.005, 52.2873]]),
    ("Әл-Фараби даңғылы", [[76.93, 52.2960], [77.005, 52.2960]]),
    ("Үлкен өткел жолы", [[76.93, 52.2785], [77.005, 52.2785]]),
    ("Ұлы Һәм көпірі", [[76.93, 52.3045], [77.005, 52.3045]]),
    ("Щербаков Ёлка іргесі", [[76.93, 52.2700], [77.005, 52.2700]]),
]


def city_cells() -> bytes:
    """Some 400 cells around the centre: counts with zeros, unknown and hidden ones, and a share."""
    rng = np.random.default_rng(11)
    lon, lat = CENTRE
    centre = h3.latlng_to_cell(lat, lon, RESOLUTION)
    cells = np.sort(np.fromiter((h3.str_to_int(c) for c in h3.grid_disk(centre, 11)), dtype=np.uint64))
    n = len(cells)
    crimes = rng.negative_binomial(0.6, 0.05, n).astype(np.float64)
    hidden = np.zeros(n, dtype=bool)
    hidden[rng.choice(n, 25, replace=False)] = True
    order = rng.random(n)
    crimes[order < 0.12] = np.nan
    share = rng.beta(1.5, 3, n)
    share[order < 0.3] = np.nan
    at = int(np.flatnonzero(cells == np.uint64(h3.str_to_int(centre)))[0])
    crimes[at], hidden[at] = 42.0, False
    return encode_cells(
        cells,
        {"crimes": crimes, "seen_share": share},
        {"provenance": "fixture"},
        resolution=RESOLUTION,
        units={"crimes": "1", "seen_share": "1"},
        hidden={"crimes": hidden},
        precision={"seen_share": 0.001},
    )


def style() -> dict[str, Any]:
    """Roads and their names; no glyph server is named."""
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "LineString", "coordinates": line}}
        for name, line in ROADS
    ]
    return {
        "version": 8,
        "sources": {
            "roads": {"type": "geojson", "data": {"type": "FeatureCollection", "features": features}},
            # a relative address: relative to the style, not to the page
            "lamps": {"type": "vector", "tiles": ["tiles/{z}/{x}/{y}"], "minzoom": 10, "maxzoom": 12},
        },
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": "#f4f2ee"}},
            {
                "id": "roads",
                "type": "line",
                "source": "roads",
                "paint": {"line-color": "#c9c4ba", "line-width": 5},
            },
            {
                "id": "lamps",
                "type": "circle",
                "source": "lamps",
                "source-layer": "lamps",
                "paint": {"circle-color": "#00a000", "circle-radius": 3},
            },
            {
                "id": "names",
                "type": "symbol",
                "source": "roads",
                "layout": {
                    "symbol-placement": "line",
                    "text-field": ["get", "name"],
                    "text-font": ["Noto Sans", "DejaVu Sans", "sans-serif"],
                    "text-size": 14,
                },
                "paint": {"text-color": "#2b2f33", "text-halo-color": "#ffffff", "text-halo-width": 1.6},
            },
        ],
    }


class MapService(ThreadingHTTPServer):
    """Counts what it is asked; `away` makes it answer 503."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.away = False
        self.asked: list[str] = []
        self.cells = city_cells()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MapService

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
        return

    def do_OPTIONS(self) -> None:
        self._answer(204, b"", "text/plain")

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(self.path)
        if self.server.away and not path.startswith("/style"):
            self._answer(503, b'{"title": "away"}', "application/problem+json")
        elif path == "/cells":
            self._answer(200, self.server.cells, MEDIA_TYPE)
        elif path == "/empty":
            empty = encode_cells(
                np.array([], dtype=np.uint64), {"crimes": np.array([])}, {}, resolution=9, units={"crimes": "1"}
            )
            self._answer(200, empty, MEDIA_TYPE)
        elif path == "/style.json":
            self._answer(200, json.dumps(style()).encode(), "application/json")
        elif path == "/style-outside.json":
            outside = style()
            outside["glyphs"] = "https://fonts.example.org/{fontstack}/{range}.pbf"
            outside["sources"]["far"] = {"type": "vector", "tiles": ["https://tiles.example.org/{z}/{x}/{y}"]}
            outside["layers"].append({"id": "far", "type": "line", "source": "far", "source-layer": "roads"})
            self._answer(200, json.dumps(outside).encode(), "application/json")
        elif path.startswith("/tiles/"):
            z, x, y = (int(part) for part in path.removeprefix("/tiles/").split("/"))
            self._answer(200, point_tile("lamps", LAMPS, z=z, x=x, y=y), "application/vnd.mapbox-vector-tile")
        else:
            detail = {"title": "Not found", "detail": "Мұндай қабат жоқ."}
            self._answer(404, json.dumps(detail).encode(), "application/problem+json")

    def _answer(self, status: int, body: bytes, media_type: str) -> None:
        packed = gzip.compress(body, 1) if body else b""
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)


@contextmanager
def map_service() -> Iterator[MapService]:
    """The running service."""
    service = MapService()
    thread = threading.Thread(target=service.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
