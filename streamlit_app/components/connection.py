"""The reader's gateway, and answers remembered for seconds within a session."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from streamlit_app.gateway import ApiProblem, Caller, Gateway, Transport, http_transport
from streamlit_app.settings import UiSettings

T = TypeVar("T")
_REMEMBERED = "qorgan.remembered"
_MOST_REMEMBERED = 60
SHORT_S, LONG_S = 4.0, 300.0


@functools.cache
def settings() -> UiSettings:
    """Settings of this process."""
    return UiSettings()


@functools.cache
def transport() -> Transport:
    """Connections of this process; tests put the API in process here."""
    return http_transport(settings().server_url, timeout_s=settings().api_seconds)


def gateway(language: str) -> Gateway:
    """The API as this reader may ask it."""
    context = st.context
    caller = Caller.of(
        language, headers=context.headers.to_dict(), cookies=context.cookies.to_dict(), cookie=settings().cookie
    )
    return Gateway(transport(), caller)


def remembered(key: tuple[Any, ...], make: Callable[[], T], *, seconds: float = SHORT_S, refusals_s: float = 0.0) -> T:
    """What ``make`` answered, kept within this reader's session; a key that holds a revision may be kept longer.

    Parameters
    ----------
    refusals_s : how long a refusal is kept, for questions too dear to be asked again with every click.
    """
    kept = _kept()
    found = kept.get(key)
    if found is None or found[0] <= time.monotonic():
        try:
            found = (time.monotonic() + seconds, make())
        except ApiProblem as problem:
            if refusals_s <= 0:
                raise
            found = (time.monotonic() + refusals_s, problem)
        kept.pop(key, None)
        while len(kept) >= _MOST_REMEMBERED:
            kept.pop(next(iter(kept)))
        kept[key] = found
    if isinstance(found[1], ApiProblem):
        raise found[1]
    value: T = found[1]
    return value


def peek(key: tuple[Any, ...]) -> Any | None:
    """What is remembered under a key without asking; None where nothing (or a refusal) is."""
    found = _kept().get(key)
    return None if found is None or found[0] <= time.monotonic() or isinstance(found[1], ApiProblem) else found[1]


def _kept() -> dict[tuple[Any, ...], tuple[float, Any]]:
    kept: dict[tuple[Any, ...], tuple[float, Any]] = st.session_state.setdefault(_REMEMBERED, {})
    return kept


def forget() -> None:
    """After a change of the data: ask again."""
    st.session_state.pop(_REMEMBERED, None)
