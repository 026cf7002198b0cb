"""The three languages and the choice among them."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from babel import Locale

LANGUAGES: tuple[str, ...] = ("kk", "ru", "en")
DEFAULT_LANGUAGE = "ru"
OWN_NAMES = MappingProxyType({"kk": "Қазақша", "ru": "Русский", "en": "English"})

# The day comes before the month and the clock has 24 hours in all three languages, so English is British English.
_LOCALES = MappingProxyType({"kk": "kk", "ru": "ru", "en": "en_GB"})
# "kz" is the country, not the language, yet browsers and forms send it.
_SPELLINGS = MappingProxyType({"kz": "kk", "kaz": "kk", "rus": "ru", "eng": "en"})
_MAX_HEADER_CHARACTERS = 1000


@cache
def locale_of(language: str) -> Locale:
    """CLDR data of one of our languages.

    Raises
    ------
    ValueError : not one of ``LANGUAGES``.
    """
    if language not in _LOCALES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    return Locale.parse(_LOCALES[language])


def negotiate(accept_language: str | None, default: str = DEFAULT_LANGUAGE) -> str:
    """The reader's best language among ours, from an ``Accept-Language`` header (RFC 9110, 12.5.4).

    Parameters
    ----------
    accept_language : the header as it came, any garbage included; None = not sent. Ranges of equal quality keep the
        order of the header, ``q=0`` excludes, a region is ignored (``kk-KZ`` is ``kk``).
    default : what is returned when nothing of ours is asked for.
    """
    if not accept_language:
        return default
    best, best_quality = default, 0.0
    for part in accept_language[:_MAX_HEADER_CHARACTERS].split(","):
        tag, _, options = part.partition(";")
        quality = _quality(options)
        primary = tag.strip().replace("_", "-").split("-")[0].lower()
        language = _SPELLINGS.get(primary, primary)
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(options: str) -> float:
    """The ``q`` of a language range: 1 when not said, 0 when it cannot be read."""
    for option in options.split(";"):
        name, equals, value = option.partition("=")
        if equals and name.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0.0 <= quality <= 1.0 else 0.0
    return 1.0
