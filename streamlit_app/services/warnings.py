"""What the API warns of, as sentences: wherever an answer carries warnings, and whatever they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import i18n
from streamlit_app.words import Words

Json = Mapping[str, Any]
_PREFIX = "warning."
# Parts of an answer that may carry warnings of their own.
_PARTS = ("totals", "provenance", "basis", "completeness")


def sentences(found: Json, words: Words, *, layer: str | None = None) -> list[str]:
    """Every warning of an answer once, in its order.

    Parameters
    ----------
    found : the answer; ``warnings`` stand in it, or in its totals, provenance, basis or completeness. Each is a key of the catalogue
        (``warning.seasons-differ``, or without the prefix), or an object with ``code`` and ``params``, or with a ``text`` of its own.
    layer : id of the layer, whose titles fields are called by.
    """
    told: list[str] = []
    for part in (found, *(found.get(name) for name in _PARTS)):
        given = part.get("warnings") if isinstance(part, Mapping) else None
        if isinstance(given, Mapping):
            given = [{"code": code, "params": params} for code, params in given.items()]
        told += [_sentence(one, words, layer) for one in given or ()]
    return list(dict.fromkeys(told))


def _sentence(one: Any, words: Words, layer: str | None) -> str:
    if isinstance(one, Mapping):
        text = one.get("text") or one.get("detail")
        if text:
            return str(text)
        code, params = str(one.get("code") or one.get("key") or ""), one.get("params")
    else:
        code, params = str(one), None
    code = code.removeprefix(_PREFIX)
    if not words.has(_PREFIX + code):
        return words("ui.warning.unknown", code=code)
    return i18n.texts().note(code, words.language, params if isinstance(params, Mapping) else {}, layer=layer)
