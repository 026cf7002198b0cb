"""Asking a service politely: one request at a time, never faster than agreed, again after a fault, never more than can be held."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx
import orjson

from etl.sources.addresses import Guard, Target, parse
from geo_core.errors import Forbidden, InvalidInput, LimitExceeded, QorganError, Unavailable

_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_MOVED = frozenset({301, 302, 303, 307, 308})
_NEEDS_TOKEN = frozenset({401, 403, 498, 499})
_MOST_REDIRECTS = 3


@dataclass(frozen=True, kw_only=True)
class Politeness:
    """How a service is asked.

    Parameters
    ----------
    pause_s : from the end of an answer to the next question.
    connect_s, silence_s, answer_s : longest wait for a connection, for the next bytes, for a whole answer.
    attempts : of one question before it is given up; at least 1.
    backoff_s : wait after the first failure; doubles, with a random part, up to ``longest_wait_s``.
    longest_wait_s : also the longest ``Retry-After`` that is waited for; a longer one ends the fetch, which is resumed later.
    max_answer_bytes : of one answer, unpacked.
    """

    pause_s: float = 1.2
    connect_s: float = 10.0
    silence_s: float = 30.0
    answer_s: float = 180.0
    attempts: int = 6
    backoff_s: float = 2.0
    longest_wait_s: float = 120.0
    max_answer_bytes: int = 128 << 20


class Fault(Exception):
    """One answer that cannot be used; asked again if ``again``, ``most`` times in all."""

    def __init__(
        self, kind: str, *, again: bool = True, wait_s: float | None = None, said: str = "", most: int = 1000
    ) -> None:
        super().__init__(kind)
        self.kind, self.again, self.wait_s, self.said, self.most = kind, again, wait_s, said, most


@dataclass(eq=False)
class Transport:
    """Asks one service for JSON.

    Parameters
    ----------
    requests, faults : how many questions went out, and what went wrong by kind (``status-500``, ``timeout``, ``broken-json``,
        ``error-in-answer``, ``no-connection``); they travel with the batch.
    """

    guard: Guard
    politeness: Politeness = field(default_factory=Politeness)
    sleep: Callable[[float], None] = time.sleep
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    _client: httpx.Client | None = None
    _last_s: float | None = None

    def __enter__(self) -> Self:
        polite = self.politeness
        self._client = httpx.Client(
            timeout=httpx.Timeout(polite.silence_s, connect=polite.connect_s),
            follow_redirects=False,  # each step is checked as the first was
            trust_env=False,  # a proxy would resolve names past the guard
            headers={"User-Agent": "Qorgan", "Accept": "application/json"},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()

    def get_json(
        self, url: str, params: Mapping[str, str], *, usable: Callable[[Any], None] | None = None
    ) -> dict[str, Any]:
        """The answer as JSON, asked again while that may help.

        Parameters
        ----------
        usable : called with the answer; raises :class:`Fault` where it must be asked for again.

        Raises
        ------
        Unavailable : ``service-failed`` (kind, attempts, what it said) after the last attempt; ``service-host-unknown``.
        Forbidden : ``service-address-private``, ``service-needs-token``. LimitExceeded : ``service-answer-too-large``.
        InvalidInput : ``service-refused`` (what it said), ``service-answered-status``.
        """
        attempts = max(self.politeness.attempts, 1)
        for attempt in range(1, attempts + 1):
            self._pause()
            try:
                answer = self._once(url, params)
                _refuse_errors(answer)
                if usable is not None:
                    usable(answer)
            except Fault as fault:
                self.faults[fault.kind] += 1
                if not fault.again or attempt >= min(attempts, fault.most):
                    raise _final(fault, url, attempt) from None
                wait_s = self._wait_s(fault, attempt)
                if wait_s > self.politeness.longest_wait_s:
                    raise _final(fault, url, attempt) from None
                self.sleep(wait_s)
            else:
                return answer
        raise AssertionError  # the loop returns or raises

    def _wait_s(self, fault: Fault, attempt: int) -> float:
        if fault.wait_s is not None:
            return fault.wait_s
        grown: float = self.politeness.backoff_s * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
        return min(grown, self.politeness.longest_wait_s)

    def _pause(self) -> None:
        if self._last_s is not None:
            left = self.politeness.pause_s - (time.monotonic() - self._last_s)
            if left > 0:
                self.sleep(left)

    def _once(self, url: str, params: Mapping[str, str]) -> dict[str, Any]:
        began = time.monotonic()
        self.requests += 1
        try:
            return self._read(url, params, until_s=began + self.politeness.answer_s)
        except httpx.TimeoutException:
            raise Fault("timeout") from None
        except httpx.DecodingError:
            raise Fault("broken-answer") from None
        except httpx.InvalidURL:
            raise InvalidInput("service-url-invalid", url=url[:200]) from None
        except httpx.TransportError as error:
            raise Fault("no-connection", said=type(error).__name__) from None
        finally:
            self._last_s = time.monotonic()

    def _read(self, url: str, params: Mapping[str, str], *, until_s: float) -> dict[str, Any]:
        if self._client is None:
            raise RuntimeError("the transport is not open")
        target, query = parse(url), dict(params)
        for _ in range(_MOST_REDIRECTS + 1):
            with self._client.stream("GET", self._pinned(target), params=query or None, **_named(target)) as response:
                if response.status_code in _MOVED and "location" in response.headers:
                    moved = _joined(str(response.request.url.copy_with(host=target.host)), response.headers["location"])
                    target, query = parse(moved), _query_of(moved)
                    continue
                _refuse_status(response)
                return self._json(response, until_s=until_s)
        raise Fault("too-many-redirects", again=False)

    def _pinned(self, target: Target) -> str:
        """The address with the number the guard allowed in place of the name."""
        ip = self.guard.resolve(target)
        host = f"[{ip}]" if ":" in ip else ip
        path = target.url.split("://", 1)[1].partition("/")[2]
        return f"{target.scheme}://{host}:{target.port}/{path}"

    def _json(self, response: httpx.Response, *, until_s: float) -> dict[str, Any]:
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self.politeness.max_answer_bytes:
                raise LimitExceeded("service-answer-too-large", limit_bytes=self.politeness.max_answer_bytes)
            if time.monotonic() > until_s:
                raise Fault("timeout")
            parts.append(part)
        try:
            found = orjson.loads(_lenient(b"".join(parts)))
        except orjson.JSONDecodeError:
            raise Fault("broken-json") from None
        if not isinstance(found, dict):
            raise Fault("broken-json")
        return found


def _lenient(body: bytes) -> bytes:
    """The body without a byte order mark."""
    return body.removeprefix(b"\xef\xbb\xbf")


def _named(target: Target) -> dict[str, Any]:
    default = {"http": 80, "https": 443}[target.scheme]
    shown = f"[{target.host}]" if ":" in target.host else target.host
    name = shown if target.port == default else f"{shown}:{target.port}"
    return {"headers": {"Host": name}, "extensions": {"sni_hostname": target.host}}


def _joined(here: str, location: str) -> str:
    """Where an answer leads; its address may be anything."""
    try:
        return urljoin(here, location)
    except ValueError:
        raise InvalidInput("service-url-invalid", url=location[:200]) from None


def _query_of(url: str) -> dict[str, str]:
    return dict(httpx.URL(url).params)


def _refuse_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in _TRY_AGAIN:
        raise Fault(f"status-{status}", wait_s=_retry_after_s(response))
    if status in _NEEDS_TOKEN:
        raise Fault("needs-token", again=False, said=f"HTTP {status}")
    if status >= 300:
        raise Fault("refused", again=False, said=str(status))


def _refuse_errors(answer: Mapping[str, Any]) -> None:
    """ArcGIS tells its errors inside HTTP 200."""
    error = answer.get("error")
    if error is None:
        return
    about = error if isinstance(error, Mapping) else {"message": str(error)}
    details = about.get("details")
    more = " ".join(str(part) for part in details) if isinstance(details, list) else ""
    said = f"{about.get('code', '')} {about.get('message', '')} {more}".strip()[:300]
    try:
        code = int(about.get("code", 500))
    except (TypeError, ValueError):
        code = 500
    if code in _NEEDS_TOKEN:
        raise Fault("needs-token", again=False, said=said)
    # even a 400 may pass by itself when it comes from a busy database behind the service, but rarely
    raise Fault("error-in-answer", said=said, most=2 if code == 400 else 1000)


def _retry_after_s(response: httpx.Response) -> float | None:
    """Seconds of ``Retry-After``, given as a number or as a date; None where it is absent or makes no sense."""
    given = response.headers.get("retry-after", "").strip()
    if not given:
        return None
    if given.isascii() and given.isdigit():
        return float(given)
    try:
        until = parsedate_to_datetime(given)
    except (ValueError, OverflowError):
        return None
    moment = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _final(fault: Fault, url: str, attempts: int) -> QorganError:
    host = parse(url).host
    if fault.kind == "needs-token":
        return Forbidden("service-needs-token", host=host, said=fault.said)
    if fault.kind == "error-in-answer":
        return InvalidInput("service-refused", host=host, said=fault.said)
    if fault.kind == "refused":
        return InvalidInput("service-answered-status", host=host, status=fault.said)
    return Unavailable("service-failed", host=host, kind=fault.kind, attempts=attempts)
