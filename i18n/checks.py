"""Is every text there, in three languages, whole, in the right script, and used? For tests and ``qorgan check``.

Each function returns the faults it finds, sorted; an empty list is a pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from i18n.catalogues import PLACEHOLDER, ROOT, CatalogueError, Entry, catalogue, locale_folders, read_file
from i18n.code_scan import CodeUse, scan_code
from i18n.languages import LANGUAGES

UNREADABLE = "unreadable"
# Words that any page may take; one that waits for its page is no fault.
SHARED_PREFIX = "common."
FORMS = {"kk": 2, "ru": 3, "en": 2}
KINDS_OF_VALUE = frozenset({None, "id", "date", "datetime", "month", "percent", "bytes", "layer", "role"})
# Names and acronyms that Kazakh and Russian texts write in Latin letters.
LATIN_WORDS = frozenset(
    re.findall(
        r"\w+",
        "API ArcGIS Arrow CPTED CSV DOCTYPE DORI Docker EPSG ETag Excel FastAPI GPX GeoJSON FeatureCollection GeoPackage GeoParquet HTML HTTP HTTPS HiGHS ID ISO JSON "
        "KML MILP MVT MapLibre OSM OpenAPI OpenStreetMap PBF PDF PNG Parquet PostGIS PostgreSQL Qorgan SHA Shapefile URL UTC UTF "
        "WGS WebGL XLSX XML ZIP Ctrl Debian Python Ubuntu macOS apt WKB root lon lat Asia Almaty Enter Delete",
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC = re.compile(r"[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]")
_KAZAKH = re.compile(r"[ӘәҒғҚқҢңӨөҰұҮүҺһІі]")
_NOT_RUSSIAN = re.compile(r"[ӘәҒғҚқҢңӨөҰұҮүҺһІі]")
# Commands, addresses, file endings, names of variables, options and paths stay as they are.
_SPELLED = re.compile(r"`[^`]*`|https?://\S+|\.[a-z]{2,7}\b|\b[A-Z]+(?:_[A-Z]+)+\b|--[a-z-]+|\.?/[a-z]\S*")
# Lines that the script ./run prints before anything is installed show commands without any mark.
_SCRIPT_PREFIX = "run."
_SAME_TEXT_LETTERS = 12
_KAZAKH_TEXT_LETTERS = 30

Entries = Mapping[str, Mapping[str, Entry]]


@dataclass(frozen=True, order=True, kw_only=True)
class Fault:
    """Something wrong with one text.

    Parameters
    ----------
    key : the text's key, or "" for a whole file.
    where : file, relative to the root.
    what : what is wrong, in English, for developers.
    """

    key: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.what}"


def faults(root: Path = ROOT, *, declared: Iterable[str] = (), code: CodeUse | None = None) -> list[Fault]:
    """Every fault of every catalogue of a checkout.

    Parameters
    ----------
    root : the checkout.
    declared : keys that declarations ask for (``layers`` makes the list from its registry, see :func:`layer_keys`).
    code : what the code asks for; None = scanned now.
    """
    found = file_faults(root)
    if any(fault.what.startswith(UNREADABLE) for fault in found):
        return found  # the other checks would only repeat it for every key of that file
    declared, code = list(declared), code or scan_code(root)
    return sorted(
        {*found, *missing_faults(root, declared=declared, code=code), *orphans(root, declared=declared, code=code)}
    )


def file_faults(root: Path = ROOT) -> list[Fault]:
    """Faults of the catalogues by themselves: languages, placeholders, plural forms, script, copies, double keys."""
    found: set[Fault] = set()
    seen: dict[str, Path] = {}
    for folder in locale_folders(root):
        entries, broken = _folder(folder, root)
        found.update(broken)
        for key in sorted(set().union(*(set(of_language) for of_language in entries.values()))):
            where = str(folder.relative_to(root))
            if key in seen:
                found.add(Fault(key=key, where=where, what=f"also defined in {seen[key].relative_to(root)}"))
            seen[key] = folder
            for check in _CHECKS:
                found.update(Fault(key=key, where=where, what=what) for what in check(key, entries))
    return sorted(found)


def missing_faults(root: Path = ROOT, *, declared: Iterable[str] = (), code: CodeUse | None = None) -> list[Fault]:
    """Keys that declarations or code ask for and no catalogue has, and parameters no raise of an error gives."""
    code = code or scan_code(root)
    texts = catalogue(root)
    wanted = dict.fromkeys(declared, "a declaration")
    wanted |= {key: f"{use[0]}" for key, use in code.keys.items()}
    wanted |= {key: places[0] for key, places in code.row_keys.items()}
    wanted |= {f"error.{code_}": str(raises[0].where) for code_, raises in code.errors.items()}
    found = {
        Fault(key=key, where=where, what=f"asked for, but there is no text in {language}")
        for key, where in wanted.items()
        for language in LANGUAGES
        if not texts.has(key, language)
    }
    for code_, raises in code.errors.items():
        entry = texts.entries("en").get(f"error.{code_}")
        if entry is None:
            continue
        for raised in raises:
            lacking = placeholders(entry.forms[-1]) - raised.params
            if lacking and not raised.is_open:
                found.add(
                    Fault(key=f"error.{code_}", where=raised.where, what=f"raised without {', '.join(sorted(lacking))}")
                )
    return sorted(found)


def orphans(root: Path = ROOT, *, declared: Iterable[str] = (), code: CodeUse | None = None) -> list[Fault]:
    """Texts that no declaration and no code asks for; the shared words (``common.``) are a stock and never orphans."""
    code = code or scan_code(root)
    texts = catalogue(root)
    asked = set(declared) | set(code.keys) | set(code.row_keys)
    found = []
    for key in sorted(texts.keys()):
        if key.startswith(SHARED_PREFIX) or key in asked or code.mentions(key):
            continue
        entry = next(texts.entries(language)[key] for language in LANGUAGES if texts.has(key, language))
        found.append(Fault(key=key, where=str(entry.path.parent.relative_to(root)), what="no code asks for it"))
    return sorted(found)


def placeholders(form: str) -> frozenset[str]:
    """Names of the placeholders in a text."""
    return frozenset(match.group(1) for match in PLACEHOLDER.finditer(form))


def _folder(folder: Path, root: Path) -> tuple[Entries, list[Fault]]:
    entries: dict[str, dict[str, Entry]] = {}
    broken = []
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        entries[language] = {}
        try:
            entries[language] = read_file(path, language)
        except FileNotFoundError:
            broken.append(Fault(key="", where=str(path.relative_to(root)), what="the file is missing"))
        except CatalogueError as fault:
            broken.append(Fault(key="", where=str(path.relative_to(root)), what=f"{UNREADABLE}: {fault}"))
    return entries, broken


def _languages(key: str, entries: Entries) -> Iterable[str]:
    for language in LANGUAGES:
        entry = entries[language].get(key)
        if entry is None or not all(form.strip() for form in entry.forms):
            yield f"no text in {language}"
        elif entry.is_fuzzy:
            yield f"marked fuzzy in {language}"


def _placeholders(key: str, entries: Entries) -> Iterable[str]:
    by_language = {}
    for language in LANGUAGES:
        if (entry := entries[language].get(key)) is None:
            continue
        uses = {(m.group(1), m.group(2)) for form in entry.forms for m in PLACEHOLDER.finditer(form)}
        by_language[language] = uses
        for form in entry.forms:
            if "{" in PLACEHOLDER.sub("", form) or "}" in PLACEHOLDER.sub("", form):
                yield f"a brace that is no placeholder in {language}"
        if unknown := {how for _, how in uses} - KINDS_OF_VALUE:
            yield f"unknown way to write a value in {language}: {sorted(map(str, unknown))}"
    if len({frozenset(uses) for uses in by_language.values()}) > 1:
        yield f"placeholders differ: { {k: sorted(f'{n}:{h}' if h else n for n, h in v) for k, v in by_language.items()} }"


def _plurals(key: str, entries: Entries) -> Iterable[str]:
    found = {language: entries[language][key] for language in LANGUAGES if key in entries[language]}
    if len({entry.is_plural for entry in found.values()}) > 1:
        yield "a plural in one language and not in another"
    for language, entry in found.items():
        if entry.is_plural and len(entry.forms) != FORMS[language]:
            yield f"{len(entry.forms)} plural forms in {language}, not {FORMS[language]}"


def _script(key: str, entries: Entries) -> Iterable[str]:
    if key.startswith("common.language."):
        return  # every language calls itself by its own name
    for language in LANGUAGES:
        if (entry := entries[language].get(key)) is None:
            continue
        for form in entry.forms:
            for word in _words(form):
                if _LATIN.search(word) and _CYRILLIC.search(word):
                    yield f"Latin and Cyrillic letters in one word in {language}: {word!r}"
                elif language == "en" and _CYRILLIC.search(word):
                    yield f"not English: {word!r}"
                elif language != "en" and _is_foreign(word) and not key.startswith(_SCRIPT_PREFIX):
                    yield f"Latin word in {language}: {word!r}"
                elif language == "ru" and _NOT_RUSSIAN.search(word):
                    yield f"Kazakh letters in ru: {word!r}"


def _is_foreign(word: str) -> bool:
    return _LATIN.search(word) is not None and len(word) > 1 and word not in LATIN_WORDS


def _copies(key: str, entries: Entries) -> Iterable[str]:
    kazakh, russian = (entries[language].get(key) for language in ("kk", "ru"))
    if kazakh is None or russian is None:
        return
    for form in kazakh.forms:
        letters = len(_CYRILLIC.findall(" ".join(_words(form))))
        if letters > _SAME_TEXT_LETTERS and form in russian.forms:
            yield "the Kazakh text is the Russian one"
        elif letters > _KAZAKH_TEXT_LETTERS and not _KAZAKH.search(form):
            yield "no Kazakh letter in a long Kazakh text"


def _words(form: str) -> list[str]:
    return _WORD.findall(_SPELLED.sub(" ", PLACEHOLDER.sub(" ", form)))


_CHECKS: tuple[Callable[[str, Entries], Iterable[str]], ...] = (_languages, _placeholders, _plurals, _script, _copies)
