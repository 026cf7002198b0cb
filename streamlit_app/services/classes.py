"""Classes of numbers that are drawn from rows (streets, areas, differences): breaks, colours and their legend together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamlit_app.map_component import LegendItem
from streamlit_app.words import Words

Rgb = tuple[int, int, int]
UNKNOWN_RGB: Rgb = (150, 150, 150)
NONE_RGB: Rgb = (206, 220, 228)
# Diverging around a real zero, safe for colour-blind readers (ColorBrewer PuOr): fewer – none – more.
FEWER: tuple[Rgb, ...] = ((84, 39, 136), (128, 115, 172), (178, 171, 210))
MORE: tuple[Rgb, ...] = ((253, 184, 99), (224, 130, 20), (151, 70, 3))


@dataclass(frozen=True, kw_only=True)
class Scale:
    """``breaks``: inclusive upper bounds of all classes but the last; one colour more than breaks."""

    breaks: tuple[float, ...]
    palette: tuple[Rgb, ...]

    def rgb(self, value: float | None) -> Rgb:
        """Colour of a value; None is unknown, 0 is observed none."""
        if value is None:
            return UNKNOWN_RGB
        if value == 0:
            return NONE_RGB
        return self.palette[sum(value > one for one in self.breaks)]

    def items(
        self, words: Words, *, shape: str, has_none: bool, has_unknown: bool, is_estimate: bool = False
    ) -> list[LegendItem]:
        """The legend of these very classes."""
        found = []
        if has_none:
            found.append(LegendItem(label=words("common.nothing.none"), rgb=NONE_RGB, shape=shape))  # type: ignore[arg-type]
        bounds = [words.number(one, significant=2) for one in self.breaks]
        sign = "≈ " if is_estimate else ""
        for at, colour in enumerate(self.palette):
            if not bounds:
                label = words("ui.legend.any")
            elif at == 0:
                label = f"≤ {bounds[0]}"
            elif at == len(bounds):
                label = f"> {bounds[-1]}"
            else:
                label = f"{bounds[at - 1]}–{bounds[at]}"
            found.append(LegendItem(label=sign + label, rgb=colour, shape=shape))  # type: ignore[arg-type]
        if has_unknown:
            found.append(LegendItem(label=words("common.nothing.unknown"), rgb=UNKNOWN_RGB, shape=shape))  # type: ignore[arg-type]
        return found


def quantile_scale(values: Sequence[float | None], palette: Sequence[Rgb]) -> Scale:
    """Quantile classes of the known values above zero, rounded to two digits, without repeats."""
    known = sorted(value for value in values if value is not None and value > 0)
    breaks: list[float] = []
    for at in range(1, len(palette)):
        if not known:
            break
        value = float(f"{known[int(at / len(palette) * (len(known) - 1))]:.2g}")
        if value < known[-1] and (not breaks or value > breaks[-1]):
            breaks.append(value)
    return Scale(breaks=tuple(breaks), palette=spread(palette, len(breaks) + 1))


def spread(palette: Sequence[Rgb], count: int) -> tuple[Rgb, ...]:
    """``count`` colours over the palette, its ends kept."""
    if count == 1:
        return (palette[-1],)
    return tuple(palette[round(at * (len(palette) - 1) / (count - 1))] for at in range(count))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Classes of a difference: three on either side of zero.

    Parameters
    ----------
    small, large : bounds of the absolute value, 0 < small ≤ large.
    """

    small: float
    large: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Difference:
        """Thirds of the absolute differences that are not zero."""
        size = sorted(abs(value) for value in values if value)
        if not size:
            return cls(small=1.0, large=2.0)
        small = float(f"{max(size[len(size) // 3], 1e-9):.2g}")
        return cls(small=small, large=max(float(f"{size[2 * len(size) // 3]:.2g}"), small))

    def rgb(self, value: float) -> Rgb:
        """Colour of a difference."""
        if value == 0:
            return NONE_RGB
        step = (abs(value) > self.small) + (abs(value) > self.large)
        return MORE[step] if value > 0 else FEWER[2 - step]

    def items(self, words: Words) -> list[LegendItem]:
        """The legend, from fewer to more."""
        small, large = (words.number(one, significant=2) for one in (self.small, self.large))
        steps = [f"> {large}", f"{small}–{large}", f"≤ {small}"]
        minus = [LegendItem(label=f"− {step}", rgb=rgb, shape="area") for step, rgb in zip(steps, FEWER, strict=True)]
        plus = [
            LegendItem(label=f"+ {step}", rgb=rgb, shape="area")
            for step, rgb in zip(reversed(steps), MORE, strict=True)
        ]
        return [*minus, LegendItem(label=words("ui.compare.same"), rgb=NONE_RGB, shape="area"), *plus]
