"""Hostile GeoPackages, Parquet files, shapefiles and archives."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from layers.spec import TableReading
from tests.etl.hostile import texts
from tests.etl.hostile.case import HEADER, PLAIN_RUSSIAN, ROWS, RUSSIAN, Case, records
from tests.etl.hostile.features import zipped as packed


def frame(count: int = ROWS, notes=PLAIN_RUSSIAN, crs=4326) -> gpd.GeoDataFrame:
    rows = records(count, notes)
    columns = {name: [r[k] for r in rows] for k, name in enumerate(HEADER) if name not in {"lon", "lat"}}
    return gpd.GeoDataFrame(
        columns, geometry=gpd.points_from_xy([float(r[2]) for r in rows], [float(r[3]) for r in rows]), crs=crs
    )


def cases() -> Iterator[Case]:
    yield from _geopackages()
    yield from _parquets()
    yield from _shapefiles()
    yield from _archives()


@cache
def geopackage(count: int = ROWS) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        frame(count).to_file(Path(folder) / "in.gpkg", driver="GPKG", layer="things")
        return (Path(folder) / "in.gpkg").read_bytes()


def altered(*statements: str, count: int = ROWS) -> bytes:
    """A GeoPackage after some SQL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.gpkg"
        path.write_bytes(geopackage(count))
        with closing(sqlite3.connect(path)) as database:
            database.create_function("ST_IsEmpty", 1, lambda _: 0)
            for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
                database.create_function(name, 1, lambda _: 0.0)
            database.execute("PRAGMA writable_schema=ON")
            for statement in statements:
                database.execute(statement)
            database.commit()
        return path.read_bytes()


def _geopackages() -> Iterator[Case]:
    def kase(name, make, file="in.gpkg", **known):
        return Case(f"gpkg-{name}", file, make, **{"geometry": True, **known})

    whole = {"rows": ROWS, "accepted": ROWS}
    yield kase("good", geopackage, **whole, notes=PLAIN_RUSSIAN, database=True)
    yield kase("called-csv", geopackage, file="in.csv", **whole)
    yield kase("packed", lambda: packed({"x/in.gpkg": geopackage()}), file="in.zip", **whole)
    drop = "DELETE FROM sqlite_master WHERE type = 'trigger'"
    for name, statements, known in (
        ("trigger", ("CREATE TRIGGER evil AFTER INSERT ON things BEGIN DELETE FROM things; END",), whole),
        ("view", ("CREATE VIEW v AS SELECT * FROM things",), whole),
        ("endless-view", ("CREATE VIEW v AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t",), whole),
        ("plain-table-beside", ("CREATE TABLE notes (a TEXT)",), whole),
        ("no-contents", ("DELETE FROM gpkg_contents",), {"code": "?"}),
        ("contents-dropped", ("DROP TABLE gpkg_contents",), {"code": "?"}),
        ("no-geometry-columns", ("DELETE FROM gpkg_geometry_columns",), {"code": "?"}),
        ("geometry-columns-dropped", ("DROP TABLE gpkg_geometry_columns",), {"code": "?"}),
        ("unknown-reference", ("UPDATE gpkg_geometry_columns SET srs_id = 99999", "UPDATE gpkg_contents SET srs_id = 99999"), {"code": "?", "rows": ROWS}),
        ("references-dropped", ("DROP TABLE gpkg_spatial_ref_sys",), {"code": "?", "rows": ROWS}),
        ("table-missing", (drop, "UPDATE gpkg_contents SET table_name = 'gone'", "UPDATE gpkg_geometry_columns SET table_name = 'gone'"), {"code": "?"}),
        ("no-rows", (drop, "DELETE FROM things"), {"code": "no-rows"}),
        ("no-geometry", (drop, "UPDATE things SET geom = NULL WHERE fid = 3"), whole),
        ("bad-geometry", (drop, "UPDATE things SET geom = x'00' WHERE fid = 3"), {"rows": ROWS, "code": "?"}),
        ("text-geometry", (drop, "UPDATE things SET geom = 'POINT (1 2)' WHERE fid = 3"), {"rows": ROWS, "code": "?"}),
        ("cut-geometry", (drop, "UPDATE things SET geom = substr(geom, 1, 12) WHERE fid = 3"), {"rows": ROWS, "code": "?"}),
        ("number-as-note", ("UPDATE things SET note = 5 WHERE fid = 3",), whole),
        ("blob-as-note", ("UPDATE things SET note = x'ff00fe' WHERE fid = 3",), {"rows": ROWS}),
        ("nul-in-note", ("UPDATE things SET note = 'a' || char(0) || 'b' WHERE fid = 3",), {"rows": ROWS}),
        ("category-unknown", ("UPDATE things SET category = 'piracy' WHERE fid = 3",), {"rows": ROWS, "accepted": ROWS - 1}),
        ("application-id", ("PRAGMA application_id = 1",), {"rows": ROWS}),
        ("index-dropped", ("DROP TABLE IF EXISTS rtree_things_geom",), {"rows": ROWS, "code": "?"}),
        ("count-lies", (drop, "UPDATE gpkg_ogr_contents SET feature_count = 3"), whole),
        ("count-lies-more", (drop, "UPDATE gpkg_ogr_contents SET feature_count = 3000"), whole),
    ):  # fmt: skip
        yield kase(name, lambda s=statements: altered(*s), **known)
    for page in (1, 2, 5, 9, 20, 23):
        yield kase(f"page-{page}-spoilt", lambda p=page: _page(geopackage(400), p), code="?")
    yield kase("header-only", lambda: geopackage()[:100], code="?")
    yield kase("magic-only", lambda: b"SQLite format 3\x00", code="?")
    yield kase("plain-database", _database, code="?")


