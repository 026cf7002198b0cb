"""Entries of the map's legend. Colours of cells are never repeated here: the map takes them from the layer itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Rgb = tuple[int, int, int]
Hatch = Literal["sparse", "dense", "unknown"]
"""Lines over areas: far apart, close together, and those that mean unknown everywhere."""


@dataclass(frozen=True, kw_only=True)
class LegendItem:
    """One swatch of a layer that has no classes: a camera, a road under repair.

    Parameters
    ----------
    label : the reader's words.
    rgb : the colour the layer was given.
    shape : how the thing is drawn.
    """

    label: str
    rgb: Rgb
    shape: Literal["dot", "line", "dashed", "area"] | Hatch = "dot"


@dataclass(frozen=True, kw_only=True)
class Legend:
    """One layer in the legend; every text in the reader's language.

    Parameters
    ----------
    layer_id : id of the pydeck layer. For a cell layer the classes, "observed none", unknown and hidden come from it.
    title : what is shown.
    unit : unit of the numbers, "" for plain counts.
    denominator : what a share or rate is of ("of 4,210 night crimes"), with the period.
    note : a warning that belongs beside the colours ("reporting differs between districts").
    percent : show shares (0–1) as per cent.
    labels : texts of the classes where the page wants its own; as many as there are colours, else they are ignored.
    items : swatches for layers without classes.
    """

    layer_id: str
    title: str
    unit: str = ""
    denominator: str = ""
    note: str = ""
    percent: bool = False
    labels: Sequence[str] = ()
    items: Sequence[LegendItem] = ()

    def to_wire(self) -> dict[str, Any]:
        """As the component reads it."""
        return asdict(self)
