"""Numbers of roads and kilometres as people write them: "A-17 км 85", "А17 85 км", "M36 km 1203+400"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Letters that look alike in both scripts, and "R" for the Cyrillic Р: road signs use either.
_ALIKE = str.maketrans("АВЕКМНОРСТУХR", "ABEKMHOPCTYXP")
_NUMBER = r"(?P<letters>[A-ZА-ЯӘҒҚҢӨҰҮҺІ]{1,3})\s*[-–—. ]?\s*(?P<digits>\d{1,4}(?:[/-]\d{1,3})?[A-ZА-Я]?)"
_ROAD = re.compile(_NUMBER + r"(?!\d)")
_UNIT = r"(?:КМ|KM|KILOMET(?:ER|RE)S?|КИЛОМЕТР(?:Е|А|ОВ)?|ШАҚЫРЫМ(?:ДА|Ы)?|ШАКЫРЫМ|ҚМ)\.?"
_VALUE = r"(?P<km>\d{1,4}(?:[.,]\d{1,3})?)(?:\s*\+\s*(?P<metres>\d{1,3}))?"
_KILOMETRE = (
    re.compile(r"\b" + _UNIT + r"\s*" + _VALUE + r"(?!\d)"),
    re.compile(r"(?<![\d.,+])" + _VALUE + r"\s*[-–]?\s*(?:Й|М|ШЫ|ШІ|TH)?\s*[-–]?\s*" + _UNIT + r"(?![A-ZА-Я])"),
)


@dataclass(frozen=True)
class RoadPlace:
    """A place said by road and kilometre. ``km`` is None where only the road was said."""

    ref: str
    km: float | None


def fold_ref(given: str) -> str:
    """A road number in one spelling: capital Latin letters, no spaces or dashes ("А-17" → "A17")."""
    text = unicodedata.normalize("NFKC", given).upper().translate(_ALIKE)
    return re.sub(r"[^0-9A-Z/ӘҒҚҢӨҰҮҺІА-Я]", "", text)


def refs_of(given: str) -> tuple[str, ...]:
    """Every road number of a value that may list several ("A-17;E127"), folded."""
    return tuple(dict.fromkeys(one for part in re.split(r"[;,]", given) if (one := fold_ref(part))))


def road_place(given: str) -> RoadPlace | None:
    """The road, and the kilometre where one is said, of a text that names a road by its number.

    Returns
    -------
    None where there is no road number, or words that belong to neither.
    """
    text = unicodedata.normalize("NFKC", given).upper().strip()
    km: float | None = None
    for pattern in _KILOMETRE:
        found = pattern.search(text)
        if found:
            km = float(found["km"].replace(",", ".")) + float(found["metres"] or 0) / 1000
            text = f"{text[: found.start()]} {text[found.end() :]}"
            break
    road = _ROAD.search(text)
    if road is None:
        return None
    rest = re.sub(r"[\s,.;:№-]+", "", text[: road.start()] + text[road.end() :])
    rest = re.sub(r"^(?:ТРАССА|ТРАССЕ|ДОРОГА|ЖОЛ|ЖОЛЫ|ROAD|HIGHWAY)+$", "", rest)
    return None if rest else RoadPlace(fold_ref(road["letters"] + road["digits"]), km)
