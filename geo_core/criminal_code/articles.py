"""An article with its part and point out of the texts and codes of registers."""

from __future__ import annotations

import re
from dataclasses import dataclass

# In the service of the legal statistics "1923" is named as article 193, against its own rule.
ODD_CODES = {1923: (193, 0)}
FIRST_SPECIAL_ARTICLE = 96
"""Below it stand general rules (attempt, complicity) that say nothing of what was done."""
LAST_ARTICLE = 467

_DASH = r"[-‐‑–—]"
_NUMBER = rf"\d{{1,3}}(?:\s*{_DASH}\s*\d{{1,2}}(?!\d))?"
_END = r"(?!\w)"
# "ст.188 ч.3 п.2", "п. 2) ч. 3 ст. 188", "188-бап 3-бөлік 2-тармақ"
_ARTICLE = (
    re.compile(rf"(?<!\w)(?:статья|статьи|ст|art(?:icle)?)\b\s*\.?\s*({_NUMBER}){_END}"),
    re.compile(rf"(?<!\d)(\d{{2,3}}(?:\s*{_DASH}\s*\d{{1,2}})?)\s*{_DASH}?\s*(?:ст|бап\w*|баб\w*){_END}"),
)
_PART = (
    re.compile(r"(?<!\w)(?:часть|части|ч|part)\b\s*\.?\s*(\d{1,2})(?!\d)"),
    re.compile(rf"(\d{{1,2}})\s*{_DASH}?\s*(?:бөлі[кг]\w*)"),
)
_POINT = (
    re.compile(r"(?<!\w)(?:пункты|пункт|пп|п\.\s*п|п|point)\b\s*\.?\s*(\d{1,2}(?:\s*\)?\s*,\s*\d{1,2})*)"),
    re.compile(rf"(\d{{1,2}})\s*{_DASH}?\s*(?:тармақ\w*|тармағы\w*)"),
)
_BARE = re.compile(rf"^\s*({_NUMBER})(?=$|\s|[.,;(])")
# The Code of Administrative Offences: what it calls article 434 is no crime.
_ADMINISTRATIVE = re.compile(
    r"(?<!\w)(?:рк|кр|қр)?(?:коап|әқбтк)\w{0,2}(?!\w)|административн\w*\s+правонаруш|әкімшілік\s+құқық\s*бұзушылық"
)
_CODE = re.compile(r"^\d{3,5}$")


@dataclass(frozen=True, kw_only=True)
class Article:
    """An article of the Criminal Code.

    Parameters
    ----------
    number, sub : 188 and 1 of article 188-1; ``sub`` 0 = none.
    part, points : as far as they are stated.
    """

    number: int
    sub: int = 0
    part: int | None = None
    points: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """Number as it is written: ``188-1``."""
        return f"{self.number}-{self.sub}" if self.sub else str(self.number)

    @property
    def text(self) -> str:
        """Number, part and points without words, in one form for all sources: ``188-1/3/1,2``."""
        points = ",".join(map(str, self.points))
        return self.label + (f"/{self.part}" if self.part else "") + (f"/{points}" if points and self.part else "")


def parse_crime_code(code: str) -> Article | None:
    """The article of a ``crime_code``: article × 10 + sub-article, zero padded ("1880", "0990"); None = it is none.

    A register that keeps the code as a number loses the zero in front: "990" is article 99, since no article is numbered 990.
    """
    digits = code.strip()
    if not _CODE.fullmatch(digits):
        return None
    number = int(digits)
    if number in ODD_CODES:
        article, sub = ODD_CODES[number]
    elif len(digits) == 3 and number <= LAST_ARTICLE:
        article, sub = number, 0
    else:
        article, sub = divmod(number, 10)
    return Article(number=article, sub=sub) if FIRST_SPECIAL_ARTICLE <= article <= LAST_ARTICLE else None


def parse_article(text: str) -> Article | None:
    """The article of a text ("ст.188 ч.3 п.2", "188 ч. 3", "188-1", "188-бап 3-бөлік") or of a crime code; None = there is none.

    Of several the first of the special part counts: "ст.24 ч.3 ст.188 ч.2" is an attempted theft by article 188, part 2.
    Where two offences of the special part are named, the first is taken. A text that names the Code of Administrative Offences
    ("ст.127 КоАП РК", "187-бап ӘҚБтК") has none.
    """
    plain = " ".join(text.casefold().replace("№", " ").split())
    if _CODE.fullmatch(plain):
        return parse_crime_code(plain)
    if _ADMINISTRATIVE.search(plain):
        return None
    for at, end, number, sub in _articles(plain):
        if not FIRST_SPECIAL_ARTICLE <= number <= LAST_ARTICLE:
            continue
        own = plain[at:end]
        part = _first(_PART, own)
        points = _first(_POINT, own)
        return Article(
            number=number,
            sub=sub,
            part=int(part) if part else None,
            points=tuple(int(p) for p in re.findall(r"\d+", points)) if points else (),
        )
    return None


def _articles(text: str) -> list[tuple[int, int, int, int]]:
    """(start, end, number, sub) of every article with the text that is about it."""
    found = sorted({(m.start(), m.group(1)) for pattern in _ARTICLE for m in pattern.finditer(text)})
    if not found and (bare := _BARE.match(text)):
        found = [(0, bare.group(1))]
    starts = [at for at, _ in found]
    # "п. 2 ч. 3 ст. 188": what stands before the first article belongs to it where nothing follows
    before = bool(found) and _first(_PART, text[: starts[0]]) is not None
    out = []
    for i, (at, number) in enumerate(found):
        head, _, tail = re.sub(_DASH, "-", number).replace(" ", "").partition("-")
        if before:
            first = starts[i - 1] if i else 0
            out.append((first, at + len(number) + 4, int(head), int(tail or 0)))
        else:
            out.append((at, starts[i + 1] if i + 1 < len(starts) else len(text), int(head), int(tail or 0)))
    return out


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    for pattern in patterns:
        if found := pattern.search(text):
            return found.group(1)
    return None
