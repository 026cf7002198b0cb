"""From an opened file to a proposed mapping, and what it still lacks: the same for the command line and the service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from etl.mapping import ProposedMapping, propose
from etl.readers import Limits, RawChunk, Source, open_source
from etl.readers.source import OSM_FORMATS
from geo_core.errors import InvalidInput
from i18n import LANGUAGES, texts
from layers.spec import Layer, SourceMapping, TableReading


def osm_mapping(layer: Layer) -> SourceMapping | None:
    """OSM data must be filtered to be read at all."""
    return next((source for source in layer.sources if source.where), None)


def opened(
    path: Path,
    *,
    layer: Layer,
    saved: Iterable[SourceMapping] = (),
    reading: TableReading | None = None,
    limits: Limits | None = None,
) -> Source:
    """The file, cut as it is told; else as a kept mapping that knows it again says; else as it is found out.

    Parameters
    ----------
    saved : mappings kept for the workspace.

    Raises
    ------
    As :func:`etl.readers.open_source`.
    """
    for kept in saved if reading is None else ():
        if kept.reading is None or not kept.signature:
            continue
        try:
            source = open_source(path, layer=layer, mapping=kept, limits=limits)
        except InvalidInput:
            continue  # another file than the one it was kept for
        if {name.casefold() for name in kept.signature} <= {name.strip().casefold() for name in source.header}:
            return source
        source.close()
    return open_source(path, layer=layer, mapping=osm_mapping(layer), reading=reading, limits=limits)


def proposed(
    source: Source,
    sample: RawChunk,
    layer: Layer,
    territory: BaseGeometry,
    *,
    saved: Iterable[SourceMapping] = (),
    strict: bool = True,
    reading: TableReading | None = None,
) -> ProposedMapping:
    """The proposal for an opened file.

    Parameters
    ----------
    saved : mappings kept for the workspace. strict : raise what is wrong with the coordinates as a whole. reading : what somebody
        said about how the file is cut; the mapping carries it, and the sheet or the member where there were several.

    Raises
    ------
    InvalidInput : ``osm-without-filter``, and what is wrong with the columns.
    """
    if source.format in OSM_FORMATS and osm_mapping(layer) is None:
        raise InvalidInput("osm-without-filter", mapping=layer.id)
    found = propose(
        layer,
        source.header,
        sample.columns,
        has_geometry=source.has_geometry,
        format=source.format,
        labels=_labels(layer),
        territory=territory,
        shapes=sample.geometry if source.has_geometry else None,
        stated_crs=source.crs,
        saved=saved,
        strict=strict,
    )
    return replace(found, mapping=replace(found.mapping, reading=_carried(source, found.mapping.reading, reading)))


def _carried(source: Source, kept: TableReading | None, told: TableReading | None) -> TableReading | None:
    """What the next import has to be told to cut the file in the same way; None = nothing."""
    said = {
        part.name: value
        for given in (kept, told)
        if given is not None
        for part in fields(given)
        if (value := getattr(given, part.name)) is not None
    }
    # a kept mapping may name a sheet that this file has under another name
    for name, several in (("sheet", source.sheets), ("member", source.members)):
        chosen = getattr(source.reading, name)
        if chosen is not None and (name in said or len(several) > 1):
            said[name] = chosen
    return TableReading(**said) if said else None


def missing_from(source: Source, proposal: ProposedMapping, layer: Layer) -> list[str]:
    """Required fields nothing was found for, and the position where there is none."""
    missing = list(proposal.unfilled)
    placed = layer.has_place and not layer.position_optional
    if placed and not source.has_geometry and proposal.mapping.lon is None and proposal.mapping.wkt is None:
        missing.append("lon, lat")
    return missing


def usable(source: Source, proposal: ProposedMapping, layer: Layer) -> SourceMapping:
    """The proposed mapping where it can be used without anybody looking at it.

    Raises
    ------
    InvalidInput : ``mapping-incomplete`` (a required field or the position was not found), ``several-references`` and
        ``dates-ambiguous``: what the file means can only be told by somebody who knows it.
    """
    missing = missing_from(source, proposal, layer)
    if missing:
        raise InvalidInput("mapping-incomplete", layer=layer.id, fields=missing, columns=list(source.header)[:50])
    for doubt in proposal.doubts:
        if doubt.code == "several-references" and doubt.blocks:
            raise InvalidInput("several-references", found=doubt.params["found"], best=doubt.params["best"])
        if doubt.code == "dates-ambiguous" and doubt.blocks:
            raise InvalidInput("dates-ambiguous", **doubt.params)
    return proposal.mapping


def _labels(layer: Layer) -> dict[str, list[str]]:
    """Titles of the layer's fields in every language: files exported in any of them are recognised."""
    said = texts()
    return {
        field.name: [said.text(f"layer.{layer.id}.field.{field.name}", language) for language in LANGUAGES]
        for field in layer.fields
    }
