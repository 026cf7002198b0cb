"""Cells over HTTP with 20 readers at once: answers kept ready, and computed anew each time (a different filter for each).

Run: ``PYTHONPATH=. python benchmarks/cells_http.py``. Bars: p95 ≤ 100 ms warm at resolution 9 (about 5,400 cells), ≤ 300 ms at
resolution 10, no faults. No peer serves H3 cells by an exact filter; the same rows as GeoJSON of the same route stand beside.
"""

from __future__ import annotations

import argparse
import itertools

from benchmarks.http_city import CITY, TOKEN, Server, city, database_cpu_s, ours
from benchmarks.http_load import run
from cli.cluster import Cluster


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=100_000, help="records of a city over some years")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5)
    wanted = parser.parse_args()
    with city(wanted.points, box=CITY) as (cluster, _):
        for name, cache_bytes in (("kept", 128_000_000), ("anew", 0)):
            with ours(cluster, cache_bytes=cache_bytes) as server:
                for resolution, bar in ((8, None), (9, 100), (10, 300)):
                    for form in ("cells", "json", "geojson"):
                        paths = questions(resolution, form, anew=name == "anew")
                        line(cluster, server, paths, wanted, f"{name} res {resolution:2} {form:8}", bar)


def questions(resolution: int, form: str, *, anew: bool) -> list[str]:
    """One question, or many that differ: the month and the hours."""
    base = f"/w/city/layers/crimes/cells?resolution={resolution}&f={form}"
    if not anew:
        return [base]
    return [
        f"{base}&from=2023-{month:02}-01&hours={hour}-{(hour + 11) % 24}"
        for month, hour in itertools.product(range(1, 13), range(24))
    ]


def line(
    cluster: Cluster, server: Server, paths: list[str], wanted: argparse.Namespace, name: str, bar: int | None
) -> None:
    """Measure and print one line."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept-Encoding": "zstd"}
    run(server.address, paths[:1], headers, readers=1, seconds=1)
    server_s, database_s = server.cpu_s(), database_cpu_s(cluster)
    load = run(server.address, paths, headers, readers=wanted.readers, seconds=wanted.seconds)
    n = len(load.milliseconds)
    print(
        f"{name}: {load.per_second:6.0f}/s p50 {load.percentile(0.5):6.1f} p95 {load.percentile(0.95):6.1f} ms "
        f"{load.size_bytes / n / 1000:7.1f} kB {load.faults} faults; processor per answer: server "
        f"{(server.cpu_s() - server_s) / n * 1000:.2f} ms, database {(database_cpu_s(cluster) - database_s) / n * 1000:.2f} ms"
        + (f" (bar p95 {bar} ms)" if bar and name.startswith("kept") else ""),
        flush=True,
    )


if __name__ == "__main__":
    main()
