"""What can colour the map: the measures of every layer, and what the page chooses by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamlit_app.address import Look
from streamlit_app.gateway import LayerInfo, Measure
from streamlit_app.words import Words

SHARE, DENSITY = "share", "density"
_FIRST = ("crimes", "accidents")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One measure of one layer."""

    layer: LayerInfo
    measure: Measure

    @property
    def key(self) -> str:
        """For pickers."""
        return f"{self.layer.id}.{self.measure.name}"

    @property
    def is_share(self) -> bool:
        return self.measure.aggregation == SHARE

    def title(self, words: Words) -> str:
        """Layer and measure in the reader's words."""
        return words.joined(self.layer.title, self.measure.title)


def subjects(layers: Sequence[LayerInfo]) -> list[Subject]:
    """Every measure of a layer that has rows."""
    return [Subject(layer=layer, measure=measure) for layer in layers if layer.rows for measure in layer.measures]


def chosen(look: Look, layers: Sequence[LayerInfo]) -> Subject | None:
    """The measure of the look where there is such a one, else crimes, else the first there is; None without data."""
    every = subjects(layers)
    for one in every:
        if one.layer.id == look.subject and look.measure in ("", one.measure.name):
            return one
    for wanted in (look.subject, *_FIRST):
        for one in every:
            if one.layer.id == wanted:
                return one
    return every[0] if every else None


def event_layer(look: Look, layers: Sequence[LayerInfo]) -> LayerInfo | None:
    """The layer whose events are told in cards, gap and comparison: the coloured one if it has time."""
    subject = chosen(look, layers)
    if subject is not None and subject.layer.has_time:
        return subject.layer
    timed = [layer for layer in layers if layer.has_time and layer.rows]
    return next((layer for wanted in _FIRST for layer in timed if layer.id == wanted), timed[0] if timed else None)


_AREA_KINDS = ("district", "microdistrict", "beat", "city", "oblast")


def area_kinds(shapes: Mapping[int, Mapping[str, Any]], areas: LayerInfo | None) -> dict[str, str]:
    """Kinds of area there are (code → title), the most telling first."""
    found = {str(one["properties"].get("kind")) for one in shapes.values()}
    titles = areas.categories if areas is not None else {}
    ordered = [kind for kind in (*_AREA_KINDS, *sorted(found)) if kind in found]
    return {kind: titles.get(kind, kind) for kind in dict.fromkeys(ordered)}
