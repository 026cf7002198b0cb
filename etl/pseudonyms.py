"""Keyed pseudonyms: equal for equal identifiers, worthless without the key.

A pseudonym is ``psn-<key id>-<26 letters>``: BLAKE2b keyed with 32 random bytes, 128 bits of it in base 32. The key lies in a file that
only the service's own account reads, never in the database, its dumps or the repository; the key id (8 letters of the key's hash)
tells which key was used without telling the key. Losing the key loses nothing but the ability to match later records with earlier ones.

Values are compared without outer blanks and case, so that "ab 12 " and "AB 12" are one person's.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from etl.coercion.numbers import as_text
from geo_core.errors import InvalidInput, LimitExceeded, Unavailable

KEY_BYTES = 32
KEY_FILE_VARIABLE = "QORGAN_PSEUDONYM_KEY_FILE"
HOME_VARIABLE = "QORGAN_HOME"
MOST_ORIGINALS = 5_000_000  # kept in memory until the batch is stored
_DIGEST_BYTES = 16
_JOINT = "\x1f"
_LOOKS = re.compile(r"psn-[a-z2-7]{8}-[a-z2-7]{26}")


@dataclass(frozen=True)
class PseudonymKey:
    """The key and its public id."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Eight letters that name the key."""
        return _letters(hashlib.blake2b(self.secret, digest_size=5, person=b"qorgan-key-id").digest())

    def of(self, value: str) -> str:
        """The pseudonym of a value; a pseudonym stays what it is, so that kept rows can be read again."""
        if _LOOKS.fullmatch(value):
            return value
        plain = _JOINT.join(part.strip().casefold() for part in value.split(_JOINT))
        return f"psn-{self.id}-" + _letters(
            hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), key=self.secret, digest_size=_DIGEST_BYTES).digest()
        )


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def key_file() -> Path:
    """Where the key lies: ``QORGAN_PSEUDONYM_KEY_FILE``, else ``private/pseudonym.key`` in the home folder."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    if named:
        return Path(named)
    root = Path(__file__).resolve().parent.parent
    return root / (os.environ.get(HOME_VARIABLE) or ".qorgan") / "private" / "pseudonym.key"


def load_key(path: Path | None = None) -> PseudonymKey:
    """The installation's key; made on first use, readable by the service's account alone.

    Raises
    ------
    InvalidInput : ``pseudonym-key-open`` (others may read the file), ``pseudonym-key-broken``.
    Unavailable : ``pseudonym-key-missing``: it cannot be made or read.
    """
    where = path or key_file()
    try:
        if not where.exists():
            _make(where)
        if where.stat().st_mode & 0o077:
            raise InvalidInput("pseudonym-key-open", path=str(where))
        secret = where.read_bytes()
    except OSError as error:
        raise Unavailable("pseudonym-key-missing", path=str(where)) from error
    if len(secret) != KEY_BYTES:
        raise InvalidInput("pseudonym-key-broken", path=str(where))
    return PseudonymKey(secret)


def _make(where: Path) -> None:
    where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # complete before it has its name: two processes that start together agree on one key
    beside = where.with_name(f".{where.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, where)
        except FileExistsError:
            return
    finally:
        beside.unlink()


@dataclass
class Pseudonymiser:
    """Replaces identifying columns of chunks by pseudonyms.

    Parameters
    ----------
    wanted : target (a text field or ``source_id``) → source columns.
    originals : (target, pseudonym) → what it stands for, where the mapping keeps them; else stays empty.
    """

    key: PseudonymKey
    wanted: Mapping[str, Sequence[str]]
    keep_original: bool = False
    originals: dict[tuple[str, str], str] = field(default_factory=dict)

    def column_name(self, target: str) -> str:
        """The column the pseudonyms of a target are in."""
        return pseudonym_column(target)

    def replace(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """The columns without those that identify, and with their pseudonyms; null where all of them are.

        Raises
        ------
        LimitExceeded : ``too-many-originals``.
        """
        out = dict(columns)
        for target, names in self.wanted.items():
            texts = [as_text(columns[name]) for name in names if name in columns]
            if not texts:
                continue
            joined = texts[0] if len(texts) == 1 else _joined(texts)
            encoded = joined.dictionary_encode()
            plain = encoded.dictionary.to_pylist()
            made = [self.key.of(value) for value in plain]
            if self.keep_original:
                self._remember(target, made, plain)
            out[self.column_name(target)] = pa.array(made, pa.string()).take(encoded.indices)
        for names in self.wanted.values():
            for name in names:
                out.pop(name, None)
        return out

    def _remember(self, target: str, made: list[str], plain: list[str]) -> None:
        for pseudonym, value in zip(made, plain, strict=True):
            if pseudonym != value:
                self.originals.setdefault((target, pseudonym), value.replace(_JOINT, " "))
        if len(self.originals) > MOST_ORIGINALS:
            raise LimitExceeded("too-many-originals", limit=MOST_ORIGINALS)


def _joined(texts: list[pa.Array]) -> pa.Array:
    """Parts joined; null where every part is."""
    whole = pc.binary_join_element_wise(*[text.fill_null("") for text in texts], _JOINT)
    nothing = pc.is_null(texts[0])
    for text in texts[1:]:
        nothing = pc.and_(nothing, pc.is_null(text))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), whole)


def pseudonym_column(target: str) -> str:
    """The name, in kept raw rows too, of the column a target's pseudonyms are in."""
    return f"pseudonym:{target}"
