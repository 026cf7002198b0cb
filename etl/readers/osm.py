"""OpenStreetMap PBF and XML, streamed: nodes as points, ways as lines with their node ids, closed ways and relations as areas."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import osmium
import osmium.filter
import osmium.geom
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from etl.readers.source import FROM_NODE, OSM_ID, OSM_KIND, TO_NODE, Limits, RawChunk, Source
from geo_core.errors import DataQuality, InvalidInput
from layers.spec import Layer, LayerKind, SourceMapping

FAULTS = (RuntimeError, ValueError, osmium.InvalidLocationError)

Where = Mapping[str, tuple[str, ...]]
_Node = tuple[int, float, float]
# (id, kind, tags, geometry or WKB, nodes, lost nodes outside the extract)
_Object = tuple[str, tuple[str, str], dict[str, str], Any, list[int], bool]
ON_DISK_FROM_BYTES = 256 << 20  # above this the node positions go to a temporary file instead of memory

# Values of linear keys; everything else that is closed is an area.
LINEAR_KEYS = frozenset({"highway", "waterway", "railway"})
LINEAR_TAGS = frozenset({("natural", "coastline")})
AREA_TAGS = frozenset({("waterway", "riverbank")})
# Ways along which traffic runs one way even where nobody wrote so (wiki.openstreetmap.org/wiki/Key:oneway).
ONEWAY_BY_NATURE = frozenset({("junction", "roundabout"), ("highway", "motorway")})


@dataclass(eq=False)
class OsmSource(Source):
    """The objects of an extract that a mapping's ``where`` asks for.

    Besides tags it offers the columns ``osm_id`` (``n1``, ``w1``, ``r1``; ``w1.0``, ``w1.1`` for the pieces of a way), ``osm_kind``
    (``key=value`` of the first tag asked for), ``from_node`` and ``to_node``. Who maps both of these gets ways cut at every
    node that two ways share: edges of a network. Who does not gets whole ways.

    Values are normalised where OSM's own convention is plain: ``oneway=-1`` turns the line round and becomes ``yes``,
    ``reversible`` and ``alternating`` are unknown, roundabouts and motorways are one way, every ``bridge`` and ``tunnel`` but ``no``
    is ``yes``.
    """

    path: Path = Path()
    where: Where = field(default_factory=dict)
    points: bool = True
    lines: bool = False
    areas: bool = False

    @classmethod
    def open(
        cls,
        path: Path,
        limits: Limits,
        *,
        layer: Layer | None,
        mapping: SourceMapping | None,
        format: str = "osm-pbf",  # noqa: A002
    ) -> Self:
        """Read the header block.

        Raises
        ------
        InvalidInput : ``osm-without-filter`` (the mapping has no ``where``).
        DataQuality : ``truncated-file``.
        """
        try:
            osmium.io.Reader(_file(path, format)).header()
        except RuntimeError as error:
            raise _broken(error, format) from error
        where: Where = {}
        if mapping is not None:
            if not mapping.where:
                raise InvalidInput("osm-without-filter", mapping=mapping.id)
            where = mapping.where
        shape = layer.geometry if layer is not None else "Geometry"
        return cls(
            limits=limits,
            format=format,
            crs="OGC:CRS84",
            has_geometry=True,
            open_ended=True,
            natural_id=OSM_ID,
            path=path,
            where=where,
            points=shape in {"Point", "Geometry"} and (layer is None or layer.kind is not LayerKind.BACKDROP),
            lines=shape in {"LineString", "MultiLineString", "Geometry"},
            areas=shape in {"Polygon", "MultiPolygon", "Geometry"}
            or (layer is not None and layer.kind is LayerKind.PLACE),
        )

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator[RawChunk]:
        wanted = list(columns) if columns is not None else [OSM_ID, OSM_KIND, *self.where]
        junctions: NDArray[np.int64] | None = None
        seen = 0
        try:
            if self.lines and FROM_NODE in wanted and TO_NODE in wanted:
                junctions = self._junctions()
            rows = _Rows(wanted, with_nodes=self.lines)
            for row in self._objects(junctions):
                rows.add(row)
                if len(rows) >= self.limits.chunk_rows:
                    yield rows.chunk(seen)
                    seen += len(rows)
                    self.count(seen)
                    rows = _Rows(wanted, with_nodes=self.lines)
            if len(rows):
                yield rows.chunk(seen)
        except FAULTS as error:
            raise _broken(error, self.format) from error

    def _kind(self, tags: Any) -> tuple[str, str] | None:
        """The first tag asked for, in the order of ``where``."""
        for key, values in self.where.items():
            value = tags.get(key)
            if value is not None and (not values or value in values):
                return key, value
        return None

    def _processor(self) -> Any:
        return osmium.FileProcessor(_file(self.path, self.format)).with_filter(osmium.filter.KeyFilter(*self.where))

    def _junctions(self) -> NDArray[np.int64]:
        """Nodes at which ways must be cut: those that the wanted ways use more than once, sorted."""
        ways: Any = osmium.FileProcessor(_file(self.path, self.format), osmium.osm.WAY).with_filter(
            osmium.filter.KeyFilter(*self.where)
        )
        used = [
            np.fromiter((n.ref for n in way.nodes), dtype=np.int64, count=len(way.nodes))
            for way in ways
            if self._kind(way.tags) is not None
        ]
        if not used:
            return np.zeros(0, dtype=np.int64)
        nodes, times = np.unique(np.concatenate(used), return_counts=True)
        return nodes[times > 1]

    def _objects(self, junctions: NDArray[np.int64] | None) -> Iterator[_Object]:
        """(id, kind, tags, geometry or WKB, nodes, clipped) of every wanted object."""
        processor = self._processor()
        with tempfile.TemporaryDirectory(prefix="qorgan-osm-") as folder:
            if self.lines or self.areas:
                large = self.path.stat().st_size > ON_DISK_FROM_BYTES
                processor = processor.with_locations(f"sparse_file_array,{folder}/nodes" if large else "flex_mem")
            if self.areas:
                processor = processor.with_areas(osmium.filter.KeyFilter(*self.where))
            wkb = osmium.geom.WKBFactory()
            for thing in processor:
                kind = self._kind(thing.tags)
                if kind is None:
                    continue
                if thing.is_node():
                    if self.points:
                        yield f"n{thing.id}", kind, dict(thing.tags), _place(thing), [], False
                elif thing.is_way():
                    if self.lines and not (self.areas and thing.is_closed() and _is_areal(kind, thing.tags)):
                        yield from _lines(thing, kind, junctions)
                elif thing.is_area() and self.areas and _is_areal(kind, thing.tags):
                    name = f"w{thing.orig_id()}" if thing.from_way() else f"r{thing.orig_id()}"
                    try:
                        shape = bytes.fromhex(wkb.create_multipolygon(thing))
                    except RuntimeError:
                        shape = None
                    yield name, kind, dict(thing.tags), shape, [], False


def _place(node: Any) -> tuple[float, float] | None:
    return (node.lon, node.lat) if node.location.valid() else None


def _file(path: Path, format: str) -> Any:  # noqa: A002 - the word of the source
    """The file with its format told: the name may end in anything."""
    return osmium.io.File(str(path), "pbf" if format == "osm-pbf" else "osm")


def _broken(error: Exception, format: str) -> InvalidInput:  # noqa: A002
    text = str(error)
    if "entities" in text.lower():
        return InvalidInput("xml-doctype")
    cut = "EOF" in text or "truncated" in text or "no element found" in text or "unclosed" in text
    return DataQuality("truncated-file" if cut else "unreadable-file", format=format, detail=text[:200])


def _is_areal(kind: tuple[str, str], tags: Any) -> bool:
    if kind in AREA_TAGS or tags.get("area") == "yes":
        return True
    return tags.get("area") != "no" and kind[0] not in LINEAR_KEYS and kind not in LINEAR_TAGS


def _normalised(tags: dict[str, str]) -> tuple[dict[str, str], bool]:
    """Tags with OSM's conventions resolved, and whether the line runs against its direction."""
    backwards = tags.get("oneway") in {"-1", "reverse"}
    if backwards:
        tags["oneway"] = "yes"
    elif tags.get("oneway") in {"reversible", "alternating"}:
        del tags["oneway"]
    elif "oneway" not in tags and not ONEWAY_BY_NATURE.isdisjoint(tags.items()):
        tags["oneway"] = "yes"
    for key in ("bridge", "tunnel"):
        if key in tags and tags[key] != "no":
            tags[key] = "yes"
    return tags, backwards


