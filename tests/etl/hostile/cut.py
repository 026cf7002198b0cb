"""Good files of every format, cut off and with bytes changed."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator

from tests.etl.hostile import texts
from tests.etl.hostile.case import Case

SHARES = (0.02, 0.2, 0.5, 0.8, 0.97, 0.999)


def spoilt(data: bytes, seed: int, most: int = 12) -> bytes:
    """The same with some bytes changed."""
    rng = random.Random(seed)
    out = bytearray(data)
    for _ in range(rng.randint(1, most)):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def cases() -> Iterator[Case]:
    from tests.etl.hostile import features, tables, workbooks

    whole: dict[str, tuple[str, Callable[[], bytes], dict]] = {
        "csv": ("in.csv", lambda: texts.text(texts.records(200)).encode(), {}),
        "csv-cp949": ("in.csv", lambda: texts.text(texts.records(200, texts.KOREAN)).encode("cp949"), {}),
        "csv-utf16": ("in.csv", lambda: texts.text(texts.records(200)).encode("utf-16"), {}),
        "gzip": ("in.csv.gz", lambda: gzip.compress(texts.text(texts.records(200)).encode(), mtime=0), {}),
        "zip": ("in.zip", lambda: tables.packed({"in.csv": texts.text(texts.records(200))}), {}),
        "xlsx": ("in.xlsx", lambda: workbooks.book(workbooks.sheet(workbooks.table(texts.records(200)))), {}),
        "geojson": ("in.geojson", lambda: features.collection(200), {"geometry": True}),
        "geojson-lines": ("in.geojsonl", lambda: features.lines(200), {"geometry": True}),
        "geojson-seq": ("in.geojsons", lambda: features.lines(200, b"\x1e"), {"geometry": True}),
        "kml": ("in.kml", lambda: features.kml(200), {"geometry": True}),
        "gpx": ("in.gpx", lambda: features.gpx(200), {"geometry": True}),
        "osm": ("in.osm", lambda: features.osm(200), {"where": True}),
        "pbf": ("in.osm.pbf", lambda: features.pbf(200), {"where": True}),
        "gpkg": ("in.gpkg", lambda: tables.geopackage(200), {"geometry": True}),
        "parquet": ("in.parquet", lambda: tables.parquet(200), {}),
        "shapefile": ("in.zip", lambda: tables.shapes(200), {"geometry": True}),
    }
    for name, (file, make, known) in whole.items():
        for share in SHARES:
            yield Case(
                f"cut-{name}-{share}", file, lambda m=make, s=share: (d := m())[: int(len(d) * s)], code="?", **known
            )
        for seed in range(4):
            yield Case(f"spoilt-{name}-{seed}", file, lambda m=make, s=seed: spoilt(m(), s), code="?", **known)