def _page(data: bytes, page: int) -> bytes:
    at = 4096 * page % len(data)
    return data[:at] + b"\xff" * 512 + data[at + 512 :]


def _database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE t (a)")
            database.commit()
        return path.read_bytes()


def plain_table(count: int = ROWS) -> pa.Table:
    rows = records(count)
    return pa.table(
        {name: [float(r[k]) if name in {"lon", "lat"} else r[k] for r in rows] for k, name in enumerate(HEADER)}
    )


def stored(table: pa.Table, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def parquet(count: int = ROWS) -> bytes:
    return stored(plain_table(count))


def geoparquet(geo=None, shapes: Callable[[list], list] | None = None) -> bytes:
    made = frame()
    wkb = [bytes(b) for b in shapely.to_wkb(made.geometry.to_numpy())]
    table = pa.table(
        {
            **{c: made[c].tolist() for c in made.columns if c != "geometry"},
            "geometry": pa.array(shapes(wkb) if shapes else wkb, pa.binary()),
        }
    )
    document = {
        "version": "1.0.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}},
    }
    text = json.dumps(document if geo is None else geo(document)).encode() if geo is None or callable(geo) else geo
    return stored(table.replace_schema_metadata({b"geo": text}))


def _parquets() -> Iterator[Case]:
    def kase(name, make, file="in.parquet", **known):
        return Case(f"parquet-{name}", file, make, **known)

    whole = {"rows": ROWS, "accepted": ROWS}
    yield kase("good", parquet, **whole, database=True)
    yield kase("called-csv", parquet, file="in.csv", **whole)
    yield kase("geometry", geoparquet, **whole, geometry=True)

    def crs(value):
        return lambda d: {**d, "columns": {"geometry": {**d["columns"]["geometry"], "crs": value}}}

    for word, geo, known in (
        ("crs-number", crs(7), {"code": "?"}), ("crs-text", crs("EPSG:999999"), {"code": "?"}), ("crs-list", crs([1]), {"code": "?"}),
        ("crs-object", crs({"type": "GeographicCRS"}), {"code": "?"}), ("crs-null", crs(None), {"code": "?", "rows": ROWS}), ("crs-metres", crs("EPSG:3857"), {"code": "?"}),
        ("no-columns", lambda _: {"primary_column": "geometry"}, {"code": "?"}), ("column-missing", lambda d: {**d, "primary_column": "gone"}, {"code": "?"}),
        ("column-not-there", lambda _: {"primary_column": "gone", "columns": {"gone": {"encoding": "WKB"}}}, {"code": "?"}),
        ("column-is-text", lambda _: {"primary_column": "note", "columns": {"note": {"encoding": "WKB"}}}, {"code": "?"}),
        ("encoding", lambda _: {"primary_column": "geometry", "columns": {"geometry": {"encoding": "point"}}}, {"code": "geometry-encoding"}),
        ("list", lambda _: [], {"code": "?"}), ("no-json", b"{", {"code": "?"}), ("bytes", b"\xff\xfe", {"code": "?"}), ("null", b"null", {"code": "?"}),
    ):  # fmt: skip
        yield kase(f"geo-{word}", lambda g=geo: geoparquet(g), geometry=True, **known)
    for word, bad in (
        ("empty", b""),
        ("garbage", b"\xff" * 30),
        ("cut", b"\x01\x01\x00\x00\x00\x00"),
        ("text", b"POINT (1 2)"),
        ("huge-count", b"\x01\x02\x00\x00\x00\xff\xff\xff\x7f"),
    ):
        yield kase(
            f"wkb-{word}",
            lambda b=bad: geoparquet(shapes=lambda w: [b, *w[1:]]),
            rows=ROWS,
            accepted=ROWS - 1,
            geometry=True,
        )
    yield kase("wkb-null", lambda: geoparquet(shapes=lambda w: [None, *w[1:]]), **whole, geometry=True)

    def column(name, array):
        return lambda: stored(
            t.set_column(t.column_names.index(name), name, array)
            if name in (t := plain_table()).column_names
            else t.append_column(name, array)
        )

    n = ROWS
    for word, name, array, known in (
        ("note-dictionary", "note", pa.array(list(RUSSIAN) * 2).dictionary_encode(), whole), ("note-large", "note", pa.array(["x"] * n, pa.large_string()), whole),
        ("note-view", "note", pa.array(["x"] * n, pa.string()), whole), ("note-binary", "note", pa.array([b"\xff\xfe"] * n), {"rows": n}),
        ("note-list", "note", pa.array([["a", "b"]] * n), {"rows": n, "code": "?"}), ("note-struct", "note", pa.array([{"a": 1}] * n), {"rows": n, "code": "?"}),
        ("note-map", "note", pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64())), {"rows": n, "code": "?"}), ("note-null", "note", pa.nulls(n), whole),
        ("note-nul", "note", pa.array(["a\x00b"] * n), {"rows": n, "database": True}), ("note-duration", "note", pa.array([5] * n, pa.duration("s")), {"rows": n, "code": "?"}),
        ("note-decimal", "note", pa.array([1] * n, pa.decimal128(10, 2)), {"rows": n}), ("note-bool", "note", pa.array([True] * n), {"rows": n}),
        ("time-stamp", "time", pa.array(np.datetime64("2024-05-01T10:00", "us") + np.arange(n)), whole), ("time-zoned", "time", pa.array([0] * n, pa.timestamp("ns", "UTC")), {"rows": n}),
        ("time-nanoseconds", "time", pa.array([1_714_557_600_000_000_001] * n, pa.timestamp("ns")), {"rows": n, "code": "?"}), ("time-date", "time", pa.array([19_000] * n, pa.date32()), whole),
        ("time-far", "time", pa.array([2**62] * n, pa.timestamp("us")), {"rows": n, "accepted": 0, "code": "?"}),
        ("lon-nan", "lon", pa.array([float("nan")] * n), {"rows": n, "accepted": 0, "code": "?"}), ("lon-infinite", "lon", pa.array([float("inf")] * n), {"rows": n, "accepted": 0, "code": "?"}),
        ("lon-null", "lon", pa.nulls(n, pa.float64()), {"rows": n}), ("lon-text", "lon", pa.array(["76,9"] * n), {"rows": n}), ("lon-decimal", "lon", pa.array([76] * n, pa.decimal128(9, 3)), whole),
        ("lon-half", "lon", pa.array(np.full(n, 76.9, np.float16)), whole), ("id-integer", "id", pa.array(range(n)), whole), ("id-list", "id", pa.array([[1]] * n), {"rows": n, "code": "?"}),
    ):  # fmt: skip
        yield kase(word, column(name, array), **known)
    yield kase("no-rows", lambda: stored(plain_table().slice(0, 0)), code="no-rows")
    yield kase("no-columns", lambda: stored(pa.table({})), code="?")
    yield kase("columns-5001", lambda: stored(pa.table({f"c{i}": [1] for i in range(5001)})), code="?")
    yield kase(
        "names-twice",
        lambda: stored(pa.Table.from_arrays([*plain_table().columns, pa.nulls(ROWS)], names=[*HEADER, "note"])),
        code="?",
        rows=ROWS,
    )
    yield kase("row-groups", lambda: stored(plain_table(), row_group_size=1), **whole)
    for word in ("brotli", "lz4", "zstd", "gzip"):
        yield kase(f"packed-{word}", lambda w=word: stored(plain_table(), compression=w), **whole)
    yield kase("magic-only", lambda: b"PAR1", code="?")
    yield kase("magic-twice", lambda: b"PAR1PAR1", code="?")
    yield kase("footer-too-long", lambda: b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1", code="?")


@cache
def shape_parts(
    notes=PLAIN_RUSSIAN, encoding="utf-8", count: int = ROWS, crs=4326, height: bool = False
) -> dict[str, bytes]:
    made = frame(count, notes, crs)
    if height:
        made["geometry"] = shapely.force_3d(made.geometry.to_numpy(), 5.0)
    with tempfile.TemporaryDirectory() as folder:
        made.to_file(Path(folder) / "in.shp", encoding=encoding)
        return {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir())}


