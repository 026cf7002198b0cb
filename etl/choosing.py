"""From an opened file to a proposed mapping, and what it still lacks: the same for the command line and the service."""

from __future__ import annotations

from shapely.geometry.base import BaseGeometry

from etl.mapping import ProposedMapping, propose
from etl.readers import RawChunk, Source
from geo_core.errors import InvalidInput
from i18n import LANGUAGES, texts
from layers.spec import Layer, SourceMapping


def osm_mapping(layer: Layer) -> SourceMapping | None:
    """OSM data must be filtered to be read at all."""
    return next((source for source in layer.sources if source.where), None)


def proposed(source: Source, sample: RawChunk, layer: Layer, territory: BaseGeometry) -> ProposedMapping:
    """The proposal for an opened file.

    Raises
    ------
    InvalidInput : ``osm-without-filter``, and what is wrong with the columns.
    """
    if source.format == "osm-pbf" and osm_mapping(layer) is None:
        raise InvalidInput("osm-without-filter", mapping=layer.id)
    return propose(
        layer,
        source.header,
        sample.columns,
        has_geometry=source.has_geometry,
        format=source.format,
        labels=_labels(layer),
        territory=territory,
    )


def missing_from(source: Source, proposal: ProposedMapping) -> list[str]:
    """Required fields nothing was found for, and the position where there is none."""
    missing = list(proposal.unfilled)
    if not source.has_geometry and proposal.mapping.lon is None:
        missing.append("lon, lat")
    return missing


def _labels(layer: Layer) -> dict[str, list[str]]:
    """Titles of the layer's fields in every language: files exported in any of them are recognised."""
    said = texts()
    return {
        field.name: [said.text(f"layer.{layer.id}.field.{field.name}", language) for language in LANGUAGES]
        for field in layer.fields
    }
