"""Secrets that cannot be printed: a URL type whose repr hides the password, and a log filter that hides the rest."""

from __future__ import annotations

import logging
import re

_PASSWORD = re.compile(r"(?P<head>[a-z][a-z0-9+.-]*://[^:/@\s]*:)[^@\s]+(?=@)", re.IGNORECASE)
_KEYWORD = re.compile(r"(?P<head>\bpassword\s*=\s*)('[^']*'|\S+)", re.IGNORECASE)
HIDDEN = "***"


def mask(text: str) -> str:
    """Hide every password of a URL or of a libpq keyword string inside ``text``."""
    return _KEYWORD.sub(rf"\g<head>{HIDDEN}", _PASSWORD.sub(rf"\g<head>{HIDDEN}", text))


class SecretUrl(str):
    """A database URL with a password: usable as text, but hidden in repr, tracebacks and dataclass reprs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(mask(str(self)))


class MaskingFilter(logging.Filter):
    """Hide passwords in every record that passes, in the message and in its arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = mask(message)
        if masked != message:
            record.msg, record.args = masked, ()
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return True


def install_masking() -> None:
    """Put the filter on every handler of the root logger; called once by each process at its start."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(existing, MaskingFilter) for existing in handler.filters):
            handler.addFilter(MaskingFilter())
