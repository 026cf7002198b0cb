"""The keys that a layer's declaration asks for.

This package imports nothing of ours, so a layer is described by what is read from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class HasGoodCodes(Protocol):
    """A list of codes."""

    @property
    def good(self) -> tuple[str, ...]: ...


class HasName(Protocol):
    """A measure."""

    @property
    def name(self) -> str: ...


class FieldLike(HasName, Protocol):
    """A field of a layer."""

    @property
    def codes(self) -> HasGoodCodes | None: ...


class LayerLike(Protocol):
    """What is read of ``layers.spec.Layer``."""

    @property
    def id(self) -> str: ...
    @property
    def fields(self) -> Sequence[FieldLike]: ...
    @property
    def measures(self) -> Sequence[HasName]: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...
    @property
    def enables(self) -> bool: ...


def layer_keys(layer: LayerLike) -> list[str]:
    """Every key a layer needs a text for, sorted.

    ``layer.<id>.title``, ``.description``, ``.field.<name>``, ``.code.<field>.<code>``, ``.measure.<name>``,
    ``.warning.<name>``, and ``.enables`` where the layer says what its rows make possible.
    """
    base = f"layer.{layer.id}"
    keys = [f"{base}.title", f"{base}.description"]
    keys += [f"{base}.field.{field.name}" for field in layer.fields]
    keys += [
        f"{base}.code.{field.name}.{code}"
        for field in layer.fields
        if field.codes is not None
        for code in field.codes.good
    ]
    keys += [f"{base}.measure.{measure.name}" for measure in layer.measures]
    keys += [f"{base}.warning.{warning.removeprefix(f'{base}.warning.')}" for warning in layer.warnings]
    keys += [f"{base}.enables"] if layer.enables else []
    return sorted(set(keys))


def keys_of_layers(layers: Iterable[LayerLike]) -> list[str]:
    """Every key of some layers, sorted."""
    return sorted({key for layer in layers for key in layer_keys(layer)})
