"""A private PostGIS with one city of a million points, and the servers the HTTP benchmarks compare."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import psycopg
import shapely

from cli.cluster import Cluster, ensure_started, stop
from geo_core.cells import index_points
from layers import identity, migrate
from layers.engine import connect
from layers.identity import Principal
from layers.spec import Role
from layers.workspaces import WorkspaceSpec, create

ROOT = Path(__file__).resolve().parent.parent
Box = tuple[float, float, float, float]
CITY: Box = (76.80, 52.20, 77.15, 52.38)  # 24 × 20 km: 1 M points are 2,100 per km², all of a city's records of decades
OBLAST: Box = (75.80, 51.65, 78.15, 53.05)  # 160 × 156 km: 1 M points are 40 per km²
TOKEN = "benchmark"
CATEGORIES = ("theft", "burglary", "robbery", "hooliganism", "fraud")


@contextmanager
def city(points: int, *, box: Box, spots: int = 400) -> Iterator[tuple[Cluster, Principal]]:
    """A throwaway cluster with ``points`` crimes around ``spots`` hot spots and evenly between them."""
    home = Path(tempfile.mkdtemp(prefix="qorgan-bench-"))
    home.chmod(0o711)
    try:
        cluster = ensure_started(home, throwaway=True)
        migrate.upgrade(str(cluster.urls.owner))
        yield cluster, _fill(cluster, points, box, spots)
    finally:
        stop(home)
        subprocess.run(["rm", "-rf", str(home)], check=False)


def _fill(cluster: Cluster, points: int, box: Box, spots: int) -> Principal:
    engines = connect(str(cluster.urls.app), owner_url=str(cluster.urls.owner))
    assert engines.owner is not None
    west, south, east, north = box
    with engines.owner.begin() as owner:
        spec = WorkspaceSpec(slug="city", titles={"en": "City"}, territory=shapely.box(*box), zone="Asia/Almaty")
        made = create(owner, spec)
        who = identity.add_principal(owner, "bench", token=TOKEN)
        identity.grant(owner, who, territory_id=made.root_territory_id, role=Role.ADMINISTRATOR)
    rng = np.random.default_rng(1)
    centres = np.column_stack([rng.uniform(west, east, spots), rng.uniform(south, north, spots)])
    near = centres[rng.integers(0, spots, points // 2)] + rng.normal(0, 0.003, (points // 2, 2))
    even = np.column_stack([rng.uniform(west, east, points - len(near)), rng.uniform(south, north, points - len(near))])
    lonlat = np.clip(np.concatenate([near, even]), (west, south), (east, north))
    cells = index_points(lonlat[:, 0], lonlat[:, 1])
    with psycopg.connect(str(cluster.urls.loader).replace("+psycopg", "")) as raw:
        raw.execute(
            "CREATE TEMP TABLE given (i int, lon float8, lat float8, cell int8, category text, day date, hour int)"
        )
        with raw.cursor().copy("COPY given FROM STDIN") as copy:
            hours, days = rng.integers(0, 24, points), rng.integers(0, 730, points)
            kinds = rng.integers(0, len(CATEGORIES), points)
            for start in range(0, points, 50_000):
                part = range(start, min(start + 50_000, points))
                copy.write(
                    "".join(
                        f"{i}\t{lonlat[i, 0]:.6f}\t{lonlat[i, 1]:.6f}\t{cells[i]}\t{CATEGORIES[kinds[i]]}\t"
                        f"{np.datetime64('2023-01-01') + int(days[i])}\t{hours[i]}\n"
                        for i in part
                    )
                )
        rows = raw.execute("SELECT * FROM given LIMIT 0").description
        assert rows is not None
        with psycopg.connect(str(cluster.urls.owner).replace("+psycopg", "")) as owner:
            owner.execute("SELECT qorgan_ensure_partition('layer_crimes', %s)", (made.id,))
            owner.execute("GRANT INSERT ON layer_crimes TO qorgan_loader")
            owner.commit()
            raw.execute(
                "INSERT INTO layer_crimes (workspace_id, id, source_id, cell, territory_id, batch_id, row_hash, geom, category, "
                "day_from, day_to, hour, weekday, dark, time_precision) SELECT %s, i + 1, i::text, cell, %s, 1, 0, "
                "ST_SetSRID(ST_MakePoint(lon, lat), 4326), category, day, day, hour, extract(isodow FROM day), "
                "hour >= 20 OR hour < 6, 'hour' FROM given ORDER BY i / 100000, cell",  # as the importer stores its chunks
                (made.id, made.root_territory_id),
            )
            raw.commit()
            owner.execute("REVOKE INSERT ON layer_crimes FROM qorgan_loader")
            owner.execute("SELECT qorgan_touch(%s, 'crimes')", (made.id,))
            owner.commit()
            owner.autocommit = True
            owner.execute("VACUUM ANALYZE layer_crimes")
    engines.dispose()
    return who


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """Where a server listens, and its process."""

    address: str
    pid: int

    def cpu_s(self) -> float:
        """Processor time it has used."""
        spent = psutil.Process(self.pid).cpu_times()
        return spent.user + spent.system


def database_cpu_s(cluster: Cluster) -> float:
    """Processor time of the database server with the sessions it has now and those that ended."""
    postmaster = psutil.Process(int((Path(cluster.data) / "postmaster.pid").read_text().split()[0]))
    total = postmaster.cpu_times().children_user + postmaster.cpu_times().children_system
    for one in postmaster.children(recursive=True):
        with suppress(psutil.Error):
            total += one.cpu_times().user + one.cpu_times().system
    return total


@contextmanager
def server(arguments: list[str], environment: dict[str, str], port: int, ready: str) -> Iterator[Server]:
    """A running server; ended after use."""
    process = subprocess.Popen(
        arguments,
        env={**os.environ, **environment},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("SHOW") else subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(address + ready, timeout=2).read()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"{arguments[:4]} ended") from None
                time.sleep(0.1)
        yield Server(address, process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def ours(cluster: Cluster, *, cache_bytes: int) -> Iterator[Server]:
    """The API, one worker, as production runs it."""
    port = free_port()
    arguments = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "api.app:create_app",
        "--port",
        str(port),
        "--no-access-log",
    ]
    environment = {
        "DATABASE_URL": str(cluster.urls.app),
        "QORGAN_CACHE_BYTES": str(cache_bytes),
        "QORGAN_LOCAL_ADMINISTRATOR": "false",
    }
    with server(arguments, environment, port, "/health") as running:
        yield running
