"""Columns made out of columns, each rule on whole columns: joined texts, halves of a pair, degrees, kilometres, articles."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.coercion.numbers import as_text
from geo_core.criminal_code import Article, gravity, meaning, parse_article
from layers.spec import How, Made

Texts = list[str | None]
# Rules that make do with some of their columns: the others are a second opinion or an addition.
LENIENT = frozenset({How.JOINED, How.LAST, How.ARTICLE, How.ARTICLE_CATEGORY, How.ARTICLE_IN_TEXT, How.GRAVITY})
COLUMNS_WANTED: dict[How, tuple[int, int]] = {
    How.JOINED: (1, 8),
    How.DATE: (2, 3),
    How.FIRST_OF_PAIR: (1, 1),
    How.SECOND_OF_PAIR: (1, 1),
    How.DEGREES: (1, 1),
    How.KILOMETRES: (1, 2),
    How.BEARING: (1, 1),
    How.NUMBER: (1, 1),
    How.BEFORE: (1, 1),
    How.LAST: (1, 8),
    How.ARTICLE: (1, 2),
    How.ARTICLE_CATEGORY: (1, 2),
    How.ARTICLE_IN_TEXT: (1, 8),
    How.GRAVITY: (1, 2),
}
"""How many columns a rule takes, at least and at most."""

_NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
_DMS = re.compile(
    r"^\s*(?P<sign>[+-])?\s*(?P<d>\d{1,3})\s*(?:°|º|˚|град\w*\.?|deg\w*\.?|\s)\s*(?P<m>\d{1,2}(?:[.,]\d+)?)\s*"
    r"(?:['′’]|мин\w*\.?|min\w*\.?|\s|$)\s*(?:(?P<s>\d{1,2}(?:[.,]\d+)?)\s*(?:[\"″”]|''|′′|сек\w*\.?|sec\w*\.?)?)?\s*$"
)
_DEGREES = re.compile(rf"^\s*({_NUMBER})\s*°?\s*$")
_WORDS = (
    # longest first; "ю" and "з" alone count too: 52°17′ ю.ш.
    (re.compile(r"\b(?:северной широты|восточной долготы|с\.?\s*ш\.?|в\.?\s*д\.?|солтүстік ендік|шығыс бойлық)", re.IGNORECASE), 1),
    (re.compile(r"\b(?:южной широты|западной долготы|ю\.?\s*ш\.?|з\.?\s*д\.?|оңтүстік ендік|батыс бойлық)", re.IGNORECASE), -1),
    (re.compile(r"(?<![a-zа-я])[NEСВ](?![a-zа-я])", re.IGNORECASE), 1),
    (re.compile(r"(?<![a-zа-я])[SWЮЗ](?![a-zа-я])", re.IGNORECASE), -1),
)  # fmt: skip
_KM_M = re.compile(
    r"^\s*(?:км\.?|km\.?)?\s*(\d{1,4}(?:[.,]\d+)?)\s*(?:км\.?|km\.?)?\s*(?:(?:\+|(?<=[мm.])\s)\s*(\d{1,4})\s*(?:м\.?|m\.?)?)?\s*$",
    re.IGNORECASE,
)
_COMPASS = ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
# words before single letters: "шығыс" ends in the letter of the north
_AXES = (
    (re.compile(r"солтүстік|север(?:о|ное|ный|ная|н)?|north"), "n"),
    (re.compile(r"оңтүстік|южн(?:о|ое|ый|ая)|юго|юг|south"), "s"),
    (re.compile(r"шығыс|восто(?:к|чное|чный|чная)|east"), "e"),
    (re.compile(r"батыс|запад(?:ное|ный|ная)?|west"), "w"),
    (re.compile(r"с"), "n"),
    (re.compile(r"ю"), "s"),
    (re.compile(r"в"), "e"),
    (re.compile(r"з"), "w"),
)


def make(rule: Made, columns: Sequence[pa.Array | None], rows: int, years: Callable[[], NDArray[np.int16]]) -> pa.Array:
    """The made column as texts; what cannot be made is left as the source wrote it, so that it is refused by its own value.

    Parameters
    ----------
    columns : those of ``rule.of``, None where the source lacks one the rule can do without.
    years : local year of each row for rules that depend on it, 0 = unknown; asked only then.
    """
    texts = [as_text(c) if c is not None else pa.nulls(rows, pa.string()) for c in columns]
    if rule.how is How.JOINED:
        return pc.binary_join_element_wise(*texts, rule.by, null_handling="skip") if texts else pa.nulls(rows)
    if rule.how is How.LAST:
        return pc.coalesce(*reversed(texts))
    if rule.how is How.ARTICLE_IN_TEXT:
        return _named_articles(pc.coalesce(*reversed(texts)))
    if rule.how in {How.ARTICLE, How.ARTICLE_CATEGORY}:
        return _articles(texts, years(), as_category=rule.how is How.ARTICLE_CATEGORY)
    if len(texts) == 1:
        encoded = texts[0].dictionary_encode()
        made = [_ONE[rule.how]([word], rule.by) for word in encoded.dictionary.to_pylist()]
        return pa.array(made, pa.string()).take(encoded.indices) if made else pa.nulls(rows, pa.string())
    found: dict[tuple[str | None, ...], str | None] = {}
    out: Texts = []
    for values in zip(*(t.to_pylist() for t in texts), strict=True):
        if values not in found:
            found[values] = _ONE[rule.how](list(values), rule.by)
        out.append(found[values])
    return pa.array(out, pa.string())


def _articles(texts: Sequence[pa.StringArray], years: NDArray[np.int16], *, as_category: bool) -> pa.StringArray:
    """Article or its category; the first column that holds an article counts."""
    known: dict[str | None, Article | None] = {None: None}
    for column in texts:
        for word in column.unique().to_pylist():
            if word not in known:
                known[word] = parse_article(word)
    out: Texts = []
    for *values, year in zip(*(t.to_pylist() for t in texts), years.tolist(), strict=True):
        article = next((found for value in values if (found := known[value]) is not None), None)
        given = next((value for value in values if value is not None), None)
        if article is None:
            out.append(given)
        elif not as_category:
            out.append(article.text)
        else:
            told = meaning(article, year=year or None)
            out.append(told.category if told is not None else given)
    return pa.array(out, pa.string())


def _named_articles(text: pa.StringArray) -> pa.StringArray:
    """The article a text names; null where it names none."""
    encoded = text.dictionary_encode()
    found = [parse_article(word) for word in encoded.dictionary.to_pylist()]
    articles = pa.array([None if one is None else one.text for one in found], pa.string())
    return articles.take(encoded.indices)


def degrees(text: str) -> float | None:
    """Decimal degrees of "52°17′06″ N", "76 57 12,5 в.д.", "-33.9"; None = it is none."""
    sign, plain = 1, text
    for pattern, direction in _WORDS:
        plain, count = pattern.subn("", plain)
        if count:
            sign = direction
            break
    if whole := _DEGREES.fullmatch(plain):
        return sign * float(whole.group(1).replace(",", "."))
    found = _DMS.fullmatch(plain)
    if found is None:
        return None
    minutes, seconds = (float((found[g] or "0").replace(",", ".")) for g in ("m", "s"))
    if minutes >= 60 or seconds >= 60:
        return None
    return (-sign if found["sign"] == "-" else sign) * (int(found["d"]) + minutes / 60 + seconds / 3600)


def pair(text: str) -> tuple[float, float] | None:
    """Two coordinates out of one text: "52.28, 76.95", "52,28; 76,95", "52°17′N 76°57′E", "POINT (76.9 52.2)"; None = not two."""
    if re.fullmatch(r"\s*[+-]?\d+,\d+\s*", text):
        return None  # one number with a decimal comma
    plain = re.sub(r"^\s*(?:point\s*z?)?\s*[(\[{]?|[)\]}]\s*$", "", text.strip(), flags=re.IGNORECASE).strip()
    for parts in (
        re.split(r"\s*[;|/]\s*", plain),
        re.split(r",\s+", plain),
        re.split(r"\s*,\s*", plain),
        re.split(r"(?<=[nsew])\s+", plain, flags=re.IGNORECASE),
        re.split(r"\s+", plain),
    ):
        if len(parts) == 2:
            first, second = degrees(parts[0]), degrees(parts[1])
            if first is not None and second is not None:
                return first, second
    return None


def kilometres(text: str) -> float | None:
    """Kilometres of "85+300", "км 85+300", "85,3"; None = none."""
    found = _KM_M.fullmatch(text)
    if found is None:
        return None
    metres = int(found[2] or 0)
    return float(found[1].replace(",", ".")) + metres / 1000 if metres < 1000 or "." not in found[1] else None


def bearing(text: str) -> float | None:
    """Degrees clockwise from north of "NE", "С-В", "северо-восток", "солтүстік-шығыс", "45°"; None = none."""
    plain = re.sub(r"[\s.\-‐–—/,]+", "", text.casefold())
    if number := re.fullmatch(r"(\d{1,3}(?:[.,]\d+)?)(?:°|град\w*|deg\w*)?", text.casefold().strip()):
        return float(number[1].replace(",", "."))
    for pattern, letter in _AXES:
        plain = pattern.sub(letter, plain)
    return _COMPASS.index(plain) * 22.5 if plain in _COMPASS else None


def _say(value: float | None, given: str) -> str:
    return given if value is None else repr(round(value, 9))


def _alone(read: Callable[[str], float | None]) -> Callable[[list[str | None], str], str | None]:
    return lambda values, _: None if values[0] is None else _say(read(values[0]), values[0])


def _half(which: int) -> Callable[[list[str | None], str], str | None]:
    def read(values: list[str | None], _: str) -> str | None:
        if values[0] is None:
            return None
        both = pair(values[0])
        return values[0] if both is None else repr(both[which])

    return read


def _date(values: list[str | None], _: str) -> str | None:
    if values[0] is None or values[1] is None:
        return None
    parts = [re.sub(r"\.0+$", "", v) if v is not None else None for v in values]
    if not all(p is None or p.isdecimal() for p in parts):
        return "-".join(v or "?" for v in values)
    year, month, *day = (None if p is None else int(p) for p in parts)
    if not day or day[0] is None:
        return f"{year:04d}-{month:02d}"
    return f"{year:04d}-{month:02d}-{day[0]:02d}"


def _kilometres(values: list[str | None], _: str) -> str | None:
    if values[0] is None:
        return None
    if len(values) == 1 or values[1] is None:
        return _say(kilometres(values[0]), values[0])
    return _say(kilometres(f"{values[0]}+{values[1]}"), f"{values[0]}+{values[1]}")


def _number(values: list[str | None], _: str) -> str | None:
    if values[0] is None:
        return None
    found = re.search(_NUMBER, values[0])
    return values[0] if found is None else found.group().replace(",", ".")


def _before(values: list[str | None], by: str) -> str | None:
    return None if values[0] is None else values[0].split(by, 1)[0].strip() or None


def _gravity(values: list[str | None], _: str) -> str | None:
    return gravity(values[0], values[1] if len(values) > 1 else None)


_ONE: dict[How, Callable[[list[str | None], str], str | None]] = {
    How.DATE: _date,
    How.FIRST_OF_PAIR: _half(0),
    How.SECOND_OF_PAIR: _half(1),
    How.DEGREES: _alone(degrees),
    How.KILOMETRES: _kilometres,
    How.BEARING: _alone(bearing),
    How.NUMBER: _number,
    How.BEFORE: _before,
    How.GRAVITY: _gravity,
}