def shapes(count: int = ROWS) -> bytes:
    return packed(dict(shape_parts(count=count)))


def _shapefiles() -> Iterator[Case]:
    def kase(name, make, file="in.zip", **known):
        return Case(f"shapefile-{name}", file, make, **{"geometry": True, **known})

    whole = {"rows": ROWS, "accepted": ROWS}

    def without(*ends, notes=PLAIN_RUSSIAN, encoding="utf-8", driver: int | None = 0):
        def make():
            parts = {n: d for n, d in shape_parts(notes, encoding).items() if not n.endswith(ends)}
            if driver is not None and "in.dbf" in parts:
                parts["in.dbf"] = parts["in.dbf"][:29] + bytes([driver]) + parts["in.dbf"][30:]
            return packed(parts)

        return make

    yield kase("good", shapes, **whole, notes=PLAIN_RUSSIAN, database=True)
    for encoding, notes in (
        ("cp1251", PLAIN_RUSSIAN),
        ("utf-8", PLAIN_RUSSIAN),
        ("cp949", texts.KOREAN),
        ("cp866", PLAIN_RUSSIAN),
        ("cp1252", texts.GERMAN),
    ):
        yield kase(f"{encoding}-with-cpg", without("nothing", notes=notes, encoding=encoding), **whole, notes=notes)
        yield kase(
            f"{encoding}-without-cpg",
            without(".cpg", notes=notes, encoding=encoding),
            **whole,
            notes=notes,
            database=encoding == "cp1251",
        )
        yield kase(
            f"{encoding}-told",
            without(".cpg", notes=notes, encoding=encoding),
            **whole,
            notes=notes,
            reading=TableReading(encoding=encoding),
        )
    for end in (".shx", ".dbf"):
        yield kase(f"without{end}", without(end), code="shapefile-incomplete")
    yield kase("without.prj", without(".prj"), **whole)
    yield kase("without.shp", without(".shp"), code="?")
    yield kase("bare", lambda: shape_parts()["in.shp"], file="in.shp", code="shapefile-incomplete")
    yield kase("table-alone", lambda: shape_parts()["in.dbf"], file="in.dbf", code="?")

    def replaced(**parts):
        return lambda: packed(
            {**shape_parts(), **{f"in.{end}": make(shape_parts()[f"in.{end}"]) for end, make in parts.items()}}
        )

    for end in ("shp", "shx", "dbf", "prj", "cpg"):
        for word, make in (
            ("cut", lambda d: d[: len(d) // 2]),
            ("empty", lambda _: b""),
            ("garbage", lambda d: b"\xfe\xca" * (len(d) // 2)),
            ("longer", lambda d: d + b"\x00" * 500),
        ):
            yield kase(f"{end}-{word}", replaced(**{end: make}), code="?", rows=ROWS)
    yield kase(
        "counts-differ",
        lambda: packed({**shape_parts(), "in.dbf": shape_parts(count=7)["in.dbf"]}),
        code="shapefile-disagrees",
    )
    yield kase("kind-unknown", replaced(shp=lambda d: d[:32] + struct.pack("<i", 99) + d[36:]), code="?")
    yield kase("shape-null", replaced(shp=lambda d: d[:108] + struct.pack("<i", 0) + d[112:]), rows=ROWS, code="?")
    yield kase(
        "index-beyond", replaced(shx=lambda d: d[:100] + struct.pack(">i", 2**30) + d[104:]), rows=ROWS, code="?"
    )
    yield kase("index-negative", replaced(shx=lambda d: d[:100] + struct.pack(">i", -5) + d[104:]), rows=ROWS, code="?")
    yield kase(
        "deleted-row",
        lambda: packed({**shape_parts(), "in.dbf": _deleted(shape_parts()["in.dbf"])}),
        rows=ROWS - 1,
        accepted=ROWS - 1,
    )
    yield kase("heights", lambda: packed(dict(shape_parts(height=True))), **whole)
    yield kase("metres", lambda: packed(_metres()), **whole)
    yield kase("reference-unknown", replaced(prj=lambda _: b'PROJCS["Mars"]'), code="?", rows=ROWS)
    yield kase("upper-case", lambda: packed({n.upper(): d for n, d in shape_parts().items()}), **whole)
    yield kase("in-a-folder", lambda: packed({f"данные/2024/{n}": d for n, d in shape_parts().items()}), **whole)
    two = {
        **{f"a/{n}": d for n, d in shape_parts().items()},
        **{f"b/{n.replace('in', 'other')}": d for n, d in shape_parts(count=5).items()},
    }
    yield kase("two", lambda: packed(two), code="zip-content")
    yield kase("two-told", lambda: packed(two), rows=5, accepted=5, reading=TableReading(member="other.shp"))
    yield kase(
        "two-told-by-path", lambda: packed(two), rows=ROWS, accepted=ROWS, reading=TableReading(member="a/in.shp")
    )
    yield kase("two-told-wrong", lambda: packed(two), code="zip-member", reading=TableReading(member="c.shp"))


def _metres() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        frame().to_crs(32643).to_file(Path(folder) / "in.shp")
        return {p.name: p.read_bytes() for p in Path(folder).iterdir()}


def _deleted(table: bytes) -> bytes:
    header = struct.unpack("<H", table[8:10])[0]
    return table[:header] + b"*" + table[header + 1 :]


def _archives() -> Iterator[Case]:
    def kase(name, make, file="in.zip", **known):
        return Case(f"archive-{name}", file, make, **known)

    good, whole = texts.GOOD.encode(), {"rows": ROWS, "accepted": ROWS}
    yield kase("good", lambda: packed({"in.csv": good}), **whole, database=True)
    yield kase("called-csv", lambda: packed({"in.csv": good}), file="in.csv", **whole)
    yield kase("member-of-no-kind", lambda: packed({"in.dat": good}), **whole)
    yield kase("with-readme", lambda: packed({"in.csv": good, "readme.txt": b"hello"}), **whole)
    yield kase("two", lambda: packed({"a.csv": good, "b.csv": good}), code="zip-content")
    yield kase(
        "two-told",
        lambda: packed({"a.csv": good, "b.csv": texts.text(records(3))}),
        rows=3,
        accepted=3,
        reading=TableReading(member="B.CSV"),
    )
    yield kase("told-missing", lambda: packed({"a.csv": good}), code="zip-member", reading=TableReading(member="z.csv"))
    yield kase("nothing", lambda: packed({}), code="?")
    yield kase("folders-only", lambda: packed({"a/": b"", "b/": b""}), code="zip-content")
    yield kase("many", lambda: packed({f"{i}.csv": b"" for i in range(10_001)}), code="zip-content")
    for depth in (1, 2, 5):

        def nested(d=depth):
            data = packed({"in.csv": good})
            for k in range(d):
                data = packed({f"n{k}.zip": data})
            return data

        yield kase(f"nested-{depth}", nested, code="zip-nested")
    yield kase("nested-unnamed", lambda: packed({"in.csv": packed({"in.csv": good})}), code="zip-nested")
    yield kase("nested-gzip", lambda: packed({"in.csv": gzip.compress(good, mtime=0)}), code="zip-nested")
    for word, name in (("up", "../../../../tmp/evil.csv"), ("absolute", "/etc/evil.csv"), ("backslashes", "..\\..\\evil.csv"), ("drive", "C:\\evil.csv"), ("dots", "..csv"),
                       ("long", "x" * 300 + ".csv"), ("kazakh", "қылмыстар/тізім.csv"), ("blank", " .csv"), ("control", "a\nb.csv")):  # fmt: skip
        yield kase(f"path-{word}", lambda n=name: packed({n: good}), **whole)
    yield kase(
        "bomb", lambda: packed({"in.csv": good + b"a,2024-05-01,76.9,52.3,theft,\n" * 1_000_000}), code="zip-bomb"
    )
    yield kase("bomb-gzip", lambda: gzip.compress(bytes(64 << 20), mtime=0), file="in.csv.gz", code="zip-bomb")
    yield kase("encrypted", lambda: _flagged(packed({"in.csv": good}), 1), code="zip-encrypted")
    yield kase("unknown-method", lambda: _method(packed({"in.csv": good}), 99), code="truncated-file")
    yield kase("size-lies", lambda: _size(packed({"in.csv": good})), code="?")
    yield kase("checksum-wrong", lambda: _checksum(packed({"in.csv": good})), code="truncated-file")
    yield kase("link", _link, code="?")
    yield kase("bytes-before", lambda: b"MZ" + bytes(100) + packed({"in.csv": good}), code="?")
    yield kase("bytes-behind", lambda: packed({"in.csv": good}) + b"trailing", **whole)
    yield kase("gzip", lambda: gzip.compress(good, mtime=0), file="in.csv.gz", **whole)
    yield kase("gzip-unnamed", lambda: gzip.compress(good, mtime=0), file="in", **whole)
    yield kase(
        "gzip-in-parts",
        lambda: gzip.compress(good[:300], mtime=0) + gzip.compress(good[300:], mtime=0),
        file="in.csv.gz",
        **whole,
    )
    yield kase("gzip-garbage-behind", lambda: gzip.compress(good, mtime=0) + b"garbage", file="in.csv.gz", code="?")
    yield kase(
        "gzip-of-gzip",
        lambda: gzip.compress(gzip.compress(good, mtime=0), mtime=0),
        file="in.csv.gz",
        code="zip-nested",
    )
    yield kase("gzip-of-nothing", lambda: gzip.compress(b"", mtime=0), file="in.csv.gz", code="empty-file")
    yield kase("gzip-of-garbage", lambda: gzip.compress(bytes(range(256)) * 9, mtime=0), file="in.csv.gz", code="?")


def _flagged(data: bytes, bit: int) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[:6] + struct.pack("<H", bit) + data[8 : at + 8] + struct.pack("<H", bit) + data[at + 10 :]


def _method(data: bytes, method: int) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[:8] + struct.pack("<H", method) + data[10 : at + 10] + struct.pack("<H", method) + data[at + 12 :]


def _size(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]


def _checksum(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[:14] + b"\x00\x00\x00\x00" + data[18 : at + 16] + b"\x00\x00\x00\x00" + data[at + 20 :]


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("in.csv")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()
