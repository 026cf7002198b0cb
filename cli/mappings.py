"""Which mapping a file is imported with: a file, a known source, or a proposal from its header."""

from __future__ import annotations

from pathlib import Path

from etl.choosing import opened, proposed, usable
from etl.mapping import ProposedMapping, load_mapping
from etl.readers.source import OSM_FORMATS
from etl.saved_mappings import MappingFolder
from geo_core.errors import DataQuality, InvalidInput
from layers.engine import Engines
from layers.identity import Principal, transaction
from layers.placing import placing
from layers.spec import Layer, SourceMapping
from layers.workspaces import find


def choose(
    engines: Engines,
    principal: Principal,
    *,
    layer: Layer,
    path: Path,
    workspace: str,
    wanted: str | None,
    saved: MappingFolder | None = None,
) -> tuple[SourceMapping, ProposedMapping | None]:
    """The mapping to use, and the proposal it came from when nobody named one.

    Parameters
    ----------
    wanted : a file, a mapping kept for the workspace or a source the layer knows; None = propose one.
    saved : mappings kept for the workspace.

    Raises
    ------
    InvalidInput : ``unknown-mapping`` (none of these), ``mapping-incomplete`` (nothing was found for a required field or the position),
        ``several-references``, ``dates-ambiguous``, and whatever is wrong with the mapping or the file. DataQuality : ``no-rows``, ``coordinates-swapped``,
        ``coordinates-in-metres``.
    """
    if wanted is not None:
        return named(layer, wanted, saved), None
    proposal, mapping = suggest(engines, principal, layer=layer, path=path, workspace=workspace, saved=saved)
    if isinstance(mapping, InvalidInput):
        raise mapping
    return mapping, proposal


def suggest(
    engines: Engines,
    principal: Principal,
    *,
    layer: Layer,
    path: Path,
    workspace: str,
    saved: MappingFolder | None = None,
) -> tuple[ProposedMapping, SourceMapping | InvalidInput]:
    """The proposal for a file, and its mapping or why nothing can be loaded by it before somebody looked at it."""
    with transaction(engines.app, principal) as connection:
        _, whole = placing(connection, find(connection, workspace))
    kept = saved.usable(layer) if saved is not None else []
    with opened(path, layer=layer, saved=kept) as source:
        sample = source.sample()
        if len(sample) == 0 and source.format not in OSM_FORMATS:
            raise DataQuality("no-rows", name=path.name)
        proposal = proposed(source, sample, layer, whole, saved=kept)
        try:
            return proposal, usable(source, proposal, layer)
        except InvalidInput as lacking:
            return proposal, lacking


def named(layer: Layer, wanted: str, saved: MappingFolder | None = None) -> SourceMapping:
    """The mapping of a file, one kept for the workspace, or a source the layer knows.

    Raises
    ------
    InvalidInput : ``unknown-mapping``.
    """
    known = {source.id: source for source in layer.sources}
    if saved is not None:
        known |= {source.id: source for source in saved.usable(layer)}
    if wanted in known:
        return known[wanted]
    if Path(wanted).is_file():
        return load_mapping(Path(wanted), layer=layer)
    raise InvalidInput("unknown-mapping", mapping=wanted, layer=layer.id, known=sorted(known))
