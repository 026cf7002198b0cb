"""Guessing the encoding of text that is not UTF-8: what Kazakh, Russian, German and Korean offices export."""

from __future__ import annotations

import codecs
import re

_ISOLATED = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")


def guess(head: bytes) -> tuple[str, bool]:
    """Encoding of a text by its first bytes, and whether it had to be guessed.

    A byte-order mark and valid UTF-8 are certain. Otherwise text whose high bytes come in pairs that are Hangul is
    CP949; whose high bytes stand alone among Latin letters is Windows-1252; the rest is Windows-1251 (Cyrillic).
    """
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", False
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        # a stray byte in a long text that is UTF-8 otherwise is a broken row, not another encoding
        rest = head[: error.start] + head[error.start + 1 :]
        if error.start > 0 and len(_HIGH.findall(head)) > 20 and _mostly_utf8(rest):
            return "utf-8", False
    else:
        return "utf-8", False
    high = len(_HIGH.findall(head))
    if _hangul_share(head) > 0.8:
        return "cp949", True
    if len(_ISOLATED.findall(head)) > 0.5 * high:
        return "cp1252", True
    return "cp1251", True


def _mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    letters = sum(ord(c) > 127 for c in text)
    return text.count("\ufffd") < 0.05 * max(letters, 1)


def _hangul_share(data: bytes) -> float:
    text = data.decode("cp949", "ignore")
    foreign = [c for c in text if ord(c) > 127]
    if not foreign or len("".join(foreign).encode("cp949")) < 0.9 * len(_HIGH.findall(data)) * 0.9:
        return 0.0
    return sum("\uac00" <= c <= "\ud7a3" for c in foreign) / len(foreign)
