"""Likeness of names letter by letter, against a plain table of alignments."""

from __future__ import annotations

import numpy as np
import pytest

from layers.queries.likeness import BEGINNING, WHOLE, WORDS, likeness


def slips(one: str, other: str) -> int:
    """Optimal string alignment by its definition."""
    table = [[max(i, j) if not (i and j) else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            )
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def alike(one: str, other: str) -> float:
    return 1 - slips(one, other) / max(len(one), len(other))


def by_definition(wanted: str, name: str) -> float:
    total = 0.0
    for word in wanted.split():
        best = 0.0
        for other in name.split():
            best = max(best, alike(word, other))
            if len(other) > len(word):
                beginnings = (other[: len(word) + by] for by in (-1, 0, 1))
                best = max(best, BEGINNING * max(alike(word, one) for one in beginnings))
        total += len(word) * best
    whole = alike(wanted, name)
    return max(whole, WORDS * total / sum(map(len, wanted.split())) + WHOLE * whole)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_its_definition_says(seed):
    rng = np.random.default_rng(seed)

    def name():
        return " ".join(
            "".join(rng.choice(list("abik"), int(rng.integers(1, 9)))) for _ in range(int(rng.integers(1, 4)))
        )

    for _ in range(60):
        wanted, other = name(), name()
        assert likeness(wanted, other) == pytest.approx(by_definition(wanted, other)), (wanted, other)


def test_the_name_meant_is_more_like_than_its_neighbours():
    names = ("toraigirov", "toraigirova 12", "tokaev", "saina", "karaganda", "abai", "kunaev")
    for wanted, meant in (
        ("toraigrov", "toraigirov"),
        ("karagnada", "karaganda"),
        ("kunaiev", "kunaev"),
        ("abia", "abai"),
    ):
        assert max(names, key=lambda name: likeness(wanted, name)) == meant
    assert likeness("abai", "abai") == 1.0
    assert likeness("", "abai") == likeness("abai", "") == 0.0
