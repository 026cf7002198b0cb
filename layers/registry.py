"""The layers there are: found by walking ``layers/catalog``, frozen, duplicates refused."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from geo_core.errors import NotFound
from layers import catalog
from layers.spec import Layer, LayerKind


class Registry(Mapping[str, Layer]):
    """Read-only mapping of layer id → Layer, in the order the picker shows them."""

    def __init__(self, layers: list[Layer]) -> None:
        by_id: dict[str, Layer] = {}
        for layer in sorted(layers, key=lambda item: (item.order, item.id)):
            if layer.id in by_id:
                raise ValueError(f"two layers are called {layer.id!r}")
            by_id[layer.id] = layer
        for layer in by_id.values():
            for needed in layer.derivation.depends_on if layer.derivation else ():
                if needed not in by_id:
                    raise ValueError(f"{layer.id} depends on {needed!r}, which is not a layer")
        self._layers = MappingProxyType(by_id)

    def __getitem__(self, layer_id: str) -> Layer:
        try:
            return self._layers[layer_id]
        except KeyError:
            raise NotFound("unknown-layer", layer=layer_id, known=sorted(self._layers)) from None

    def __contains__(self, layer_id: object) -> bool:
        return layer_id in self._layers

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def derived_in_order(self) -> list[Layer]:
        """Derived layers, each after those it depends on.

        Raises
        ------
        ValueError : the dependencies form a ring.
        """
        done: list[Layer] = []
        waiting = [layer for layer in self.values() if layer.kind is LayerKind.DERIVED]
        names = {layer.id for layer in waiting}
        while waiting:
            placed = {layer.id for layer in done}
            ready = [
                layer
                for layer in waiting
                if layer.derivation and not (set(layer.derivation.depends_on) & names) - placed
            ]
            if not ready:
                raise ValueError(f"derived layers depend on each other in a ring: {[layer.id for layer in waiting]}")
            done += ready
            waiting = [layer for layer in waiting if layer not in ready]
        return done


@cache
def load() -> Registry:
    """Walk ``layers/catalog``; every folder there must hold ``LAYER`` with the folder's name as id.

    Raises
    ------
    ValueError : a folder without LAYER, a wrong id, two layers of one name.
    """
    found: list[Layer] = []
    for package_path in catalog.__path__:
        for module in pkgutil.iter_modules([package_path]):
            loaded = importlib.import_module(f"{catalog.__name__}.{module.name}")
            layer = getattr(loaded, "LAYER", None)
            if not isinstance(layer, Layer):
                raise ValueError(f"layers/catalog/{module.name} has no LAYER")  # noqa: TRY004 - the folder is wrong, not a value
            if layer.id != module.name:
                raise ValueError(f"layers/catalog/{module.name} declares a layer called {layer.id!r}")
            object.__setattr__(layer, "folder", str(Path(package_path) / module.name))
            found.append(layer)
    return Registry(found)
