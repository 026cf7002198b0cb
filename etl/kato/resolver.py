"""Settlement names → KATO codes: exact, by a former name, by one or two slips of the keyboard; else the reason why not.

Nothing is guessed: a name that fits two units of the oblast, or none, has no code and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from rapidfuzz.distance import OSA

from etl.kato.classifier import Classifier, Unit
from etl.kato.names import Kind, Named, read_name

# Renamed cities (decrees of the President): former folded name → folded name today.
FORMER: Final = {
    "нур султан": "астана",  # 2019-03-23 to 2022-09-17
    "целиноград": "астана",  # to 1992
    "капчагаи": "конаев",  # 2022
    "жамбыл": "тараз",  # 1997
    "семипалатинск": "семеи",  # 2007
    "гурьев": "атырау",  # 1991
    "ермак": "аксу",  # 1993
}
# What may follow a settlement's name in the same cell without being part of it.
DETAILS: Final = frozenset(
    [
        "ул",
        "улица",
        "пр",
        "пр-т",
        "проспект",
        "пер",
        "переулок",
        "мкр",
        "микрорайон",
        "жм",
        "жк",
        "дом",
        "д",
        "в",
        "по",
        "возле",
        "напротив",
        "көшесі",
        "кошеси",
        "даңғылы",
    ]
)
ONE_SLIP_FROM: Final = 5
TWO_SLIPS_FROM: Final = 8


class How(StrEnum):
    """How a name found its unit, or why it did not."""

    EXACT = "exact"
    FORMER = "former-name"
    MISSPELLED = "misspelled"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not-found"
    EMPTY = "empty"


@dataclass(frozen=True)
class Resolved:
    """One spelling's answer: a unit or None, how, and between which units it could not be decided."""

    unit: Unit | None
    how: How
    candidates: tuple[Unit, ...] = ()


@dataclass
class Resolver:
    """Resolves spellings within an oblast; each distinct spelling is judged once."""

    classifier: Classifier
    _names: dict[str | None, dict[str, tuple[Unit, ...]]] = field(default_factory=dict)
    _judged: dict[tuple[str, str | None], Resolved] = field(default_factory=dict)

    def resolve(self, text: str | None, *, oblast: str | None = None) -> Resolved:
        """The unit a spelling means.

        Parameters
        ----------
        oblast : two digits; None = anywhere in the country.
        """
        key = (text or "", oblast)
        if key not in self._judged:
            self._judged[key] = self._judge(*key)
        return self._judged[key]

    def _judge(self, text: str, oblast: str | None) -> Resolved:
        named = read_name(text)
        if not named.words:
            return Resolved(None, How.EMPTY)
        names = self._names.setdefault(oblast, self.classifier.names_in(oblast))
        whole = self._whole(named, names)
        if whole.how is not How.NOT_FOUND:
            return whole
        return self._beginning(text, named, names) or whole

    def _whole(self, named: Named, names: dict[str, tuple[Unit, ...]]) -> Resolved:
        found = _fitting(names.get(named.text, ()), named.kind)
        if found:
            return _decide(found, How.EXACT)
        former = FORMER.get(named.text)
        if former is None and (slip := _nearest(named.text, FORMER)) is not None and len(slip) == 1:
            former = FORMER[slip[0]]
        if former is not None and (found := _fitting(names.get(former, ()), named.kind)):
            return _decide(found, How.FORMER)
        near = _nearest(named.text, names) or _spelled_out(named.words, names)
        found = tuple(dict.fromkeys(unit for name in near for unit in _fitting(names[name], named.kind)))
        return _decide(found, How.MISSPELLED) if found else Resolved(None, How.NOT_FOUND)

    def _beginning(self, text: str, named: Named, names: dict[str, tuple[Unit, ...]]) -> Resolved | None:
        """A settlement followed by something smaller: "Астана, район Есиль", "Косшы ЖМ Лесная поляна"."""
        for length in range(len(named.words) - 1, 0, -1):
            head, rest = Named(named.words[:length]), named.words[length:]
            first = self._whole(head, names)
            if first.unit is None or first.unit.kind is Kind.DISTRICT or first.how is How.MISSPELLED:
                continue
            if inner := _child(first.unit, rest, names):
                return Resolved(inner, first.how)
            says_so = rest[0] in DETAILS or named.kind is not Kind.UNSAID or _has_comma_after(text, length)
            if says_so:
                return first
        return None


def _fitting(units: tuple[Unit, ...], kind: Kind) -> tuple[Unit, ...]:
    """Units that are what the name claims to be; a settlement called a district is not one."""
    if kind is Kind.UNSAID:
        settlements = tuple(u for u in units if u.kind is not Kind.DISTRICT)
        return settlements or units
    return tuple(u for u in units if (u.kind is Kind.DISTRICT) == (kind is Kind.DISTRICT))


def _decide(units: tuple[Unit, ...], how: How) -> Resolved:
    if len(units) == 1:
        return Resolved(units[0], how)
    return Resolved(None, How.AMBIGUOUS, units)


def _nearest(text: str, names: Iterable[str]) -> list[str] | None:
    """The names fewest slips away, None when even they are too far (optimal string alignment: neighbours swapped = one slip)."""
    slips = 2 if len(text) >= TWO_SLIPS_FROM else 1 if len(text) >= ONE_SLIP_FROM else 0
    for allowed in range(1, slips + 1):
        near = [n for n in names if len(n) >= ONE_SLIP_FROM and OSA.distance(text, n, score_cutoff=allowed) <= allowed]
        if near:
            return near
    return None


def _spelled_out(words: tuple[str, ...], names: dict[str, tuple[Unit, ...]]) -> list[str]:
    """Names that "р кошкарбаева" shortens: initials stand for words that begin with them, at least one word is whole."""
    if not any(len(word) == 1 for word in words) or all(len(word) == 1 for word in words):
        return []
    out = []
    for name in names:
        parts = name.split()
        if len(parts) == len(words) and all(
            part.startswith(word) if len(word) == 1 else part == word for part, word in zip(parts, words, strict=True)
        ):
            out.append(name)
    return out


def _child(city: Unit, rest: tuple[str, ...], names: dict[str, tuple[Unit, ...]]) -> Unit | None:
    """The city's own district the rest of a name means; Russian adjectives ("есильский") lose their ending."""
    own = {
        name: unit
        for name, units in names.items()
        for unit in units
        if unit.kind is Kind.DISTRICT and unit.oblast == city.oblast and city.code.endswith("0" * 7)
    }
    wanted = " ".join(word for word in rest if word not in DETAILS)
    for ending in ("инскии", "скии", "кии", ""):
        stem = wanted.removesuffix(ending)
        if stem == wanted and ending:
            continue
        found = {own[name].code: own[name] for name in own if name.rstrip("ьыа") == stem.rstrip("ьыа") and stem}
        if len(found) == 1:
            return next(iter(found.values()))
    return None


def _has_comma_after(text: str, words: int) -> bool:
    head = text.split(",", 1)
    return len(head) == 2 and len(read_name(head[0]).words) == words