def _lines(way: Any, kind: tuple[str, str], junctions: NDArray[np.int64] | None) -> Iterator[_Object]:
    runs = _present(way)
    clipped = sum(map(len, runs)) < len(way.nodes)
    tags, backwards = _normalised(dict(way.tags))
    if junctions is None:
        # a way stays one row; of a way that leaves the extract and returns, the longest part
        parts = [max(runs, key=len)] if runs else []
    else:
        parts = [piece for run in runs for piece in _cut(run, junctions)]
    parts = [part for part in parts if len(part) > 1]
    if not parts:
        yield f"w{way.id}", kind, tags, None, [], clipped
    for number, part in enumerate(parts):
        if backwards:
            part = part[::-1]  # noqa: PLW2901
        name = f"w{way.id}" if junctions is None else f"w{way.id}.{number}"
        yield name, kind, tags, shapely.LineString([n[1:] for n in part]), [n[0] for n in part], clipped


def _present(way: Any) -> list[list[_Node]]:
    """Runs of consecutive nodes that lie in the extract: a gap is never bridged by a straight line."""
    runs: list[list[_Node]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            runs[-1].append((node.ref, node.lon, node.lat))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _cut(run: list[_Node], junctions: NDArray[np.int64]) -> list[list[_Node]]:
    refs = np.array([n[0] for n in run], dtype=np.int64)
    place = np.searchsorted(junctions, refs)
    shared = np.zeros(len(refs), dtype=np.bool_)
    inside = place < len(junctions)
    shared[inside] = junctions[place[inside]] == refs[inside]
    shared[[0, -1]] = True
    at = np.flatnonzero(shared).tolist()
    return [run[start : end + 1] for start, end in pairwise(at)]


class _Rows:
    """Rows gathered until they are a chunk."""

    def __init__(self, wanted: Sequence[str], *, with_nodes: bool) -> None:
        self.wanted = list(dict.fromkeys(wanted))
        self.with_nodes = with_nodes
        self.columns: dict[str, list[Any]] = defaultdict(list)
        self.shapes: list[Any] = []
        self.nodes: list[list[int]] = []
        self.clipped: list[bool] = []

    def __len__(self) -> int:
        return len(self.shapes)

    def add(self, row: _Object) -> None:
        name, kind, tags, shape, nodes, clipped = row
        made = {
            OSM_ID: name,
            OSM_KIND: "=".join(kind),
            FROM_NODE: str(nodes[0]) if nodes else None,
            TO_NODE: str(nodes[-1]) if nodes else None,
        }
        for column in self.wanted:
            self.columns[column].append(made[column] if column in made else tags.get(column))
        self.shapes.append(shape)
        self.nodes.append(nodes)
        self.clipped.append(clipped)

    def chunk(self, before: int) -> RawChunk:
        geometry = np.full(len(self), None, dtype=object)
        kinds = np.array(
            [0 if s is None else 1 if isinstance(s, tuple) else 2 if isinstance(s, bytes) else 3 for s in self.shapes]
        )
        for code, make in ((1, shapely.points), (2, shapely.from_wkb)):
            at = np.flatnonzero(kinds == code)
            if len(at):
                geometry[at] = make([self.shapes[i] for i in at])
        for i in np.flatnonzero(kinds == 3):
            geometry[i] = self.shapes[i]
        # an object whose shape could not be built is broken, not without a place
        geometry[kinds == 0] = shapely.GeometryCollection()
        return RawChunk(
            {name: pa.array(self.columns[name], type=pa.string()) for name in self.wanted},
            np.arange(before + 1, before + len(self) + 1, dtype=np.int64),
            geometry,
            pa.array(self.nodes, type=pa.list_(pa.int64())) if self.with_nodes else None,
            clipped=np.array(self.clipped, dtype=np.bool_),
        )
