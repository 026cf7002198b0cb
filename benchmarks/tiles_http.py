"""Vector tiles over HTTP: our route (identity, row-level security, ETag, no cache) beside tipg on the same table, one worker each.

Run: ``PYTHONPATH=. python benchmarks/tiles_http.py --tipg /path/of/a/venv/with/tipg/bin/python``
(``benchmarks/requirements.txt``). tipg reads the table's partition as a superuser would: without row-level security.
"""

from __future__ import annotations

import argparse
import math

import psycopg
from psycopg import sql

from benchmarks.http_city import CITY, OBLAST, TOKEN, Box, Server, city, database_cpu_s, free_port, ours, server
from benchmarks.http_load import Load, run
from cli.cluster import Cluster


def tiles(box: Box, z: int, most: int = 400) -> list[tuple[int, int, int]]:
    """Tiles of the box, spread evenly."""
    west, south, east, north = box

    def x_of(lon: float) -> int:
        return int((lon + 180) / 360 * 2**z)

    def y_of(lat: float) -> int:
        return int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z)

    every = [(z, x, y) for x in range(x_of(west), x_of(east) + 1) for y in range(y_of(north), y_of(south) + 1)]
    step = max(len(every) // most, 1)
    return every[::step]


def open_to_tipg(cluster: Cluster) -> str:
    """A role that reads the partition, and its address: the same rows, the same index, no policy on it."""
    with psycopg.connect(str(cluster.urls.owner).replace("+psycopg", ""), autocommit=True) as owner:
        name = owner.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'layer\\_crimes\\_w%' AND relkind = 'r'"
        ).fetchone()
        assert name is not None
        owner.execute(sql.SQL("GRANT SELECT ON {} TO qorgan_loader").format(sql.Identifier(name[0])))
    return str(name[0])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tipg", required=True, help="Python of an environment with tipg and uvicorn[standard]")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--box", choices=["oblast", "city"], default="oblast")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--readers", type=int, default=8)
    wanted = parser.parse_args()
    box = OBLAST if wanted.box == "oblast" else CITY
    with city(wanted.points, box=box) as (cluster, _):
        table = open_to_tipg(cluster)
        port = free_port()
        tipg = server(
            [wanted.tipg, "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--no-access-log"],
            {
                "DATABASE_URL": str(cluster.urls.loader).replace("+psycopg", ""),
                "TIPG_DB_SPATIAL_EXTENT": "TRUE",
                "TIPG_DB_TABLES": f'["public.{table}"]',
                "TIPG_DB_EXCLUDE_FUNCTIONS": '["*"]',
                "TIPG_MAX_FEATURES_PER_TILE": "10000000",
                "PYTHONPATH": "",
            },
            port,
            "/healthz",
        )
        with ours(cluster, cache_bytes=0) as our, tipg as their:
            for z, bar in ((12, 1.5), (13, None), (14, 3.0), (15, None)):
                chosen = tiles(box, z)
                own = [f"/w/city/tiles/crimes/{z}/{x}/{y}.mvt" for z, x, y in chosen]
                theirs = [
                    f"/collections/public.{table}/tiles/WebMercatorQuad/{z}/{x}/{y}?properties=category"
                    for z, x, y in chosen
                ]
                identity = {"Authorization": f"Bearer {TOKEN}"}
                for paths, server_, headers in ((own, our, identity), (theirs, their, {})):
                    run(server_.address, paths, headers, readers=wanted.readers, seconds=1)  # warm
                # in turns, so that whatever else the machine does falls on both
                we, they = Side(), Side()
                for _ in range(wanted.rounds):
                    we.add(cluster, our, own, identity, wanted.readers, wanted.seconds)
                    they.add(cluster, their, theirs, {}, wanted.readers, wanted.seconds)
                print(
                    f"z{z}: ours {we}   tipg {they}   ratio {we.per_second / they.per_second:.2f}"
                    + (f" (bar {bar})" if bar else ""),
                    flush=True,
                )


class Side:
    """Rounds of one server put together."""

    def __init__(self) -> None:
        self.load, self.server_s, self.database_s = Load(), 0.0, 0.0

    def add(
        self, cluster: Cluster, server_: Server, paths: list[str], headers: dict[str, str], readers: int, seconds: float
    ) -> None:
        server_s, database_s = server_.cpu_s(), database_cpu_s(cluster)
        got = run(server_.address, paths, headers, readers=readers, seconds=seconds)
        self.server_s += server_.cpu_s() - server_s
        self.database_s += database_cpu_s(cluster) - database_s
        self.load.milliseconds += got.milliseconds
        self.load.seconds += got.seconds
        self.load.size_bytes += got.size_bytes
        self.load.faults += got.faults

    @property
    def per_second(self) -> float:
        return self.load.per_second

    def __str__(self) -> str:
        n = len(self.load.milliseconds)
        return (
            f"{self.per_second:6.0f}/s p95 {self.load.percentile(0.95):6.1f} ms {self.load.size_bytes / n / 1000:6.1f} kB "
            f"(processor per tile: server {self.server_s / n * 1000:.2f} ms, database {self.database_s / n * 1000:.2f} ms; "
            f"{self.load.faults} faults)"
        )


if __name__ == "__main__":
    main()
