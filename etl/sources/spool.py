"""Pages kept as they come: a fetch that is killed goes on where it was; what is kept is never more than was asked for."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from geo_core.errors import Conflict

_STATE = "state.json"
_BLOCK_BITS = 16


def key_of(*parts: str) -> str:
    """Name of the folder of a question: equal questions share it, and so go on where the last one was killed."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]


class Seen:
    """Object ids met so far, as bits: about an eighth of a byte for each where ids are dense."""

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}
        self.count = 0

    def add(self, number: int) -> bool:
        """Remember it; False when it was there."""
        block = self._blocks.setdefault(number >> _BLOCK_BITS, bytearray(1 << (_BLOCK_BITS - 3)))
        at = number & ((1 << _BLOCK_BITS) - 1)
        bit = 1 << (at & 7)
        if block[at >> 3] & bit:
            return False
        block[at >> 3] |= bit
        self.count += 1
        return True

    def __contains__(self, number: int) -> bool:
        block = self._blocks.get(number >> _BLOCK_BITS)
        at = number & ((1 << _BLOCK_BITS) - 1)
        return block is not None and bool(block[at >> 3] & (1 << (at & 7)))


@dataclass(frozen=True)
class Page:
    """Records as they came: (object id, attributes asked for, geometry as the service writes it).

    Parameters
    ----------
    reference : the spatial reference the answer states; {} = none.
    """

    records: Sequence[tuple[int, Mapping[str, Any], Any]]
    reference: Mapping[str, Any]


@dataclass(eq=False)
class Spool:
    """The folder of one question. Use it as a context manager: it holds a lock, so that no two fetches write into one folder.

    Parameters
    ----------
    folder : made when needed.
    question : what is asked, as JSON values; pages of another question are thrown away.
    now, longest_s : pages of a fetch that began longer ago are thrown away: the service has changed since.
    state : kept beside the pages: method, offset, numbers of the report.
    """

    folder: Path
    question: Mapping[str, Any]
    now: datetime
    longest_s: float
    state: dict[str, Any] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    bytes_kept: int = 0
    _lock: int | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            self._lock = None
            raise Conflict("service-busy") from None
        self._take_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def resumed(self) -> bool:
        """Pages of an earlier attempt were there."""
        return bool(self.state.get("resumed"))

    def _take_up(self) -> None:
        """Go on with what an earlier attempt left, or start clean."""
        try:
            state = orjson.loads((self.folder / _STATE).read_bytes())
            age_s = (self.now - datetime.fromisoformat(state["began"])).total_seconds()
            usable = (
                state["question"] == orjson.loads(orjson.dumps(dict(self.question))) and 0 <= age_s < self.longest_s
            )
        except (OSError, ValueError, KeyError, TypeError):
            usable = False
        if not usable:
            self.restart()
            return
        self.state = state
        for page in self.pages():
            for number, _, _ in page.records:
                self.seen.add(number)
        self.bytes_kept = sum(path.stat().st_size for path in self._files())
        self.state["resumed"] = self.seen.count > 0

    def restart(self) -> None:
        """Throw away what is kept."""
        for path in self.folder.iterdir():
            if path.name != "lock":
                path.unlink()
        self.state = {"began": self.now.isoformat(), "question": dict(self.question), "pages": 0}
        self.seen, self.bytes_kept = Seen(), 0
        self.save()

    def keep(self, page: Page, **state: Any) -> int:
        """Keep the records of a page that were not met before, and with them what the fetch has to know to go on; how many there were.

        The page's file appears whole or not at all, and carries the new state: a kill between two files loses nothing.
        """
        fresh = [record for record in page.records if self.seen.add(record[0])]
        self.state |= state
        number = int(self.state["pages"]) + 1
        self.state["pages"] = number
        document = {"reference": dict(page.reference), "records": fresh, "state": self.state}
        data = orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
        _write(self.folder / f"{number:07d}.page", data)
        self.bytes_kept += len(data)
        return len(fresh)

    def save(self) -> None:
        """Keep the state alone."""
        _write(self.folder / _STATE, orjson.dumps(self.state))

    def pages(self) -> Iterator[Page]:
        """Every page kept, in order; the newest state is taken from the last of them."""
        for path in self._files():
            found = orjson.loads(path.read_bytes())
            if int(path.stem) > int(self.state.get("pages", 0)):
                self.state |= found["state"]
            yield Page([(int(r[0]), r[1], r[2]) for r in found["records"]], found["reference"])

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.page"))

    def remove(self) -> None:
        """The fetch was used: nothing of it stays."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    """The file is there whole or not at all, also after a power cut."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
