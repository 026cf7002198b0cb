"""Which addresses may be asked: http and https only, and by default nothing that lies inside a private network."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from geo_core.errors import Forbidden, InvalidInput, Unavailable

LONGEST = 2000
_PORTS = {"http": 80, "https": 443}


def is_service_url(given: str) -> bool:
    """Whether a source is an address and not a file."""
    return given.lower().startswith(("http://", "https://"))


@dataclass(frozen=True)
class Target:
    """One address taken apart; ``url`` is it without query, fragment and the slash at its end."""

    url: str
    scheme: str
    host: str
    port: int


def parse(given: str) -> Target:
    """Take an address apart.

    Raises
    ------
    InvalidInput : ``service-url-invalid``: not http(s), no host, a user name or password in it, too long, or letters no address has.
    """
    text = given.strip()
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise InvalidInput("service-url-invalid", url=text[:200]) from None
    if (
        parts.scheme.lower() not in _PORTS
        or not host
        or len(text) > LONGEST
        or parts.username is not None
        or parts.password is not None
        or any(letter.isspace() or not letter.isprintable() for letter in text)
        or "\\" in text
    ):
        raise InvalidInput("service-url-invalid", url=_without_secret(text)[:200])
    scheme = parts.scheme.lower()
    shown = f"[{host}]" if ":" in host else host
    where = shown if port == _PORTS[scheme] else f"{shown}:{port}"
    return Target(f"{scheme}://{where}{parts.path.rstrip('/')}", scheme, host, port)


def _without_secret(text: str) -> str:
    """The address without what stands before the @, which may be a password."""
    head, at, tail = text.rpartition("@")
    return f"{head.split('//')[0]}//…@{tail}" if at else text


@dataclass(frozen=True)
class Guard:
    """Says to which numeric address a name may be connected.

    Parameters
    ----------
    allow_private : also addresses inside private networks, the machine's own among them. For the command line, whose user could reach
        them anyway, and where the operator's setting says so; never because a request asks for it.
    """

    allow_private: bool = False

    def resolve(self, target: Target) -> str:
        """The numeric address to connect to. The connection goes there, so that a name cannot change between check and use.

        Raises
        ------
        Forbidden : ``service-address-private``: the name, or one of its addresses, leads into a private network.
        Unavailable : ``service-host-unknown``: the name does not resolve.
        """
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unavailable("service-host-unknown", host=target.host) from None
        addresses = [str(entry[4][0]) for entry in found]
        if not self.allow_private:
            for address in addresses:
                if not is_public(address):
                    raise Forbidden("service-address-private", host=target.host)
        # IPv4 first: a machine without IPv6 still resolves it
        return min(addresses, key=lambda one: ":" in one)


def is_public(address: str) -> bool:
    """Whether a numeric address lies in the public Internet; one that carries an IPv4 address is judged by that."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and ip in ipaddress.ip_network("::/96"):
            inner = ipaddress.IPv4Address(int(ip))  # the form nobody uses any more, but some machines still obey
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast
