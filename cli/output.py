"""Where a result goes: to a file whole or not at all, or to standard output."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from cli.speech import language
from geo_core.errors import InvalidInput
from i18n import texts

_EVERY_S = 0.2


def write_result(content: bytes, out: Path | None) -> None:
    """Write bytes to ``out``, in one step, or to standard output.

    Raises
    ------
    InvalidInput : ``file-not-writable``.
    """
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    beside = out.with_name(f".new-{out.name}")
    try:
        beside.write_bytes(content)
        beside.replace(out)
    except OSError as error:
        raise InvalidInput("file-not-writable", path=str(out), reason=error.strerror or "") from error


class ProgressLine:
    """One line on a terminal that says how far something is; nothing where nobody watches."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._said_s = 0.0
        self._length = 0

    def __call__(self, share: float, doing: str) -> None:
        """Say how far (0–1) and the text key of what is being done, a few times a second at most."""
        now = time.monotonic()
        if not self._watched or now - self._said_s < _EVERY_S:
            return
        self._said_s = now
        from layers.jobs import doing_told

        step, facts = doing_told(doing)
        line = f"{share:4.0%}  {texts().text(step, language(), **facts)}"
        sys.stderr.write("\r" + line.ljust(self._length))
        sys.stderr.flush()
        self._length = len(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            sys.stderr.flush()
            self._length = 0
