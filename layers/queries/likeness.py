"""How like a folded name is to a folded question, letter by letter: orders the few candidates that PostgreSQL found by their pieces."""

from __future__ import annotations

from rapidfuzz.distance import OSA

# A word that only begins like the one asked for: inflected, or not yet typed to its end.
BEGINNING = 0.96
# Of the words asked for, and of the whole name: one of its words spelled almost rightly says more than a short name that is far off.
WORDS, WHOLE = 0.8, 0.2


def likeness(wanted: str, name: str) -> float:
    """Likeness of two folded names, 0–1: 1 = the same.

    Each word of ``wanted`` is compared with the word of ``name`` nearest to it, by optimal string alignment (letters left out, added,
    exchanged, and neighbours swapped; Damerau 1964, as restricted by Oommen & Loke 1997); words weigh by their letters.
    """
    asked, there = wanted.split(), name.split()
    if not asked or not there:
        return 0.0
    letters = sum(map(len, asked))
    words = sum(len(word) * max(_word(word, other) for other in there) for word in asked) / letters
    whole = OSA.normalized_similarity(wanted, name)
    return float(max(whole, WORDS * words + WHOLE * whole))


def _word(asked: str, other: str) -> float:
    best = OSA.normalized_similarity(asked, other)
    if len(other) > len(asked):
        begins = max(
            OSA.normalized_similarity(asked, other[:length]) for length in (len(asked) - 1, len(asked), len(asked) + 1)
        )
        best = max(best, BEGINNING * begins)
    return float(best)
