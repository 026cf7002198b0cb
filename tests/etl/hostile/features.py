"""Hostile GeoJSON, sequences of it, KML, GPX and OSM files."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from tests.etl.hostile.case import HEADER, ROWS, RUSSIAN, Case, records
from tests.etl.hostile.workbooks import LAUGHS, OUTSIDE

NOTE = HEADER.index("note")


def feature(row, **changes) -> dict:
    own = dict(zip(HEADER, row, strict=True))
    lon, lat = float(own.pop("lon")), float(own.pop("lat"))
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": own, **changes}


def features(count: int = ROWS) -> list[dict]:
    return [feature(r) for r in records(count)]


def collection(count: int = ROWS, **more) -> bytes:
    return written({"type": "FeatureCollection", "features": features(count), **more})


def written(document) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def changed(at: int, **changes) -> bytes:
    found = features()
    found[at].update(changes)
    return written({"type": "FeatureCollection", "features": found})


def noted(at: int, **properties) -> bytes:
    found = features()
    found[at]["properties"].update(properties)
    return written({"type": "FeatureCollection", "features": found})


def lines(count: int = ROWS, before: bytes = b"", end: bytes = b"\n") -> bytes:
    return b"".join(before + written(f) + end for f in features(count))


def case(name, data, file="in.geojson", **known) -> Case:
    return Case(name, file, lambda: data() if callable(data) else data, **{"geometry": True, **known})


def cases() -> Iterator[Case]:
    yield from _geojson()
    yield from _sequences()
    yield from _json()
    yield from _kml()
    yield from _gpx()
    yield from _osm()


def _geojson() -> Iterator[Case]:
    whole = {"rows": ROWS, "accepted": ROWS}
    good = collection()
    yield case("geojson-good", good, **whole, notes=RUSSIAN, database=True)
    for end in ("csv", "json", "xlsx", "kml", ""):
        yield case(f"geojson-called-{end or 'nothing'}", good, file=f"in.{end}" if end else "in", **whole)
    yield case("geojson-bom", b"\xef\xbb\xbf" + good, **whole)
    yield case("geojson-utf16", good.decode().encode("utf-16"), **whole, notes=RUSSIAN)
    yield case("geojson-cp1251", lambda: collection().decode().replace("Сәтбаев", "Абая").encode("cp1251"), **whole)
    yield case("geojson-pretty", json.dumps(json.loads(good), indent=2).encode(), **whole)
    yield case("geojson-one-feature", written(features()[0]), rows=1, accepted=1)
    yield case(
        "geojson-crs-named",
        collection(crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}}),
        rows=ROWS,
    )
    for word, crs in (("unknown", {"type": "name", "properties": {"name": "EPSG:999999"}}), ("link", {"type": "link", "properties": {"href": "http://127.0.0.1:9"}}),
                      ("text", "metres"), ("list", [1]), ("number", 7)):  # fmt: skip
        yield case(f"geojson-crs-{word}", collection(crs=crs), code="unknown-crs")
    for word, bad in (
        ("nan", b"NaN"),
        ("infinity", b"Infinity"),
        ("huge-integer", b"9" * 400),
        ("huge-real", b"1e999"),
        ("hex", b"0x1"),
    ):
        data = good.replace(b"76.85", bad, 1)
        yield case(f"geojson-{word}", data, rows=ROWS, code="?")
    for word, shape in {
        "null": None, "text": "POINT (1 2)", "number": 5, "list": [76.9, 52.3], "empty": {}, "no-coordinates": {"type": "Point"},
        "flat": {"type": "Point", "coordinates": 76.9}, "one-coordinate": {"type": "Point", "coordinates": [76.9]},
        "nested": {"type": "Point", "coordinates": [[76.9, 52.3]]}, "texts": {"type": "Point", "coordinates": ["76.9", "52.3"]},
        "nulls": {"type": "Point", "coordinates": [None, None]}, "booleans": {"type": "Point", "coordinates": [True, False]},
        "no-position": {"type": "Point", "coordinates": []}, "unknown-type": {"type": "Blob", "coordinates": [76.9, 52.3]},
        "polygon-flat": {"type": "Polygon", "coordinates": [[76.9, 52.3], [76.8, 52.3], [76.9, 52.3]]},
        "polygon-open": {"type": "Polygon", "coordinates": [[[76.9, 52.3], [76.8, 52.3], [76.9, 52.2]]]},
        "line-of-one": {"type": "LineString", "coordinates": [[76.9, 52.3]]}, "empty-collection": {"type": "GeometryCollection", "geometries": []},
        "collection": {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [76.9, 52.3]}]},
        "feature": {"type": "Feature", "geometry": None}, "huge": {"type": "Point", "coordinates": [10**18, 10**18]},
        "far": {"type": "Point", "coordinates": [-300, 95]}, "zero": {"type": "Point", "coordinates": [0, 0]},
        "deep": {"type": "MultiPolygon", "coordinates": json.loads("[" * 60 + "]" * 60)},
    }.items():  # fmt: skip
        good_rows = {"null": ROWS, "collection": None}.get(word, ROWS - 1)
        yield case(
            f"geojson-geometry-{word}",
            changed(4, geometry=shape),
            rows=ROWS,
            accepted=good_rows,
            database=word in {"null", "nested", "zero"},
        )
    yield case("geojson-with-heights", good.replace(b'], "', b'], "'), **whole)
    yield case(
        "geojson-four-dimensions", changed(2, geometry={"type": "Point", "coordinates": [76.9, 52.3, 5, 9]}), **whole
    )
    found = features()
    del found[1]["geometry"]
    yield case("geojson-without-geometry-member", written({"type": "FeatureCollection", "features": found}), **whole)
    for word, bad in (("null", None), ("number", 3), ("text", "x"), ("list", [])):
        yield case(
            f"geojson-feature-{word}",
            written({"type": "FeatureCollection", "features": [*features(), bad]}),
            rows=ROWS + 1,
            accepted=ROWS,
        )
        yield case(f"geojson-properties-{word}", changed(3, properties=bad), rows=ROWS, accepted=ROWS - 1)
    for word, doc in (("empty", {"type": "FeatureCollection", "features": []}), ("features-null", {"type": "FeatureCollection", "features": None}),
                      ("features-object", {"type": "FeatureCollection", "features": {}}), ("no-features", {"type": "FeatureCollection"}), ("topology", {"type": "Topology", "arcs": []}),
                      ("geometry-alone", {"type": "Point", "coordinates": [1, 2]}), ("null-type", {"type": None}), ("list-type", {"type": []}), ("error", {"error": {"code": 400}})):  # fmt: skip
        yield case(f"geojson-{word}", written(doc), code="?")
    for word, data in (("cut", good[:-3]), ("garbage-behind", good + b"}"), ("comma-behind", good[:-2] + b",]}"), ("single-quotes", good.replace(b'"', b"'")),
                       ("comments", b"/* x */" + good), ("open-brackets", b"[" * 200_000), ("open-braces", b'{"a":' * 200_000), ("deep-lists", b"[" * 5000 + b"]" * 5000),
                       ("lone-brace", b"{"), ("control", good.replace(b"theft", b"th\x01eft", 1)), ("not-utf8", good.replace(b"theft", b"\xff\xfe", 1))):  # fmt: skip
        yield case(f"geojson-{word}", data, code="?")
    for word, value in (("nul", "a\u0000b"), ("object", {"a": [1, {"b": None}]}), ("huge-integer", 2**63 - 1), ("larger-integer", 2**64 - 1), ("real", 1e308), ("bool", True),
                        ("list", [1, 2]), ("long", "ж" * 200_000), ("emoji", "🚓" * 50)):  # fmt: skip
        yield case(f"geojson-note-{word}", noted(5, note=value), rows=ROWS, database=word in {"nul", "object", "long"})
    yield case("geojson-surrogate", good.replace(b"theft", b"\\ud800", 1), rows=ROWS, code="?")
    yield case("geojson-name-blank", noted(5, **{"": 1, " ": 2}), **whole)
    yield case("geojson-name-nul", noted(5, **{"a\u0000": 1}), **whole)
    yield case("geojson-name-repeated", good.replace(b'"note"', b'"category"', 1), rows=ROWS)
    yield case("geojson-properties-200", noted(0, **{f"p{i}": i for i in range(200)}), **whole)
    yield case("geojson-properties-5001", noted(0, **{f"p{i}": i for i in range(5001)}), code="too-many-columns")
    yield case(
        "geojson-ids",
        written(
            {
                "type": "FeatureCollection",
                "features": [feature(r, id=i if i % 2 else str(i)) for i, r in enumerate(records())],
            }
        ),
        **whole,
    )


def _sequences() -> Iterator[Case]:
    whole = {"rows": ROWS, "accepted": ROWS, "file": "in.geojsonl"}
    yield case("lines-good", lines(), **whole, database=True)
    yield case("lines-separated", lines(before=b"\x1e"), **whole, database=True)
    yield case("lines-separated-only", lines(before=b"\x1e", end=b""), **whole)
    yield case("lines-crlf", lines(end=b"\r\n"), **whole)
    yield case("lines-blank-between", lines(end=b"\n\n \n"), **whole)
    yield case("lines-bom", b"\xef\xbb\xbf" + lines(), **whole)
    yield case("lines-called-csv", lines(), **{**whole, "file": "in.csv"})
    for at, name in ((1, "second"), (ROWS - 1, "last")):
        for word, bad in (
            ("text", b"hello"),
            ("cut", b'{"type": "Feature", "geom'),
            ("number", b"5"),
            ("list", b"[1]"),
            ("null", b"null"),
            ("other", b'{"a": 1}'),
            ("bytes", b"\xff\xfe"),
        ):
            parts = lines().split(b"\n")
            parts.insert(at, bad)
            yield case(f"lines-{name}-{word}", b"\n".join(parts), rows=ROWS + 1, accepted=ROWS, file="in.geojsonl")
    yield case(
        "lines-of-geometries",
        b"\n".join(written(f["geometry"]) for f in features()),
        rows=ROWS,
        accepted=0,
        file="in.geojsonl",
        code="?",
    )
    late = [
        *features(),
        feature(records()[0], properties={"id": "late", "time": "2024-05-01", "category": "theft", "note": "поздно"}),
    ]
    yield case(
        "lines-late-property",
        b"\n".join(written({**f, "properties": f["properties"]}) for f in late),
        rows=ROWS + 1,
        accepted=ROWS + 1,
        file="in.geojsonl",
    )
    yield case(
        "lines-one-huge",
        lambda: lines(2) + b'{"type": "Feature", "a": "' + b"x" * (70 << 20),
        code="line-too-long",
        file="in.geojsonl",
    )


def _json() -> Iterator[Case]:
    rows = [dict(zip(HEADER, r, strict=True)) for r in records()]
    whole = {"rows": ROWS, "accepted": ROWS, "geometry": False, "file": "in.json"}
    yield case("json-list", written(rows), **whole, database=True)
    yield case("json-list-in-object", written({"ok": True, "rows": rows}), **whole)
    yield case(
        "json-nested",
        written(
            {"days": [{"time": "2024-05-01", "items": [{k: v for k, v in r.items() if k != "time"} for r in rows]}]}
        ),
        **whole,
    )
    yield case("json-filed-under-keys", written({f"k{i}": [r] for i, r in enumerate(rows)}), **whole)
    yield case(
        "json-mixed", written([*rows, 5, None, "x"]), rows=ROWS + 3, accepted=ROWS, geometry=False, file="in.json"
    )
    for word, doc in (
        ("empty-list", []),
        ("number-list", [1, 2]),
        ("nested-lists", [[1], [2]]),
        ("empty", {}),
        ("scalars", {"a": 1}),
    ):
        yield case(f"json-{word}", written(doc), code="?", geometry=False, file="in.json")


def kml(
    count: int = ROWS,
    *,
    before: str = "",
    inside: str = "",
    namespace: str = ' xmlns="http://www.opengis.net/kml/2.2"',
    shape=None,
    encoding="UTF-8",
) -> bytes:
    def placemark(i, row):
        own = dict(zip(HEADER, row, strict=True))
        data = "".join(
            f'<Data name="{k}"><value>{escape(own[k])}</value></Data>' for k in ("id", "time", "category", "note")
        )
        place = (
            f"<Point><coordinates>{own['lon']},{own['lat']},0</coordinates></Point>" if shape is None else shape(i, own)
        )
        return f"<Placemark><name>n{i}</name><ExtendedData>{data}</ExtendedData>{place}</Placemark>"

    body = "".join(placemark(i, r) for i, r in enumerate(records(count)))
    text = f'<?xml version="1.0" encoding="{encoding}"?>{before}<kml{namespace}><Document><Folder>{body}{inside}</Folder></Document></kml>'
    return text.encode(encoding, "xmlcharrefreplace")


def zipped(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _kml() -> Iterator[Case]:
    whole = {"rows": ROWS, "accepted": ROWS}

    def kase(name, data, file="in.kml", **known):
        return case(f"kml-{name}", data, file=file, **known)

    def at4(shape):
        return lambda i, own: (
            shape if i == 4 else f"<Point><coordinates>{own['lon']},{own['lat']}</coordinates></Point>"
        )

    yield kase("good", kml(), **whole, notes=RUSSIAN, database=True)
    yield kase("called-csv", kml(), file="in.csv", **whole)
    yield kase(
        "packed", zipped({"doc.kml": kml(), "files/icon.png": b"\x89PNG"}), file="in.kmz", **whole, database=True
    )
    yield kase("packed-two", zipped({"doc.kml": kml(), "sub/other.kml": kml(3)}), file="in.kmz", **whole)
    yield kase("without-namespace", kml(namespace=""), **whole)
    yield kase("old-namespace", kml(namespace=' xmlns="http://earth.google.com/kml/2.0"'), **whole)
    yield kase(
        "prefixed",
        kml()
        .decode()
        .replace("<", "<k:")
        .replace("<k:/", "</k:")
        .replace("<k:?", "<?")
        .replace("xmlns=", "xmlns:k=")
        .encode(),
        **whole,
    )
    for encoding in ("utf-16", "windows-1251", "iso-8859-5", "koi8-r"):
        yield kase(f"in-{encoding}", kml(encoding=encoding), **whole, notes=RUSSIAN)
    yield kase("in-no-encoding", kml().replace(b"UTF-8", b"klingon"), code="broken-xml")
    yield kase("declared-wrong", kml().replace(b"UTF-8", b"US-ASCII"), code="broken-xml")
    yield kase("laughs", kml(before=LAUGHS, inside="&a8;"), code="xml-doctype")
    yield kase("outside-entity", kml(before=OUTSIDE, inside="&a;"), code="xml-doctype")
    yield kase("doctype", kml(before='<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/x.dtd">'), code="xml-doctype")
    yield kase("entity-undefined", kml(inside="&nbsp;"), code="broken-xml")
    yield kase("not-closed", kml(inside="<b>"), code="broken-xml")
    yield kase("garbage-behind", kml() + b"\x00\x01", code="?")
    yield kase("deep", kml(inside="<a>" * 5000 + "</a>" * 5000), code="broken-xml")
    yield kase("empty", kml(0), code="no-rows")
    yield kase(
        "link-only",
        b"<kml><NetworkLink><Link><href>http://127.0.0.1:9/</href></Link></NetworkLink></kml>",
        code="no-rows",
    )
    yield kase(
        "huge-element",
        lambda: kml(inside="<Placemark><name>" + "x" * (70 << 20) + "</name></Placemark>"),
        code="element-too-large",
    )
    yield kase("cdata", kml().replace(b"theft", b"<![CDATA[theft]]>"), **whole)
    yield kase("comments", kml().replace(b"theft", b"the<!-- x -->ft"), **whole)
    yield kase("data-without-name", kml(inside="").replace(b'<Data name="note">', b"<Data>", 1), **whole)
    for word, shape, good in (
        ("none", "", True), ("empty", "<Point/>", False), ("no-coordinates", "<Point><coordinates/></Point>", False),
        ("text", "<Point><coordinates>here</coordinates></Point>", False), ("one", "<Point><coordinates>76.9</coordinates></Point>", False),
        ("two", "<Point><coordinates>76.9,52.3 76.9,52.4</coordinates></Point>", False), ("blanks", "<Point><coordinates>\n 76.9, 52.3, 0 \n</coordinates></Point>", True),
        ("nan", "<Point><coordinates>nan,nan</coordinates></Point>", False), ("far", "<Point><coordinates>1e300,5</coordinates></Point>", False),
        ("line", "<LineString><coordinates>76.9,52.3 76.91,52.3</coordinates></LineString>", False), ("line-of-one", "<LineString><coordinates>76.9,52.3</coordinates></LineString>", False),
        ("ring-of-two", "<Polygon><outerBoundaryIs><LinearRing><coordinates>1,2 3,4</coordinates></LinearRing></outerBoundaryIs></Polygon>", False),
        ("polygon-without-ring", "<Polygon><outerBoundaryIs/></Polygon>", False),
        ("multi-of-one", "<MultiGeometry><Point><coordinates>76.9,52.3</coordinates></Point></MultiGeometry>", True), ("multi-empty", "<MultiGeometry/>", False),
        ("multi-mixed", "<MultiGeometry><Point><coordinates>76.9,52.3</coordinates></Point><LineString><coordinates>76.9,52.3 77,52.3</coordinates></LineString></MultiGeometry>", False),
        ("model", "<Model><Location><longitude>76.9</longitude></Location></Model>", True),
    ):  # fmt: skip
        yield kase(f"shape-{word}", kml(shape=at4(shape)), rows=ROWS, accepted=ROWS if good else ROWS - 1)


def gpx(count: int = ROWS, *, before: str = "", inside: str = "") -> bytes:
    body = "".join(
        f'<wpt lon="{r[2]}" lat="{r[3]}"><name>{r[0]}</name><extensions><id>{r[0]}</id><time>{r[1]}</time><category>{r[4]}</category>'
        f"<note>{escape(r[5])}</note></extensions></wpt>"
        for r in records(count)
    )
    return f'<?xml version="1.0"?>{before}<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{body}{inside}</gpx>'.encode()


def _gpx() -> Iterator[Case]:
    def kase(name, data, file="in.gpx", **known):
        return case(f"gpx-{name}", data, file=file, **known)

    yield kase("good", gpx(), rows=ROWS, accepted=ROWS, notes=RUSSIAN, database=True)
    yield kase("called-csv", gpx(), file="in.csv", rows=ROWS, accepted=ROWS)
    for word, more in (
        ("track", '<trk><trkseg><trkpt lat="52.3" lon="76.9"/><trkpt lat="52.31" lon="76.9"/></trkseg></trk>'), ("empty-track", "<trk/>"),
        ("track-of-one", '<trk><trkseg><trkpt lat="52.3" lon="76.9"/></trkseg></trk>'), ("route", '<rte><rtept lat="52.3" lon="76.9"/><rtept lat="52.4" lon="76.9"/></rte>'),
        ("without-lat", '<wpt lon="76.9"><name>x</name></wpt>'), ("letters", '<wpt lon="east" lat="north"/>'), ("nan", '<wpt lon="nan" lat="inf"/>'), ("blank", "<wpt/>"),
    ):  # fmt: skip
        yield kase(word, gpx(inside=more), rows=ROWS + 1, accepted=ROWS)
    yield kase("laughs", gpx(before=LAUGHS, inside="&a8;"), code="xml-doctype")
    yield kase("outside-entity", gpx(before=OUTSIDE, inside="&a;"), code="xml-doctype")
    yield kase("not-closed", gpx()[:-3], code="truncated-file")
    yield kase("attribute-twice", gpx().replace(b'lon="', b'lon="1" lon="', 1), code="broken-xml")
    yield kase("empty", gpx(0), code="no-rows")


def osm(count: int = ROWS, *, before: str = "", inside: str = "", version: str = ' version="0.6"') -> bytes:
    body = "".join(
        f'<node id="{i + 1}" lat="{r[3]}" lon="{r[2]}" version="1"><tag k="amenity" v="cafe"/><tag k="name" v="{escape(r[5])}"/></node>'
        for i, r in enumerate(records(count))
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}<osm{version}>{body}{inside}</osm>'.encode()


@cache
def pbf(count: int = ROWS) -> bytes:
    import osmium

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.osm.pbf"
        with osmium.SimpleWriter(str(path)) as out:
            for i, r in enumerate(records(count)):
                out.add_node(
                    osmium.osm.mutable.Node(
                        id=i + 1, location=(float(r[2]), float(r[3])), tags={"amenity": "cafe", "name": r[5]}, version=1
                    )
                )
        return path.read_bytes()


def _osm() -> Iterator[Case]:
    def kase(name, data, file="in.osm", **known):
        return case(f"osm-{name}", data, file=file, **{"geometry": False, "where": True, **known})

    whole = {"rows": ROWS, "accepted": ROWS}
    yield kase("good", osm(), **whole, notes=RUSSIAN)
    yield kase("called-csv", osm(), file="in.csv", **whole)
    yield kase("packed", zipped({"a.osm": osm()}), file="in.zip", **whole)
    yield kase("pbf", pbf(), file="in.osm.pbf", **whole, notes=RUSSIAN)
    yield kase("pbf-called-csv", pbf(), file="in.csv", **whole)
    yield kase("pbf-called-osm", pbf(), file="in.osm", **whole)
    yield kase("without-version", osm(version=""), code="?")
    yield kase("wrong-version", osm(version=' version="0.1"'), code="?")
    yield kase("laughs", osm(before=LAUGHS, inside="&a8;"), code="xml-doctype")
    yield kase("outside-entity", osm(before=OUTSIDE, inside="&a;"), code="xml-doctype")
    for word, more in (("without-place", '<node id="99" version="1"><tag k="amenity" v="cafe"/></node>'), ("negative", '<node id="-5" lat="52.3" lon="76.9"><tag k="amenity" v="cafe"/></node>'),
                       ("letters", '<node id="x" lat="a" lon="b"/>'), ("far", '<node id="98" lat="952.3" lon="76.9"><tag k="amenity" v="cafe"/></node>'),
                       ("way-without-nodes", '<way id="5"><nd ref="999"/><tag k="amenity" v="parking"/></way>'), ("unknown-element", "<thing/>"),
                       ("deep", "<a>" * 3000 + "</a>" * 3000), ("open", "<node")):  # fmt: skip
        yield kase(word, osm(inside=more), code="?")
