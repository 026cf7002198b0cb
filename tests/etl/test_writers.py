"""Exports hold a few pages in memory whatever the size of the layer, and other libraries read what was written."""

from __future__ import annotations

import csv
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely

from etl.formulas import marked, unmarked
from etl.readers import open_source
from etl.writers import columnar, records
from geo_core.errors import NotFound
from layers import registry

LAYERS = registry.load()
ROWS = 5_000
CHUNK = 250
COUNTED = {"arrow": columnar.write_arrow, "parquet": columnar.write_parquet, "geopackage": columnar.write_geopackage}


class Counted(dict[str, Any]):
    """A record whose life can be watched."""


def cameras(count: int, alive: weakref.WeakSet[Any] | None = None) -> Iterator[dict[str, Any]]:
    """Cameras, every seventh without position, every third without direction."""
    rng = np.random.default_rng(4)
    for number in range(count):
        lon, lat = rng.uniform((76.9, 52.2), (77.0, 52.3)).round(7)
        record = Counted(
            id=f"k{number}",
            status="works",
            azimuth_deg=None if number % 3 == 0 else float(number % 360),
            connected=[True, False, None][number % 3],
            geometry=None if number % 7 == 0 else {"type": "Point", "coordinates": [lon, lat]},
        )
        if alive is not None:
            alive.add(record)
        yield record


Counted.__hash__ = object.__hash__  # type: ignore[method-assign]
NAMES = ["id", "status", "azimuth_deg", "connected"]


@pytest.mark.parametrize("form", list(COUNTED))
def test_no_more_than_two_chunks_are_alive_at_any_moment(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(columnar, "CHUNK_ROWS", CHUNK)
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    def watched() -> Iterator[dict[str, Any]]:
        nonlocal most
        for number, record in enumerate(cameras(ROWS, alive)):
            if number % 100 == 0:  # nothing refers in circles: what is let go of is gone at once
                most = max(most, len(alive))
            yield record

    assert COUNTED[form](watched(), NAMES, LAYERS["cameras"], tmp_path / "out.gpkg") == ROWS
    assert 0 < most <= 2 * CHUNK + 1


@pytest.mark.parametrize("form", list(COUNTED))
@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_another_library_reads_what_was_written_across_chunks(
    form: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(columnar, "CHUNK_ROWS", CHUNK)
    out = tmp_path / ("a.gpkg" if form == "geopackage" else f"a.{form}")
    assert COUNTED[form](cameras(count), NAMES, LAYERS["cameras"], out) == count
    if form == "arrow":
        table = pa.ipc.open_stream(out).read_all()
        shapes = shapely.from_wkb(np.array(table["geometry"].to_pylist(), dtype=object))
        frame = gpd.GeoDataFrame(table.drop_columns("geometry").to_pandas(), geometry=shapes, crs="EPSG:4326")
    else:
        frame = gpd.read_parquet(out) if form == "parquet" else gpd.read_file(out, engine="pyogrio")
    assert frame.crs.to_epsg() == 4326
    assert len(frame) == count
    for (_, row), wanted in zip(frame.iterrows(), cameras(count), strict=True):
        assert (row["id"], row["status"]) == (wanted["id"], "works")
        assert (None if np.isnan(row["azimuth_deg"]) else row["azimuth_deg"]) == wanted["azimuth_deg"]
        assert (None if row["connected"] is None or np.isnan(row["connected"]) else bool(row["connected"])) == wanted[
            "connected"
        ]
        shape = row["geometry"]
        assert (None if shape is None else [shape.x, shape.y]) == (
            wanted["geometry"] and wanted["geometry"]["coordinates"]
        )


@pytest.mark.parametrize("form", list(COUNTED))
def test_what_goes_wrong_while_reading_is_told_as_it_is(form: str, tmp_path: Path):
    def broken() -> Iterator[dict[str, Any]]:
        yield from cameras(30)
        raise NotFound("unknown-workspace", workspace="gone")

    with pytest.raises(NotFound, match="unknown-workspace"):
        COUNTED[form](broken(), NAMES, LAYERS["cameras"], tmp_path / "out.gpkg")


def test_every_format_has_a_writer():
    assert set(records.FORMATS) == set(records._WRITERS)


def test_no_csv_holds_a_formula_and_it_is_read_back_unchanged(tmp_path: Path):
    texts = ["=1+1", "+cmd", "-x", "@sum", "'=quoted", "''-x", "it's", "'name'", "-5", "+77011234567", "плохо = да"]
    rows = [{"id": f"n{i}", "status": text, "geometry": None} for i, text in enumerate(texts)]
    path = tmp_path / "cameras.csv"
    assert records._csv(rows, ["id", "status"], LAYERS["cameras"], path) == len(texts)
    with path.open(encoding="utf-8", newline="") as stream:
        written = [row["status"] for row in csv.DictReader(stream)]
    assert [text for text in written if text[0] in "=+-@"] == ["-5", "+77011234567"]
    with open_source(path) as source:
        read = [text for chunk in source.chunks() for text in chunk.columns["status"].to_pylist()]
    assert read == texts
    assert [unmarked(marked(text)) for text in (*texts, "\t=1", "\rx", "'\r")] == [*texts, "\t=1", "\rx", "'\r"]
    assert marked("\r=1") == "'\r=1"
