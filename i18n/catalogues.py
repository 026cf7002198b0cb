"""Reading the catalogues and saying a text."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel.messages.pofile import PoFileError, read_po

from i18n import dates
from i18n.languages import LANGUAGES, locale_of
from i18n.numerals import NO_BREAK_SPACE, auto_digits, decimals_for, digits, known

ROOT = Path(__file__).resolve().parent.parent
FOLDER_NAME = "locales"
NOT_SEARCHED = frozenset({"node_modules", "tests", "__pycache__", "build", "dist", "site-packages"})
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(?::([a-z]+))?\}")
# msgstr[i] of each CLDR category. Fractions in Russian ("2,5 километра") take the form of "few".
PLURAL_INDEX: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "kk": {"one": 0, "other": 1},
        "ru": {"one": 0, "few": 1, "many": 2, "other": 1},
        "en": {"one": 0, "other": 1},
    }
)
# {name:layer} says the title of the layer with that id, {name:role} the name of a role.
_NAMED = MappingProxyType({"layer": "layer.{}.title", "role": "common.role.{}"})
# Flags made of a field's name: "height_m-out-of-range".
_FIELD_NOTES = MappingProxyType(
    {"-out-of-range": "warning.field-out-of-range", "-unreadable": "warning.field-unreadable"}
)
MISSING_PARAMETER = "…"

_log = logging.getLogger(__name__)


class CatalogueError(Exception):
    """A catalogue file cannot be read, or two of them define one key."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One text in one language: the forms, one unless it is a plural, and the file it came from."""

    forms: tuple[str, ...]
    path: Path
    is_plural: bool = False
    is_fuzzy: bool = False


