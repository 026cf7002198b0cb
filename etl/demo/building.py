"""Write the demo: import files, their mappings, the workspace and a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from etl.demo import files, tables, workspace
from etl.demo.accidents import HOT_SECTIONS
from etl.demo.city import City, areas_of, make
from etl.demo.frame import to_lonlat, to_xy
from etl.demo.mappings import ATTRIBUTION, LICENCE, as_document, mapping_of
from etl.demo.names import GARAGE_NAME
from geo_core.errors import InvalidInput

MANIFEST = "manifest.json"
WORKSPACE = "workspace.json"
MAX_SCALE = 100.0


@dataclass(frozen=True, kw_only=True)
class DemoFile:
    """One file of the demo; paths are relative to the manifest.

    Parameters
    ----------
    layer : id of the layer it is imported into.
    mapping : the file to give as ``--mapping``.
    rows : data rows in the file, good and bad.
    """

    layer: str
    path: str
    mapping: str
    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class DemoManifest:
    """What was written.

    Parameters
    ----------
    directory : where; not part of the saved manifest.
    files : in the order of import: the ground before what happens on it.
    answers : what the city was built to contain, for tests and guides: the most dangerous unlit unseen street and the
        truly dangerous sections.
    """

    directory: Path
    name: str
    seed: int
    scale: float
    is_synthetic: bool
    licence: str
    attribution: str
    workspace: str
    files: tuple[DemoFile, ...]
    answers: Mapping[str, Any]

    def file_of(self, layer: str) -> Path:
        """The import file of a layer.

        Raises
        ------
        KeyError : the demo has no file for it.
        """
        return self.directory / self._entry(layer).path

    def mapping_of(self, layer: str) -> Path:
        """The mapping file of a layer; errors as ``file_of``."""
        return self.directory / self._entry(layer).mapping

    def _entry(self, layer: str) -> DemoFile:
        for entry in self.files:
            if entry.layer == layer:
                return entry
        raise KeyError(layer)


def _answers(city: City) -> dict[str, Any]:
    garage = [edge for edge in city.edges if edge.name == GARAGE_NAME]
    return {
        "most_dangerous_unlit_unseen_street": {
            "name_kk": GARAGE_NAME.kk,
            "name_ru": GARAGE_NAME.ru,
            "roads": [f"PD-R-{edge.id:05d}" for edge in garage],
            "middle": [float(value) for value in to_lonlat(garage[0].along(0.5)[0])],
        },
        "hot_accident_sections": [
            {
                "key": section.key,
                "type": section.type,
                "middle": [float(value) for value in to_lonlat(to_xy(np.array([section.u, section.v])))],
            }
            for section in HOT_SECTIONS
        ],
    }


def _entry(directory: Path, layer: str, name: str, rows: Sequence[Mapping[str, Any]]) -> DemoFile:
    mapping = f"{layer}.mapping.json"
    files.write_text(directory / mapping, files.dump_json(as_document(mapping_of(layer, list(rows[0])))))
    return DemoFile(layer=layer, path=name, mapping=mapping, rows=len(rows), sha256=files.sha256_of(directory / name))


def _write(city: City, directory: Path) -> tuple[DemoFile, ...]:
    written: list[DemoFile] = []
    for layer, (rows, shapes) in {
        "areas": tables.areas(city.areas),
        "water": tables.water(city.sketch),
        "roads": tables.roads(city.edges),
        "places": tables.places(city.places),
    }.items():
        files.write_geojson(directory / f"{layer}.geojson", rows, shapes)
        written.append(_entry(directory, layer, f"{layer}.geojson", rows))
    rows, rings = tables.buildings(city.sketch.buildings)
    files.write_geoparquet(directory / "buildings.parquet", rows, rings)
    written.append(_entry(directory, "buildings", "buildings.parquet", rows))
    for layer, points in {
        "cameras": tables.cameras(city.cameras),
        "lamps": tables.lamps(city.lamps),
        "crimes": tables.crimes(city.crimes),
        "accidents": tables.accidents(city.accidents),
    }.items():
        files.write_csv(directory / f"{layer}.csv", points)
        written.append(_entry(directory, layer, f"{layer}.csv", points))
    return tuple(written)


def workspace_document(seed: int) -> dict[str, Any]:
    """``workspace.json`` of the city of this seed, without drawing the rest of it."""
    return workspace.document(areas_of(seed))


def build(seed: int, out_dir: Path, *, scale: float = 1.0) -> DemoManifest:
    """Write a synthetic district of a city shaped like Pavlodar as ordinary import files.

    Parameters
    ----------
    seed : >= 0. The same seed and scale give the same bytes.
    out_dir : made when absent; files of an earlier demo are overwritten.
    scale : factor of the number of crimes and accidents, in (0, 100]; 1 = 9,000 and 1,200. The ground is the same.

    Returns
    -------
    The manifest, which is also saved as ``manifest.json``.

    Raises
    ------
    InvalidInput : ``demo-scale`` (scale out of range), ``demo-seed`` (negative).
    """
    if not 0 < scale <= MAX_SCALE:
        raise InvalidInput("demo-scale", scale=scale, maximum=MAX_SCALE)
    if seed < 0:
        raise InvalidInput("demo-seed", seed=seed)
    out_dir.mkdir(parents=True, exist_ok=True)
    city = make(seed, scale=scale)
    files.write_text(out_dir / WORKSPACE, files.dump_json(workspace.document(city.areas)))
    manifest = DemoManifest(
        directory=out_dir,
        name=workspace.SLUG,
        seed=seed,
        scale=scale,
        is_synthetic=True,
        licence=LICENCE,
        attribution=ATTRIBUTION,
        workspace=WORKSPACE,
        files=_write(city, out_dir),
        answers=_answers(city),
    )
    saved = {key: value for key, value in asdict(manifest).items() if key != "directory"}
    files.write_text(out_dir / MANIFEST, files.dump_json(saved))
    return manifest
