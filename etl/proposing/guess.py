"""Columns given to targets one after another, each with a confidence, how it was seen, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from etl.coercion.numbers import as_reals, as_text
from etl.coercion.positions import Floats
from etl.coercion.territory import Territory
from etl.proposing.words import EXACT, likeness, normal
from layers.spec import How, Layer, Made

SURE, LIKELY, DOUBTFUL = 0.95, 0.7, 0.4


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """What has to be confirmed about a target; the sentence is ``doubt.<code>``.

    Parameters
    ----------
    target : field name, ``@lon``, ``@time`` … code, params : as of errors.
    blocks : nothing may be loaded by a guess like this before somebody looked at it.
    """

    target: str
    code: str
    params: Mapping[str, Any]
    blocks: bool = False


class Guess:
    """What is known of a file so far; a column serves one target only, but made columns may share it."""

    def __init__(
        self,
        layer: Layer,
        header: Sequence[str],
        sample: Mapping[str, pa.Array],
        labels: Mapping[str, Iterable[str]],
        territory: Territory | None,
    ) -> None:
        self.layer, self.header, self.sample, self.territory = layer, header, dict(sample), territory
        self.labels = {name: frozenset(normal(t) for t in titles) for name, titles in labels.items()}
        self.took: dict[str, str] = {}
        self.confidence: dict[str, float] = {}
        self.reasons: dict[str, str] = {}
        self.doubts: list[Doubt] = []
        self.made: dict[str, Made] = {}

    def take(self, target: str, column: str, confidence: float, reason: str) -> None:
        """Give a column to a target."""
        self.took[target], self.confidence[target], self.reasons[target] = column, round(confidence, 2), reason

    def doubt(self, target: str, code: str, /, *, blocks: bool = False, **params: Any) -> None:
        """Mark a target to be confirmed."""
        self.doubts.append(Doubt(target=target, code=code, params=params, blocks=blocks))
        self.confidence[target] = min(self.confidence.get(target, DOUBTFUL), DOUBTFUL)

    def make(self, name: str, how: How, *of: str, by: str = " ") -> str:
        """Declare a column made out of others; its name."""
        while name in self.header:
            name += "′"
        self.made[name] = Made(how=how, of=of, by=by)
        return name

    @property
    def used(self) -> set[str]:
        """Columns of the file that serve something."""
        direct = set(self.took.values())
        return direct | {column for name, rule in self.made.items() if name in direct for column in rule.of}

    def free(self) -> list[str]:
        """Columns that serve nothing yet."""
        used = self.used
        return [h for h in self.header if h not in used and h in self.sample]

    def named(self, target: str) -> list[tuple[float, str, str]]:
        """(likeness, column, reason) of free columns that are called like the target, best first."""
        labels = self.labels.get(target, frozenset())
        found = [(*likeness(column, target, labels), column) for column in self.free()]
        alike = [(score, column, reason) for score, reason, column in found if score > 0]
        return sorted(alike, key=lambda f: -f[0])

    def by_id(self) -> None:
        """Take the column with the source's own key."""
        for score, column, reason in self.named("@id"):
            texts = as_text(self.sample[column])
            if score >= EXACT and texts.null_count == 0 and len(texts.unique()) >= 0.95 * max(len(texts), 1):
                self.take("@id", column, score * SURE, reason)
                return

    def numbers(self, column: str) -> Floats | None:
        """Values of a column that is numbers but for a few; None = it is not."""
        values, unreadable = as_reals(self.sample[column])
        known = ~np.isnan(values)
        return values if known.any() and unreadable.sum() <= 0.05 * len(values) else None

    def texts(self, column: str) -> list[str]:
        """Distinct present values."""
        return [t for t in as_text(self.sample[column]).unique().to_pylist() if t is not None]
