"""A million points into and out of PostGIS: ours against geopandas.

    python benchmarks/load_points.py [--points 1000000] [--rounds 3]

Prints, each as the median of the rounds, ours and the peer taken in turn, and the best of each, which other work on the machine
touches least:

* loading: checked rows in memory → stored, committed, indexed, swapped in; the peer is ``GeoDataFrame.to_postgis``;
* whole import: CSV file → batch with report, everything validated, cells, darkness, territory; the peer is ``read_csv`` +
  ``points_from_xy`` + ``to_postgis``, which checks nothing;
* reading: all points with three attributes into arrays; the peer is ``read_postgis``.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from bench_database import CITY, database, drop, workspace
from sqlalchemy import text

from etl.importer import ImportRequest, run_import
from geo_core.cells import index_points
from layers import batches, copy_binary, copy_out, loading, registry
from layers.identity import transaction
from layers.staging import Rows

SEED = 5
CHUNK = 100_000
CATEGORIES = np.array(["theft", "robbery", "fraud", "hooliganism", "vandalism"])


def make(count):
    rng = np.random.default_rng(SEED)
    west, south, east, north = CITY
    seconds = rng.integers(0, 4 * 365 * 86400, count)
    local = np.datetime64("2021-01-01T00:00") + seconds.astype("timedelta64[s]").astype("timedelta64[m]")
    return pd.DataFrame(
        {
            "id": np.arange(count),
            "lon": rng.uniform(west, east, count).round(6),
            "lat": rng.uniform(south, north, count).round(6),
            "occurred_local": np.datetime_as_string(local, unit="m"),
            "category": CATEGORIES[rng.integers(0, len(CATEGORIES), count)],
            "severity": np.array(["minor", "medium", "grave"])[rng.integers(0, 3, count)],
            "article": rng.integers(99, 300, count),
            "public_place": rng.integers(0, 2, count).astype(bool),
        }
    )


def timed(work):
    start = time.perf_counter()
    out = work()
    return time.perf_counter() - start, out


def staged(frame, root, ids):
    count = len(frame)
    lon, lat = frame["lon"].to_numpy(), frame["lat"].to_numpy()
    moment = pa.array(pd.to_datetime(frame["occurred_local"]).to_numpy().astype("datetime64[us]")).cast(
        pa.timestamp("us", tz="UTC")
    )
    day = moment.cast(pa.date32())
    some = pa.array(np.zeros(count, np.int16))
    return Rows(
        ids=ids,
        source_id=pa.array(frame["id"].astype(str)),
        row_hash=np.arange(count),
        lon=lon,
        lat=lat,
        geometry=None,
        cell=index_points(lon, lat),
        territory_id=np.full(count, root, np.int32),
        flags=pa.array([[]] * count, type=pa.list_(pa.string())),
        columns={
            "category": pa.array(frame["category"].to_numpy(dtype=object)),
            "severity": pa.array(frame["severity"].to_numpy(dtype=object)),
            "article": pa.array(frame["article"].astype(str).to_numpy(dtype=object)),
            "public_place": pa.array(frame["public_place"].to_numpy()),
            "occurred_from": moment,
            "occurred_to": moment,
            "time_precision": pa.array(["minute"] * count),
            "day_from": day,
            "day_to": day,
            "hour": some,
            "weekday": some,
            "dark": pa.array(np.zeros(count, bool)),
        },
    )


def chunked(frame, root, ids):
    """Checked rows in chunks as the reader hands them over."""
    starts = range(0, len(frame), CHUNK)
    return [staged(frame.iloc[at : at + CHUNK], root, ids[at : at + CHUNK]) for at in starts]


def load_ours(engines, principal, frame):
    info = workspace(engines, principal, "load")
    layer = registry.load()["crimes"]
    with transaction(engines.app, principal) as connection:
        ids = loading.reserve_ids(connection, len(frame))
        start = batches.BatchStart(
            layer_id="crimes",
            source_name="bench",
            sha256="",
            size_bytes=0,
            licence="",
            attribution="",
            is_synthetic=True,
            mapping={},
        )
        batch = batches.start(connection, info, start)
    chunks = chunked(frame, info.root_territory_id, ids)

    def finish(connection, _outcome):
        batches.finish(connection, batch, report={}, period=None, sha256="", size_bytes=0)

    seconds, _ = timed(lambda: loading.load_aside(engines, principal, info, layer, batch, chunks, finish))
    drop(engines, "load")
    return seconds


def copy_only(engines, principal, frame):
    """The COPY alone, for reference: what of the loading is the server's own limit."""
    info = workspace(engines, principal, "copy")
    layer = registry.load()["crimes"]
    chunks = chunked(frame, info.root_territory_id, np.arange(len(frame)))
    with engines.loader.connect() as connection:
        connection.execute(text("SELECT qorgan_bulk_create(:t, :w, 999999999)"), {"t": layer.table, "w": info.id})
        driver = connection.connection.driver_connection
        seconds, _ = timed(lambda: loading.copy(driver, "bulk_999999999", layer, info.id, 1, chunks))
        connection.rollback()
    drop(engines, "copy")
    return seconds


