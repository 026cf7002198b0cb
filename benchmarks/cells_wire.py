"""How 100,000 cells get to the browser: our encoding beside JSON columns and Arrow, compression counted.

Run: ``python benchmarks/cells_wire.py [cells]``. Every line is the best of several runs on one core; what each peer sends is
the same content (cell, crimes, night crimes, share seen, lamps), and each is decoded once to prove it.
"""

from __future__ import annotations

import gzip
import io
import sys
import time
from collections.abc import Callable
from functools import partial

import h3
import numpy as np
import orjson
import pyarrow as pa
import zstandard
from numpy.typing import NDArray

from geo_core.cell_wire import decode_cells, encode_cells

RESOLUTION = 10
RUNS = 9


def city(count: int, *, seed: int) -> tuple[NDArray[np.uint64], dict[str, NDArray[np.float64]]]:
    """A contiguous city around Pavlodar: `count` cells, crimes concentrated in few of them, lamps and shares by place."""
    rng = np.random.default_rng(seed)
    rings = int(np.ceil((count / 3) ** 0.5)) + 1
    centre = h3.latlng_to_cell(52.2873, 76.9674, RESOLUTION)
    names = h3.grid_disk(centre, rings)[:count]
    cells = np.sort(np.fromiter((h3.str_to_int(c) for c in names), dtype=np.uint64, count=count))
    rate = rng.gamma(0.25, 6.0, count)  # a few places hold most of the crime
    crimes = rng.poisson(rate).astype(np.float64)
    night = rng.binomial(crimes.astype(np.int64), 0.42).astype(np.float64)
    seen = np.where(rng.random(count) < 0.7, 0.0, rng.beta(1.2, 3.0, count))  # most cells are seen by no camera
    seen[rng.random(count) < 0.08] = np.nan  # no buildings surveyed: unknown
    lamps = rng.poisson(np.clip(rng.normal(4, 4, count), 0, None)).astype(np.float64)
    lamps[rng.random(count) < 0.05] = np.nan
    return cells, {"crimes": crimes, "night_crimes": night, "seen_share": seen, "lamps": lamps}


def best_ms(work: Callable[[], bytes]) -> tuple[bytes, float]:
    """Result of `work` and the shortest time it took, in milliseconds."""
    best, result = float("inf"), b""
    for _ in range(RUNS):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return result, best * 1000


def _packed(encode: Callable[[], bytes], pack: Callable[[bytes], bytes]) -> bytes:
    return pack(encode())


def main(count: int) -> None:
    cells, measures = city(count, seed=20240601)
    units = dict.fromkeys(measures, "1")
    zstd = zstandard.ZstdCompressor(level=3)

    def ours(*, rounded: bool) -> bytes:
        precision = {"seen_share": 0.0001} if rounded else None
        return encode_cells(
            cells, measures, {"provenance": "benchmark"}, resolution=RESOLUTION, units=units, precision=precision
        )

    def columns_json() -> bytes:
        # JSON has no NaN and a browser no 64-bit numbers: null, and hexadecimal names
        columns: dict[str, object] = {"cell": [f"{c:x}" for c in cells.tolist()]}
        columns |= {name: values.tolist() for name, values in measures.items()}  # orjson writes NaN as null
        return orjson.dumps(columns)

    def columns_json_numbers() -> bytes:
        return orjson.dumps({"cell": cells, **measures}, option=orjson.OPT_SERIALIZE_NUMPY)

    def arrow() -> bytes:
        types = {"crimes": pa.uint16(), "night_crimes": pa.uint16(), "seen_share": pa.float32(), "lamps": pa.uint16()}
        table = pa.table(
            {"cell": cells}
            | {n: pa.array(v, from_pandas=True).cast(types[n], safe=n != "seen_share") for n, v in measures.items()}
        )
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return sink.getvalue()

    for rounded in (False, True):
        table = decode_cells(ours(rounded=rounded))
        np.testing.assert_array_equal(table.cells, cells)
        for name, values in measures.items():
            np.testing.assert_allclose(table.values[name], values, atol=5.1e-5 if rounded else 0, rtol=6e-8)
    decoded = pa.ipc.open_stream(arrow()).read_all()
    np.testing.assert_array_equal(decoded["cell"].to_numpy(), cells)

    rows: list[tuple[str, Callable[[], bytes]]] = [
        ("ours, float32 share", lambda: ours(rounded=False)),
        ("ours, share in steps of 0.0001", lambda: ours(rounded=True)),
        ("orjson columns, hexadecimal cells", columns_json),
        ("orjson columns, 64-bit cells (not for browsers)", columns_json_numbers),
        ("Arrow stream, same small types", arrow),
    ]
    packers: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("gzip -1", lambda b: gzip.compress(b, 1)),
        ("gzip -6", lambda b: gzip.compress(b, 6)),
        ("zstd -3", zstd.compress),
    ]
    print(f"{count} cells of resolution {RESOLUTION}, {len(measures)} measures; best of {RUNS}, one core")
    print(f"{'encoding':50} {'packed':8} {'ms':>8} {'bytes':>10} {'× ms':>6} {'× bytes':>8}")
    base: dict[str, tuple[float, int]] = {}
    for title, encode in rows:
        plain, _ = best_ms(encode)
        print(f"{title:50} {'plain':8} {best_ms(encode)[1]:8.1f} {len(plain):10,}")
        for packer, pack in packers:
            packed, ms = best_ms(partial(_packed, encode, pack))
            ours_ms, ours_bytes = base.setdefault(packer, (ms, len(packed)))
            print(f"{'':50} {packer:8} {ms:8.1f} {len(packed):10,} {ms / ours_ms:6.1f} {len(packed) / ours_bytes:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