class Texts:
    """All texts of some folders, by language and key.

    Parameters
    ----------
    entries : language → key → entry.
    strict : True raises KeyError for a key or parameter that is missing (tests); False shows the English text, or the
        key in brackets, and ``…`` for a parameter, and logs it once: a reader is better served by a gap than by a crash.
    """

    languages = LANGUAGES

    def __init__(self, entries: Mapping[str, Mapping[str, Entry]], *, strict: bool = False) -> None:
        self._entries: Mapping[str, Mapping[str, Entry]] = MappingProxyType(
            {language: MappingProxyType(dict(found)) for language, found in entries.items()}
        )
        self._strict = strict
        self._reported: set[str] = set()

    def text(self, key: str, language: str, /, **params: Any) -> str:
        """The text of ``key``, placeholders filled.

        Parameters
        ----------
        key : path key, ``page.situation.title``. With plural forms the one is said that goes with the first number the text names.
        language : one of ``LANGUAGES``.
        params : values of the placeholders; how each type is written, see :func:`say`.

        Raises
        ------
        KeyError : in strict mode, no such key in this language or a placeholder without value.
        ValueError : not one of our languages.
        """
        entry, spoken = self._find(key, language)
        if entry is None:
            return f"[{key}]"
        return self._fill(key, self._form(entry, spoken, params), spoken, params)

    @staticmethod
    def _form(entry: Entry, language: str, params: Mapping[str, Any]) -> str:
        """Of a text with plural forms the one that goes with the first number it names."""
        if entry.is_plural:
            for match in PLACEHOLDER.finditer(entry.forms[-1]):
                n = params.get(match.group(1))
                if isinstance(n, int | float) and not isinstance(n, bool):
                    at = PLURAL_INDEX[language][locale_of(language).plural_form(abs(n))]
                    return entry.forms[min(at, len(entry.forms) - 1)]
        return entry.forms[-1]

    def plural(self, key: str, n: float, language: str, /, **params: Any) -> str:
        """The form of ``key`` that goes with ``n``; ``{n}`` in it is ``n``.

        Raises
        ------
        KeyError, ValueError : as :meth:`text`.
        """
        entry, spoken = self._find(key, language)
        if entry is None:
            return f"[{key}]"
        form = PLURAL_INDEX[spoken][locale_of(spoken).plural_form(abs(n))] if entry.is_plural else 0
        return self._fill(key, entry.forms[min(form, len(entry.forms) - 1)], spoken, {"n": n} | params)

    def error(self, code: str, language: str, params: Mapping[str, Any] | None = None) -> str:
        """The sentence of an error: what happened and what to change. An unknown code gets the general sentence.

        Parameters
        ----------
        code : kebab-case code of a ``QorganError`` or the reason of a rejected row.
        params : the error's ``params``.
        """
        key = f"error.{code}"
        if not self._strict and key not in self:
            self._report(f"no text {key}")
            key = "error.internal"
        return self.text(key, language, **(params or {}))

    def reason(
        self, code: str, language: str, params: Mapping[str, Any] | None = None, *, layer: str | None = None
    ) -> str:
        """Why a row was not loaded, short enough for a table: ``мән шектен тыс: Биіктігі («900»)``.

        Parameters
        ----------
        code, params : as intake gives them; ``field`` and ``value`` among the params are named.
        layer : id of the layer, whose titles the fields are called by.
        """
        given = dict(params or {})
        said = self.text(f"reject.{code}", language, **given)
        if given.get("field") is not None:
            field = self._field(str(given["field"]), language, layer)
            said = self.text("common.reason_in_field", language, reason=said, field=field)
        if given.get("value") is not None:
            said = self.text("common.reason_with_value", language, reason=said, value=given["value"])
        return said

    def note(
        self, code: str, language: str, params: Mapping[str, Any] | None = None, *, layer: str | None = None
    ) -> str:
        """A note on a row or a file: the flag ``height_m-out-of-range`` says which field was kept as unknown.

        Parameters
        ----------
        code, params : as intake gives them.
        layer : id of the layer, whose titles the fields are called by.
        """
        for ending, key in _FIELD_NOTES.items():
            if code.endswith(ending) and f"warning.{code}" not in self:
                field = self._field(code.removesuffix(ending), language, layer)
                return self.text(key, language, field=field)
        return self.text(f"warning.{code}", language, **(params or {}))

    def _field(self, name: str, language: str, layer: str | None) -> str:
        key = f"layer.{layer}.field.{name}"
        return self.text(key, language) if key in self else name

    def has(self, key: str, language: str) -> bool:
        """True where the key has its own text in the language."""
        return key in self._entries.get(language, {})

    def keys(self, language: str | None = None) -> frozenset[str]:
        """Keys of one language, or of all together."""
        if language is not None:
            return frozenset(self._entries.get(language, {}))
        return frozenset().union(*(frozenset(found) for found in self._entries.values()))

    def entries(self, language: str) -> Mapping[str, Entry]:
        """Key → entry of one language (for the checks)."""
        return self._entries.get(language, MappingProxyType({}))

    def __contains__(self, key: object) -> bool:
        return any(key in found for found in self._entries.values())

    def _find(self, key: str, language: str) -> tuple[Entry | None, str]:
        locale_of(language)  # an unknown language is the programmer's fault and never falls through to English
        entry = self._entries.get(language, {}).get(key)
        if entry is not None:
            return entry, language
        if self._strict:
            raise KeyError(f"{key} ({language})")
        self._report(f"no text {key} ({language})")
        return self._entries.get("en", {}).get(key), "en"

    def _fill(self, key: str, pattern: str, language: str, params: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            name, how = match.group(1), match.group(2)
            if name in params:
                said = self.say(params[name], language, how=how)
                # "2023 г." at the end of a sentence: one full stop ends both.
                return said[:-1] if said.endswith(".") and pattern[match.end() :].startswith(".") else said
            if self._strict:
                raise KeyError(f"{key} ({language}) needs {name!r}")
            self._report(f"{key} needs {name!r}")
            return MISSING_PARAMETER

        return PLACEHOLDER.sub(value, pattern)

    def say(self, value: Any, language: str, *, how: str | None = None) -> str:
        """A value as the language writes it.

        Numbers: whole ones exact with thousands apart, others to three significant digits; dates and times in words;
        True and False as yes and no; None and NaN as "no data"; lists joined by commas; strings as they are.

        Parameters
        ----------
        how : what stands after the colon in ``{name:how}``. ``id`` = exactly as given (years, ports, coordinates, what
            the user typed), ``date`` and ``datetime`` = an ISO text or a date in words, ``month`` = the month of an ISO text (``2024-05``), ``percent`` = a share 0-1 as
            percent, ``bytes`` = a size in kB, MB or GB, ``layer`` and
            ``role`` = an id by its name, None = by type.
        """
        if isinstance(value, list | tuple | set | frozenset):
            parts = sorted(value, key=str) if isinstance(value, set | frozenset) else value
            return ", ".join(self.say(part, language, how=how) for part in parts)
        if how in _NAMED and isinstance(value, str):
            key = _NAMED[how or ""].format(value)
            return self.text(key, language) if key in self else value
        if how == "id" and value is not None:
            return str(value)
        if isinstance(value, bool):
            return self.text("common.yes" if value else "common.no", language)
        if how == "month" and isinstance(value, str):
            return dates.month(value, language)
        if how in ("date", "datetime") or isinstance(value, dt.date):
            return self._moment(value, language, how)
        if isinstance(value, str):
            return value
        number = known(value)
        if number is None:
            return self.text("common.no_data", language) if value is None or value != value else str(value)  # noqa: PLR0124
        if how == "bytes":
            return self._size(number, language)
        if how == "percent":
            percent = 100.0 * number
            return digits(percent, language, decimals=decimals_for(percent, 2)) + NO_BREAK_SPACE + "%"
        return auto_digits(number, language)

    def _size(self, size_bytes: float, language: str) -> str:
        # Powers of ten, as disks and networks are sold; a file's exact bytes matter to nobody who reads a sentence.
        unit, scale = next(((u, s) for u, s in (("GB", 1e9), ("MB", 1e6)) if size_bytes >= s), ("kB", 1e3))
        written = auto_digits(float(size_bytes) / scale, language, significant=2)
        return written + NO_BREAK_SPACE + self.text(f"common.unit.{unit}", language)

    def _moment(self, value: Any, language: str, how: str | None) -> str:
        if value is None:
            return self.text("common.no_data", language)
        try:
            if how == "datetime" or (how is None and isinstance(value, dt.datetime)):
                return dates.datetime(value, language)
            return dates.date(value, language)
        except ValueError:
            return str(value)  # what was given is no date: show it rather than fail while telling of another fault

    def _report(self, fault: str) -> None:
        if fault not in self._reported:
            self._reported.add(fault)
            _log.warning("%s", fault)


@cache
def texts(*, strict: bool = False) -> Texts:
    """Every text of this checkout, read on the first call and kept.

    Raises
    ------
    CatalogueError : a file cannot be read, or, in strict mode, a key is defined twice.
    """
    return _load((ROOT,), strict=strict)


@cache
def own_texts() -> Texts:
    """The common words and errors that lie beside this package; enough to write a number or a date."""
    return _load((ROOT / "i18n",), strict=False)


def catalogue(*folders: Path, strict: bool = False) -> Texts:
    """The texts of every ``locales`` folder in or below the given folders, read now (not cached).

    Raises
    ------
    CatalogueError : a file cannot be read, or, in strict mode, a key is defined twice.
    """
    return _load(folders, strict=strict)


def locale_folders(*folders: Path) -> tuple[Path, ...]:
    """Every ``locales`` folder in or below the given ones, sorted; hidden and foreign folders are not searched."""
    return tuple(sorted(set().union(*(set(_walk(folder)) for folder in folders))))


def read_file(path: Path, language: str) -> dict[str, Entry]:
    """Key → entry of one ``.po`` file.

    Raises
    ------
    CatalogueError : it is not a readable ``.po`` file in UTF-8, or defines a key twice.
    """
    try:
        with path.open("rb") as stream:
            messages = read_po(stream, locale=language, charset="utf-8", abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as fault:
        raise CatalogueError(f"{path}: {fault}") from fault
    entries: dict[str, Entry] = {}
    for message in messages:
        plural = not isinstance(message.id, str)
        key = message.id[0] if plural else str(message.id)
        if key:  # the header has none
            given = (message.string or "",) if isinstance(message.string, str | None) else message.string
            entries[key] = Entry(forms=tuple(map(str, given)), path=path, is_plural=plural, is_fuzzy=message.fuzzy)
    return entries


def _load(folders: tuple[Path, ...], *, strict: bool) -> Texts:
    entries: dict[str, dict[str, Entry]] = {language: {} for language in LANGUAGES}
    for folder in locale_folders(*folders):
        for language in LANGUAGES:
            path = folder / f"{language}.po"
            if not path.is_file():
                continue  # the completeness check names it; a missing file must not take the service down
            for key, entry in read_file(path, language).items():
                first = entries[language].setdefault(key, entry)
                if first is not entry:
                    fault = f"{key} is defined in {first.path} and in {path}"
                    if strict:
                        raise CatalogueError(fault)
                    _log.warning("%s", fault)
    return Texts(_without_empty(entries), strict=strict)


def _without_empty(entries: Mapping[str, Mapping[str, Entry]]) -> dict[str, dict[str, Entry]]:
    return {
        language: {key: entry for key, entry in found.items() if all(entry.forms)}
        for language, found in entries.items()
    }


def _walk(folder: Path) -> Iterator[Path]:
    for place, names, _ in os.walk(folder):
        if FOLDER_NAME in names or Path(place).name == FOLDER_NAME:
            yield Path(place) / FOLDER_NAME if FOLDER_NAME in names else Path(place)
        names[:] = [n for n in names if n not in NOT_SEARCHED and not n.startswith(".") and n != FOLDER_NAME]
