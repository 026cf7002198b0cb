"""The encoding of text that is not UTF-8, found on evidence: what Kazakh, Russian, German and Korean offices export."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_ISOLATED = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")
_UTF8_PAIR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_CYRILLIC_PAIR = re.compile(rb"[\xd0-\xd3][\x80-\xbf]")
CYRILLIC = ("cp1251", "koi8-r", "cp866")
# The ten commonest letters are 0.62 of Russian text; in a wrong Cyrillic encoding other letters take their places.
COMMON = frozenset("оеаинтсрвл")
LETTERS = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі")
# Words of headers: one of them read right says more than any frequency.
WORDS = frozenset(
    [
        "дата",
        "время",
        "широта",
        "долгота",
        "район",
        "улица",
        "адрес",
        "вид",
        "номер",
        "город",
        "код",
        "статья",
        "название",
        "наименование",
        "уақыты",
        "күні",
        "атауы",
        "ауданы",
        "көшесі",
        "위도",
        "경도",
        "주소",
        "설치",
        "번호",
        "도로명",
        "위치",
        "관리",
        "straße",
        "höhe",
        "länge",
        "größe",
    ]
)
CONTROL_OF_C1 = re.compile("[\x80-\x9f]")


@dataclass(frozen=True)
class Guess:
    """An encoding and how it was found: certain (mark, valid UTF-8) or guessed from the letters."""

    encoding: str
    guessed: bool


def guess(head: bytes, *, cut: bool = True) -> Guess:
    """Encoding of a text by its first bytes.

    A byte-order mark and valid UTF-8 are certain, and text most of whose lines are UTF-8 is UTF-8 with foreign lines in it. Else
    letters decide: Hangul in pairs is CP949, Cyrillic by the frequency of its letters and by words of headers is Windows-1251, KOI8-R or
    CP866; high bytes that stand alone among Latin letters are Windows-1252 (of which Latin-1 text is a part).

    Parameters
    ----------
    cut : the text goes on behind ``head``, which may end inside a letter.
    """
    if head.startswith(codecs.BOM_UTF8):
        return Guess("utf-8-sig", guessed=False)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Guess("utf-16", guessed=False)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=not cut)
    except UnicodeDecodeError:
        if _lines_of_utf8(head) > 0.5:
            return Guess("utf-8", guessed=False)
        return Guess(legacy(head), guessed=True)
    return Guess("utf-8", guessed=False)


def _lines_of_utf8(data: bytes) -> float:
    """Share of the lines with letters beyond ASCII that are valid UTF-8; the last one may be cut."""
    lines = [line for line in data.splitlines()[:-1] or [data] if not line.isascii()]
    valid = sum(_as_utf8(line) is not None for line in lines)
    return valid / max(len(lines), 1)


def legacy(data: bytes) -> str:
    """Which encoding with one or two bytes a letter, for data that is no UTF-8."""
    high = len(_HIGH.findall(data))
    if _hangul_share(data) > 0.8:
        return "cp949"
    best = max(CYRILLIC, key=lambda encoding: _cyrillic_score(data, encoding))
    score = _cyrillic_score(data, best)
    if score < 1.0 and len(_ISOLATED.findall(data)) > 0.5 * high:
        return "cp1252"
    return best if score > 0.3 else "cp1251"


def _cyrillic_score(data: bytes, encoding: str) -> float:
    """Share of common letters among what is not ASCII; 1 more where a word of headers is read."""
    text = data.decode(encoding, "replace")
    foreign = [c for c in text if c > "\x7f"]
    if not foreign:
        return 0.0
    # a capital inside a word is what KOI8-R read as Windows-1251 looks like
    common = sum(c in COMMON for c in foreign) + 0.5 * sum(c in LETTERS and c not in COMMON for c in foreign)
    words = set(re.findall(r"\w+", text.casefold()))
    return common / len(foreign) + (1.0 if words & WORDS else 0.0)


def _hangul_share(data: bytes) -> float:
    text = data.decode("cp949", "ignore")
    foreign = [c for c in text if ord(c) > 127]
    if not foreign or len("".join(foreign).encode("cp949")) < 0.9 * len(_HIGH.findall(data)) * 0.9:
        return 0.0
    return sum("\uac00" <= c <= "\ud7a3" for c in foreign) / len(foreign)


def _as_utf8(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True)
class Lines:
    """Physical lines of a block with their line ends; numbers count from 0.

    Parameters
    ----------
    mixed : lines that were in another encoding than the file.
    unreadable : lines no encoding makes sense of; their bytes are kept as surrogates.
    """

    texts: list[str]
    mixed: frozenset[int]
    unreadable: frozenset[int]


def is_plain(data: bytes, encoding: str) -> bool:
    """Whether a block is all in the file's encoding, so that it may be decoded as a whole."""
    if data.isascii():
        return True
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    if encoding in {"utf-8", "utf-8-sig"} or not _UTF8_PAIR.search(data):
        return True
    return all(line.isascii() or _as_utf8(line) is None for line in data.splitlines())


def decode_lines(data: bytes, encoding: str, *, strict: bool = False) -> Lines:
    """Decode a block line by line: a line of another encoding is decoded by its own and named.

    Parameters
    ----------
    strict : the encoding was stated: lines that are not in it are unreadable.
    """
    own = "utf-8" if encoding == "utf-8-sig" else encoding
    texts, mixed, unreadable = [], set(), set()
    for number, line in enumerate(data.splitlines(keepends=True)):
        if line.isascii():
            texts.append(line.decode("ascii"))
            continue
        text, foreign = _line(line, own, strict=strict)
        if text is None:
            unreadable.add(number)
            text = line.decode(own, "surrogateescape")
        elif foreign:
            mixed.add(number)
        texts.append(text)
    return Lines(texts, frozenset(mixed), frozenset(unreadable))


def _line(line: bytes, own: str, *, strict: bool) -> tuple[str | None, bool]:
    try:
        text = line.decode(own)
    except UnicodeDecodeError:
        text = None
    if strict:
        return text, False
    if own == "utf-8":
        return (text, False) if text is not None else (_foreign(line), True)
    modern = _as_utf8(line) if _UTF8_PAIR.search(line) else None
    # hardly any word is valid UTF-8 by chance
    return (modern, True) if modern is not None else (text, False)


def _foreign(line: bytes) -> str | None:
    """A line of a UTF-8 file that is not UTF-8, in the encoding its letters speak for; None where they speak for none."""
    if len(_CYRILLIC_PAIR.findall(line)) > 1 and _valid_runs(line):
        return None  # part of the line is UTF-8: it is damaged, not foreign
    try:
        text = line.decode(legacy(line))
    except UnicodeDecodeError:
        return None
    return None if CONTROL_OF_C1.search(text) or "\ufffd" in text else text


def _valid_runs(line: bytes) -> bool:
    """Whether some word of the line is Cyrillic in UTF-8."""
    runs = re.findall(rb"[\x80-\xff]{4,}", line)
    return any((text := _as_utf8(run)) is not None and text.isalpha() for run in runs)
