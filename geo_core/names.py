"""Names as they are compared: one spelling for Cyrillic and Latin Kazakh, Russian and English.

A name and a question are folded by the same function, so "Караганды", "Қарағанды", "Qaraǵandy" and "Karaganda" meet (the last one by
likeness). Folding is lossy on purpose and is never shown.

Sources of the letters: the Cyrillic alphabets of Kazakh and Russian; the Latin Kazakh alphabets of 2017 (apostrophes), 2018 (acutes) and
the draft of 2021 (ä, ğ, ñ or ŋ, ö, ş, ū, ü, q, y = ы); and what people type: zh, sh, kh, gh, ya.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

# One class per sound that the scripts write apart; "x" stands for ш, щ, sh, ş and is no letter of a folded name otherwise.
_CYRILLIC = {
    "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "io", "ж": "j", "з": "z", "и": "i",
    "й": "i", "і": "i", "ы": "i", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "h", "һ": "h", "ц": "c", "ч": "c", "ш": "x",
    "щ": "x", "ъ": "", "ь": "", "э": "e", "ю": "iu", "я": "ia",
}  # fmt: skip
# Before accents are taken off: with the accent the letter says more.
_ACCENTED = {"ş": "sh", "š": "sh", "ś": "sh", "ç": "ch", "č": "ch", "ć": "ch", "ž": "zh", "ı": "i", "ŋ": "n", "ý": "y"}
_ACCENTS = str.maketrans(_ACCENTED)
_LATIN = (
    ("x", "ks"),
    ("shch", "x"), ("sch", "x"), ("dzh", "j"), ("дж", "j"), ("zh", "j"), ("sh", "x"), ("kh", "h"), ("gh", "g"), ("ch", "c"),
    ("ts", "c"), ("тс", "c"), ("ck", "k"), ("ph", "f"), ("yo", "io"),
)  # fmt: skip
_LETTERS = str.maketrans({**_CYRILLIC, "q": "k", "w": "u", "y": "i"})
_ORDINAL = re.compile(r"(\d+)[\s-]*(?:ый|ой|ий|ая|ое|ее|я|й|е|ші|шы|інші|ыншы|нші|ншы|th|st|nd|rd)\b")
_ABBREVIATED = re.compile(r"\b(?:г|с|п|б|қ|а|д|р|ш)\.")
_DASHED = re.compile(r"\b(?:пр|мкр|р|б|м|пр-к|ул)-(?:т|н|р|ан|он|к)\b\.?")
_APOSTROPHES = re.compile("['’ʼ`´ʹ]")
_WORD = re.compile(r"[a-z0-9]+")
_DOUBLED = re.compile(r"([a-z])\1+")

# Words that say what a thing is, not what it is called.
_GENERIC = (
    "улица ул көшесі көше kóshesi kosh koshesi street st str ulitsa ulica "
    "проспект просп пр даңғылы даңғыл проспектісі dangyly avenue ave av prospekt prospect "
    "переулок пер тұйық көшесі бұрылыс lane проезд өткел площадь пл алаңы алаң square "
    "микрорайон мкр мкрн ықшам ықшамауданы ықшамаудан шағынауданы шағынаудан mkr mikrorayon microdistrict "
    "ауданы аудан район district область обл облысы oblast oblysy region "
    "город қаласы қала city gorod село ауылы ауыл village поселок посёлок пос кенті кент "
    "шоссе тас жолы highway hwy road rd трасса бульвар бул бульвары boulevard blvd набережная жағалауы жағалау "
    "дом үй house"
)


@cache
def _generic() -> frozenset[str]:
    return frozenset(word for given in _GENERIC.split() for word in _letters(given).split())


def _letters(given: str) -> str:
    """Lower-case ASCII letters and digits, words apart by one space."""
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", given).casefold())
    # casefold leaves "i" and a dot for the Turkish capital; й and ё are letters of their own, not и and е with a sign
    text = text.replace("i\u0307", "i").translate(_ACCENTS)
    for written, class_ in _LATIN:
        text = text.replace(written, class_)
    text = text.translate(_LETTERS)
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    text = _DOUBLED.sub(r"\1", text.translate(_LETTERS)).replace("ie", "e").replace("iio", "io")
    return " ".join(_WORD.findall(text))


def fold(given: str) -> str:
    """The form in which names are compared: ASCII letters and digits, words apart by one space; "" where nothing is left.

    Words such as "street", "көшесі" and "проспект" are left out unless nothing else is there.
    """
    text = unicodedata.normalize("NFKC", given).casefold()
    text = _ORDINAL.sub(r"\1", text)
    bare = _ABBREVIATED.sub(" ", _DASHED.sub(" ", text))
    words = [word for word in _letters(bare).split() if word not in _generic()]
    return " ".join(words) or _letters(text)


def numbers_of(folded: str) -> tuple[str, ...]:
    """Words of a folded name that hold a digit: house numbers, schools, years. They are compared letter by letter."""
    return tuple(word for word in folded.split() if any(letter.isdigit() for letter in word))


def trigrams(folded: str) -> frozenset[str]:
    """Three-letter pieces of each word with two spaces before and one after, as PostgreSQL's pg_trgm cuts them."""
    found: set[str] = set()
    for word in folded.split():
        padded = f"  {word} "
        found.update(padded[at : at + 3] for at in range(len(padded) - 2))
    return frozenset(found)


def similarity(one: str, other: str) -> float:
    """Share of common trigrams among all of two folded names, 0–1 (pg_trgm's ``similarity``)."""
    a, b = trigrams(one), trigrams(other)
    return len(a & b) / len(a | b) if a or b else 0.0


def best(names: Iterable[str | None]) -> str | None:
    """The first name that is there."""
    return next((name for name in names if name), None)