def load_peer(engines, frame):
    points = geopandas.GeoDataFrame(
        frame, geometry=geopandas.points_from_xy(frame["lon"], frame["lat"]), crs="EPSG:4326"
    )
    with engines.owner.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS peer"))
    return timed(lambda: points.to_postgis("peer", engines.owner))[0]


def import_ours(engines, principal, path):
    workspace(engines, principal, "whole")
    layer = registry.load()["crimes"]
    mapping = next(one for one in layer.sources if one.id == "qorgan-crimes")
    wanted = ImportRequest(layer=layer, path=path, mapping=mapping, workspace="whole", is_synthetic=True)
    seconds, report = timed(lambda: run_import(engines, principal, wanted))
    if report.loaded != report.read:
        raise SystemExit(f"lost rows: {report}")
    return seconds


def import_peer(engines, path):
    with engines.owner.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS peer"))

    def work():
        frame = pd.read_csv(path, parse_dates=["occurred_local"])
        points = geopandas.GeoDataFrame(
            frame, geometry=geopandas.points_from_xy(frame["lon"], frame["lat"]), crs="EPSG:4326"
        )
        points.to_postgis("peer", engines.owner)

    return timed(work)[0]


def read_ours(engines, principal):
    with transaction(engines.app, principal) as connection:
        return timed(
            lambda: copy_out.arrays(
                connection,
                "SELECT id::int8, ST_X(geom)::float8, ST_Y(geom)::float8, cell::int8, coalesce(hour, -1)::int2, "
                "coalesce(dark, false) FROM layer_crimes",
                [
                    ("id", "int8"),
                    ("lon", "float8"),
                    ("lat", "float8"),
                    ("cell", "int8"),
                    ("hour", "int2"),
                    ("dark", "bool"),
                ],
            )
        )[0]


def read_peer(engines):
    sql = "SELECT id, article, public_place, geometry FROM peer"
    return timed(lambda: geopandas.read_postgis(sql, engines.owner, geom_col="geometry"))[0]


def show(name, ours, peer):
    a, b = statistics.median(ours), statistics.median(peer)
    ratios = " ".join(f"{y / x:.1f}" for x, y in zip(ours, peer, strict=True))
    print(f"{name:<14} ours {a:6.2f} s   geopandas {b:6.2f} s   ratio {b / a:5.1f}", end="")
    print(f"   best {min(ours):.2f} and {min(peer):.2f} s: {min(peer) / min(ours):.1f}   round by round {ratios}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    copy_binary.warm_up()
    frame = make(given.points)
    print(f"{given.points:,} points, {os.cpu_count()} cores, median of {given.rounds}")
    with tempfile.TemporaryDirectory() as folder, database() as (engines, principal):
        path = Path(folder) / "points.csv"
        pa.csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), path)
        times = {name: ([], []) for name in ("loading", "whole import", "reading")}
        copies = []
        small = make(1000)
        load_ours(engines, principal, small)
        for _ in range(given.rounds):
            times["loading"][0].append(load_ours(engines, principal, frame))
            copies.append(copy_only(engines, principal, frame))
            times["loading"][1].append(load_peer(engines, frame))
            times["whole import"][0].append(import_ours(engines, principal, path))
            times["whole import"][1].append(import_peer(engines, path))
            times["reading"][0].append(read_ours(engines, principal))
            times["reading"][1].append(read_peer(engines))
            drop(engines, "whole")
        for name, (ours, peer) in times.items():
            show(name, ours, peer)
        show("COPY alone", copies, times["loading"][1])


if __name__ == "__main__":
    main()
