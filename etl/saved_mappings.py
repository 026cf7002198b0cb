"""Mappings kept for a workspace: one JSON file per source in a folder that can be put under version control."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from etl.mapping import dump_mapping, load_mapping
from geo_core.errors import InvalidInput, NotFound, QorganError, Unavailable
from layers.spec import Layer, SourceMapping

_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9])?")
MOST_SIGNATURE = 200


@dataclass(frozen=True, kw_only=True)
class SavedMapping:
    """A kept mapping.

    Parameters
    ----------
    id : name of the file without its ending.
    mapping : None where somebody wrote into the file what is no mapping; then ``fault`` says what.
    """

    layer_id: str
    id: str
    mapping: SourceMapping | None
    fault: QorganError | None = None


class MappingFolder:
    """The folder of kept mappings: ``<folder>/<workspace>/<layer>/<id>.json``.

    Parameters
    ----------
    folder : of all workspaces; it need not exist. workspace : slug, as the database knows it.
    """

    def __init__(self, folder: Path, workspace: str) -> None:
        self._folder = folder / workspace

    def listed(self, layer: Layer) -> list[SavedMapping]:
        """Every kept mapping of a layer by name; one that cannot be read is told, not hidden."""
        return list(self._walk(layer))

    def usable(self, layer: Layer) -> list[SourceMapping]:
        """Those that can be used."""
        return [saved.mapping for saved in self._walk(layer) if saved.mapping is not None]

    def one(self, layer: Layer, mapping_id: str) -> SourceMapping:
        """A kept mapping.

        Raises
        ------
        NotFound : ``no-such-mapping``. InvalidInput : what is wrong with the file.
        """
        path = self._path(layer, mapping_id)
        if not path.is_file():
            raise NotFound("no-such-mapping", mapping=mapping_id, layer=layer.id)
        return load_mapping(path, layer=layer)

    def save(self, layer: Layer, mapping: SourceMapping) -> bool:
        """Keep a mapping under its id; True where there was none of that name. The file is whole or not there.

        Raises
        ------
        InvalidInput : ``bad-mapping-id``. Unavailable : ``disk-full``.
        """
        path = self._path(layer, mapping.id)
        is_new = not path.exists()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(dump_mapping(mapping))
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except OSError as error:
            raise Unavailable("disk-full") from error
        return is_new

    def remove(self, layer: Layer, mapping_id: str) -> None:
        """Forget a mapping.

        Raises
        ------
        NotFound : ``no-such-mapping``.
        """
        path = self._path(layer, mapping_id)
        try:
            path.unlink()
        except FileNotFoundError:
            raise NotFound("no-such-mapping", mapping=mapping_id, layer=layer.id) from None

    def _walk(self, layer: Layer) -> Iterator[SavedMapping]:
        for path in sorted((self._folder / layer.id).glob("*.json")):
            if not _ID.fullmatch(path.stem):
                continue
            try:
                yield SavedMapping(layer_id=layer.id, id=path.stem, mapping=load_mapping(path, layer=layer))
            except (QorganError, OSError) as fault:
                told = fault if isinstance(fault, QorganError) else Unavailable("disk-full")
                yield SavedMapping(layer_id=layer.id, id=path.stem, mapping=None, fault=told)

    def _path(self, layer: Layer, mapping_id: str) -> Path:
        if not _ID.fullmatch(mapping_id):
            raise InvalidInput("bad-mapping-id", mapping=mapping_id[:80])
        return self._folder / layer.id / f"{mapping_id}.json"


def with_signature(mapping: SourceMapping, header: tuple[str, ...]) -> SourceMapping:
    """The mapping with the columns by which its source is known again: all of the file's, so that no other file is taken for it."""
    return replace(mapping, signature=frozenset(header[:MOST_SIGNATURE])) if header else mapping
