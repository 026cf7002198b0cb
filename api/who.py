"""Who asks: a session cookie, a bearer token, or the local administrator of a one-machine installation."""

from __future__ import annotations

import hashlib
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

from anyio import to_thread
from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from api.settings import ApiSettings
from geo_core.errors import Forbidden
from layers import identity
from layers.identity import LOCAL_ADMINISTRATOR, Principal

_LONGEST_TOKEN = 500
_MOST_REMEMBERED = 10_000
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Doorman:
    """Finds the principal of a request and remembers it for seconds only."""

    def __init__(self, engine: Engine, settings: ApiSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._known: dict[str, tuple[float, Principal]] = {}

    async def principal(self, request: HTTPConnection) -> Principal:
        """The principal of this request.

        Raises
        ------
        Forbidden : ``sign-in-needed``, ``unknown-token``, ``foreign-origin``.
        """
        bearer = _bearer(request)
        if bearer is not None:
            return await self._owner(bearer)
        self._check_origin(request)
        cookie = request.cookies.get(self._settings.cookie)
        if cookie:
            return await self._owner(cookie)
        if self.is_local(request):
            return await self._local()
        raise Forbidden("sign-in-needed")

    def is_local(self, request: HTTPConnection) -> bool:
        """Whether a request without a token may act as the local administrator.

        A page of another site could make the reader's own browser ask this machine: its Host is then not loopback.
        """
        allowed = self._settings.local_administrator
        if allowed is not None:
            return allowed
        if not is_loopback(self._settings.host) or any(name in request.headers for name in _PROXY_HEADERS):
            return False
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return request.client is not None and is_loopback(request.client.host) and is_loopback(host)

    def _check_origin(self, request: HTTPConnection) -> None:
        """A change asked for by a page of another site is refused: cookies and loopback come along by themselves."""
        if request.scope.get("method") in _SAFE_METHODS:
            return
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "none")
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
        if foreign or site not in ("none", "same-origin"):
            raise Forbidden("foreign-origin")

    async def _owner(self, token: str) -> Principal:
        if len(token) > _LONGEST_TOKEN or "\x00" in token:
            raise Forbidden("unknown-token")
        key = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        found = self._remembered(key)
        if found is None:
            found = await to_thread.run_sync(identity.find_by_token, self._engine, token)
            if found is None:
                raise Forbidden("unknown-token")
            self._remember(key, found)
        return found

    async def _local(self) -> Principal:
        found = self._remembered(LOCAL_ADMINISTRATOR)
        if found is None:
            found = await to_thread.run_sync(identity.find_by_subject, self._engine, LOCAL_ADMINISTRATOR)
            if found is None:
                raise Forbidden("sign-in-needed")
            self._remember(LOCAL_ADMINISTRATOR, found)
        return found

    def _remembered(self, key: str) -> Principal | None:
        until, principal = self._known.get(key, (0.0, None))
        return principal if until > time.monotonic() else None

    def _remember(self, key: str, principal: Principal) -> None:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = (time.monotonic() + self._settings.principal_seconds, principal)


def _bearer(request: HTTPConnection) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer" or not token.strip():
        raise Forbidden("unknown-token")
    return token.strip()
