"""What an article is for the layer of crimes: category, whether it is sensitive, how grave it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from geo_core.criminal_code.articles import Article

FIRST_YEAR_OF_2014 = 2015
"""Offences committed before it are numbered by the Code of 1997."""
# Article 11 of the Code of 2014; 0 is met with misdemeanours.
GRAVITY = {"0": "misdemeanour", "1": "minor", "2": "medium", "3": "grave", "4": "very_grave"}
MISDEMEANOUR, CRIME = "6", "5"
SENSITIVE_CATEGORIES = frozenset({"domestic", "sexual"})
UNVERIFIED = "unverified"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a table says of an article.

    Parameters
    ----------
    category : a code of the layer crimes.
    is_sensitive : a record may point at a victim.
    source : where number and name of the article were read; ``unverified`` = from general knowledge.
    """

    category: str
    is_sensitive: bool
    source: str
    note: str = ""

    @property
    def is_verified(self) -> bool:
        return self.source != UNVERIFIED


def meaning(article: Article, *, year: int | None = None) -> Meaning | None:
    """What the article means; None = the Code of that time has no such article.

    Parameters
    ----------
    year : when it was committed; None = by the Code in force.
    """
    table = _table("code_2014" if year is None or year >= FIRST_YEAR_OF_2014 else "code_1997")
    return table.get((article.number, article.sub)) or table.get((article.number, 0))


def is_sensitive(article: Article, *, year: int | None = None) -> bool:
    """Whether a record of this article may point at a victim; an article nobody knows is taken for one that may."""
    found = meaning(article, year=year)
    return found is None or found.is_sensitive


def category_is_sensitive(category: str) -> bool:
    """Whether every record of the category is sensitive, whatever its article."""
    return category in SENSITIVE_CATEGORIES


def gravity(hard_code: str | None, transgression: str | None = None) -> str | None:
    """Gravity by ``hard_code`` (0–4) and ``transgression`` (5 crime, 6 misdemeanour); None = not known or contradictory.

    A misdemeanour has no gravity of its own (hard_code 0 or empty); hard_code 0 of a stated crime is not explained by the
    source and stays unknown.
    """
    hard = (hard_code or "").strip()
    kind = (transgression or "").strip()
    if kind == MISDEMEANOUR:
        return "misdemeanour" if hard in {"", "0"} else None
    if kind == CRIME and hard == "0":
        return None
    return GRAVITY.get(hard)


@lru_cache(maxsize=2)
def _table(name: str) -> dict[tuple[int, int], Meaning]:
    text = files("geo_core.criminal_code").joinpath(f"{name}.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")][1:]
    out: dict[tuple[int, int], Meaning] = {}
    for line in lines:
        first, last, category, sensitive, source, note = line.split("\t")
        told = Meaning(category=category, is_sensitive=sensitive == "1", source=source, note=note)
        if "-" in first:
            number, sub = first.split("-")
            out[(int(number), int(sub))] = told
            continue
        out.update({(number, 0): told for number in range(int(first), int(last) + 1)})
    return out
