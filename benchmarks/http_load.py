"""A load generator on one thread: keep-alive connections, each asking the next of a list of paths; raw HTTP/1.1."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Load:
    """What a run measured: milliseconds per answer, bytes of bodies, answers that were not 2xx."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    size_bytes: int = 0
    faults: int = 0

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def run(address: str, paths: Sequence[str], headers: dict[str, str], *, readers: int, seconds: float) -> Load:
    """Ask for ``seconds`` with ``readers`` connections."""
    return asyncio.run(_run(address, paths, headers, readers, seconds))


async def _run(address: str, paths: Sequence[str], headers: dict[str, str], readers: int, seconds: float) -> Load:
    host, _, port = address.removeprefix("http://").partition(":")
    extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    load, began = Load(), time.perf_counter()
    turn = iter(range(10**9))

    async def reader() -> None:
        stream, writer = await asyncio.open_connection(host, int(port), limit=1 << 24)
        while time.perf_counter() - began < seconds:
            path = paths[next(turn) % len(paths)]
            start = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{extra}\r\n".encode())
            head = await stream.readuntil(b"\r\n\r\n")
            lower = head.lower()
            body = await _body(stream, lower)
            load.milliseconds.append((time.perf_counter() - start) * 1000)
            load.size_bytes += body
            if not lower.startswith(b"http/1.1 2"):
                load.faults += 1
        writer.close()

    await asyncio.gather(*(reader() for _ in range(readers)))
    load.seconds = time.perf_counter() - began
    return load


async def _body(stream: asyncio.StreamReader, head: bytes) -> int:
    if b"content-length:" in head:
        size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await stream.readexactly(size)
        return size
    if b"chunked" not in head:
        return 0
    total = 0
    while True:
        size = int((await stream.readline()).strip(), 16)
        await stream.readexactly(size + 2)
        total += size
        if size == 0:
            return total
