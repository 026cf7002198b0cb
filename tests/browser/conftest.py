"""What every browser test needs: servers on free ports that tell why they did not come up, and one chromium."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STARTS_WITHIN_S = 60.0

Start = Callable[..., str]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a Python server and return its address once it answers; all are stopped after the module.

    ``start(module_arguments, health=path, environment=…)``: ``{port}`` in an argument or a value is the free port it gets.
    """
    running: list[subprocess.Popen[bytes]] = []

    def one(arguments: Sequence[str], *, health: str, environment: Mapping[str, str]) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        log = tmp_path_factory.mktemp("log") / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *(part.replace("{port}", port) for part in arguments)],
                cwd=ROOT,
                env={**os.environ, **{name: value.replace("{port}", port) for name, value in environment.items()}},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        running.append(process)
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(url + health, timeout=1):
                    return url
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.1)
        pytest.fail(f"{arguments[0]} did not come up:\n{log.read_text(errors='replace')[-3000:]}")

    yield one
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield running
        running.close()
