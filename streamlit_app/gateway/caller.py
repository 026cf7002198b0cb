"""Who asks: the API must judge the reader, never the interface's server that asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What tells the API where the reader came from. Without these the interface's own address, which is loopback, would make
# every reader behind a proxy the local administrator.
_HANDED_ON = (
    "authorization",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "host",
)


@dataclass(frozen=True)
class Caller:
    """Language and credentials of a reader.

    Parameters
    ----------
    headers : sent with every request, besides the language.
    """

    language: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, language: str, *, headers: Mapping[str, str], cookies: Mapping[str, str], cookie: str) -> Caller:
        """From the headers and cookies the reader's browser sent; only ``cookie`` of all cookies is handed on."""
        lower = {name.lower(): value for name, value in headers.items()}
        kept = {name: lower[name] for name in _HANDED_ON if name in lower}
        if cookie in cookies:
            kept["cookie"] = f"{cookie}={cookies[cookie]}"
        return cls(language, kept)
