"""Words: codes of closed lists, booleans, free text. Each distinct spelling is judged once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from etl.coercion.numbers import as_text
from layers.spec import Codes

ANYTHING_ELSE = "*"
TRUE = frozenset({"true", "t", "yes", "y", "1", "да", "иә", "ия", "есть", "бар"})
FALSE = frozenset({"false", "f", "no", "n", "0", "нет", "жоқ"})


def key(spelling: str) -> str:
    """The form in which spellings are compared."""
    return " ".join(spelling.casefold().split())


@dataclass(frozen=True)
class Vocabulary:
    """Foreign spelling → our value; None = means unknown.

    Parameters
    ----------
    known : by :func:`key`.
    otherwise : for spellings not in ``known``; absent (``has_otherwise`` False) they are unseen.
    """

    known: Mapping[str, str | None]
    otherwise: str | None = None
    has_otherwise: bool = False

    @classmethod
    def of(cls, codes: Codes, foreign: Mapping[str, str] | None = None) -> Vocabulary:
        """The field's list, overruled by the mapping's translations ("" = unknown, "*" = every other spelling)."""
        known: dict[str, str | None] = dict.fromkeys(map(key, codes.unknown))
        known.update({key(k): v for k, v in codes.fixable.items()})
        return cls._with(known, foreign or {})

    @classmethod
    def of_booleans(cls, foreign: Mapping[str, str] | None = None) -> Vocabulary:
        """Yes and no in the languages of the country, overruled by the mapping's."""
        known: dict[str, str | None] = {**dict.fromkeys(TRUE, "true"), **dict.fromkeys(FALSE, "false")}
        return cls._with(known, foreign or {})

    @classmethod
    def _with(cls, known: dict[str, str | None], foreign: Mapping[str, str]) -> Vocabulary:
        known = {**known, **{key(k): v or None for k, v in foreign.items() if k != ANYTHING_ELSE}}
        return cls(known, foreign.get(ANYTHING_ELSE) or None, ANYTHING_ELSE in foreign)

    def translate(self, column: pa.Array) -> tuple[pa.StringArray, NDArray[np.bool_], pa.StringArray]:
        """Our values (null = unknown), which rows hold an unseen spelling, and the trimmed text."""
        texts = as_text(column)
        encoded = texts.dictionary_encode()
        ours: list[str | None] = []
        unseen: list[bool] = []
        for word in encoded.dictionary.to_pylist():
            spelling = key(word)
            seen = spelling in self.known
            ours.append(self.known[spelling] if seen else self.otherwise)
            unseen.append(not seen and not self.has_otherwise)
        index = encoded.indices
        values = pa.array(ours, type=pa.string()).take(index) if ours else pa.nulls(len(texts), pa.string())
        at = index.fill_null(-1).to_numpy(zero_copy_only=False)
        return values, np.append(np.array(unseen, dtype=np.bool_), False)[at], texts


def clean_text(column: pa.Array) -> pa.StringArray:
    """Trimmed text without the NUL character, which the database cannot hold; blank is null."""
    texts = as_text(column)
    buffer = texts.buffers()[2]
    if buffer is not None and b"\x00" in buffer.to_pybytes():
        texts = pc.replace_substring(texts, "\x00", "")
    return texts
