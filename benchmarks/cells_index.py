"""Points to H3 cells of resolution 11: ours against the h3 library point by point, and h3ronpy where it is installed.

    python benchmarks/cells_index.py [--points 1000000] [--peer-python /path/to/python/with/h3ronpy]

All on one core, in one run, best of five; every answer of ours is compared with the library's. Kernels are compiled before the clock.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from h3.api import basic_int as h3

from geo_core.cells import index_points, warm_up

SEED = 11
RESOLUTION = 11
PEER = """
import sys, time, numpy as np, pyarrow as pa
from h3ronpy.vector import coordinates_to_cells
n = int(sys.argv[1])
rng = np.random.default_rng(int(sys.argv[2]))
if sys.argv[3] == "city":
    lon, lat = rng.uniform(71.2, 71.7, n), rng.uniform(51.0, 51.3, n)
else:
    lon, lat = rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
best = 1e9
for _ in range(5):
    start = time.perf_counter()
    cells = np.asarray(pa.array(coordinates_to_cells(lat, lon, int(sys.argv[4]))))
    best = min(best, time.perf_counter() - start)
print(best, int(cells.astype(np.uint64).sum(dtype=np.uint64)))
"""


def points(count, where):
    rng = np.random.default_rng(SEED)
    if where == "city":
        return rng.uniform(71.2, 71.7, count), rng.uniform(51.0, 51.3, count)
    return rng.uniform(-180, 180, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))


def best_of(times, work):
    best, out = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        out = work()
        best = min(best, time.perf_counter() - start)
    return best, out


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--points", type=int, default=1_000_000)
    arguments.add_argument("--peer-python", default=sys.executable, help="a Python that has h3ronpy")
    given = arguments.parse_args()
    start = time.perf_counter()
    warm_up()
    print(f"kernels ready in {time.perf_counter() - start:.2f} s; {given.points:,} points, resolution {RESOLUTION}")
    for where in ("city", "earth"):
        lon, lat = points(given.points, where)
        ours_s, ours = best_of(5, lambda lon=lon, lat=lat: index_points(lon, lat, RESOLUTION))
        pairs = list(zip(lat.tolist(), lon.tolist(), strict=True))
        loop_s, loop = best_of(1, lambda pairs=pairs: [h3.latlng_to_cell(p, q, RESOLUTION) for p, q in pairs])
        differ = int((ours != np.array(loop, np.uint64)).sum())
        print(f"{where:6} ours      {ours_s:7.3f} s  {given.points / ours_s / 1e6:6.2f} M/s  {differ} differ from h3")
        print(
            f"{where:6} h3 loop   {loop_s:7.3f} s  {given.points / loop_s / 1e6:6.2f} M/s  ours is {loop_s / ours_s:.1f} times as fast"
        )
        command = [given.peer_python, "-c", PEER, str(given.points), str(SEED), where, str(RESOLUTION)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{where:6} h3ronpy   not installed in {given.peer_python}")
            continue
        peer_s, total = done.stdout.split()
        same = int(total) == int(ours.sum(dtype=np.uint64))
        print(
            f"{where:6} h3ronpy   {float(peer_s):7.3f} s  {given.points / float(peer_s) / 1e6:6.2f} M/s  "
            f"ours is {float(peer_s) / ours_s:.1f} times as fast; checksums {'equal' if same else 'DIFFER'}"
        )


if __name__ == "__main__":
    main()
