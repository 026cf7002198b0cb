"""Settlement names as people type them, brought to one form for comparing.

``Г.АСТАНА``, ``астана қ.`` and ``C.Астана`` with a Latin C are one name; the kind of unit is told apart from the name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a written name claims to be."""

    SETTLEMENT = "settlement"
    DISTRICT = "district"
    UNSAID = "unsaid"


_KINDS: Final = {
    Kind.SETTLEMENT: (
        [
            "г",
            "гор",
            "город",
            "с",
            "село",
            "п",
            "пос",
            "поселок",
            "посёлок",
            "а",
            "аул",
            "аул",
            "қ",
            "қала",
            "ст",
            "станция",
            "ауыл",
            "ауылы",
            "қаласы",
            "кенті",
            "рзд",
            "разъезд",
            "уч",
        ]
    ),
    Kind.DISTRICT: ["район", "р-н", "ауданы", "аудан", "облысы", "область", "обл"],
}
_KIND_OF: Final = {word: kind for kind, words in _KINDS.items() for word in words}
# Rural districts and city administrations are not places anyone lives "in": their words mark them as such.
_ADMINISTRATION: Final = re.compile(r"(?<!\w)(?:[сапг]\.о|[спг]\.а|[қк]\.ә|кент\s?ә)(?:\.|\s|$)", re.IGNORECASE)

_LETTERS: Final = str.maketrans("әғқңөұүһіёй", "агкноуухиеи")
# Latin letters that look like Cyrillic ones, met where a keyboard was not switched.
_LOOKALIKES: Final = str.maketrans("abcehkmoptxyi", "авсенкмортхуи")
_WORD: Final = re.compile(r"[^\W_]+(?:-н(?=\b))?", re.UNICODE)
_CYRILLIC: Final = re.compile(r"[а-яё]|[әғқңөұүһі]", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """A name in words and what it claims to be."""

    words: tuple[str, ...]
    kind: Kind = Kind.UNSAID

    @property
    def text(self) -> str:
        return " ".join(self.words)


def is_administration(name: str) -> bool:
    """Whether a classifier name is of a rural district or a city's administration and not of a settlement or district."""
    return _ADMINISTRATION.search(name) is not None


def read_name(text: str) -> Named:
    """Cut a written name into folded words, its kind apart; blank text has no words."""
    lowered = text.casefold()
    if _CYRILLIC.search(lowered):
        lowered = lowered.translate(_LOOKALIKES)
    kind = Kind.UNSAID
    words = []
    for word in _WORD.findall(lowered):
        said = _KIND_OF.get(word)
        # a lone "а" or "с" is a kind only where something else is the name
        if said is not None:
            kind = said if kind is Kind.UNSAID else kind
        else:
            words.append(word.translate(_LETTERS))
    return Named(tuple(words), kind)
