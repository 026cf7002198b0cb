"""The supervisor with small servers of its own, so that stopping, restarting and orphans can be watched closely."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import processes
from cli.cluster.ports import free_port
from cli.supervisor import NAME, is_ready

ROOT = Path(__file__).resolve().parents[2]

# web: answers on its port. worker: has a child of its own that ignores polite requests, as a busy solver does.
PROGRAM = """
import signal, sys
from pathlib import Path
from cli.supervisor import Server, Supervisor
home, port = Path(sys.argv[1]), int(sys.argv[2])
web = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
worker = [sys.executable, "-c",
    "import subprocess, sys, time, pathlib;"
    f"p = subprocess.Popen([sys.executable, '-c', {child!r}]);"
    f"pathlib.Path({str(home)!r}, 'grandchild').write_text(str(p.pid)); time.sleep(300)"]
print("start", flush=True)
Supervisor(home=home, port=port, ready_path="/",
    servers=[Server(name="web", arguments=web, environment={}, port=port),
             Server(name="worker", arguments=worker, environment={})],
    on_ready=lambda: print("ready", flush=True),
    on_restart=lambda name, code: print("restart", name, code, flush=True)).run()
print("end", flush=True)
"""


def wait_until(true: Callable[[], bool], *, within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            pytest.fail("it did not happen in time")
        time.sleep(0.02)


class Run:
    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home), str(self.port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.wait_for("ready")

    def wait_for(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line.strip()
        pytest.fail(f"it ended before it said {word!r}")

    def pid(self, name: str) -> int:
        record = processes.read_record(self.home, name)
        assert record is not None
        return record.pid

    def grandchild(self) -> int:
        wait_until(lambda: bool(self.home.joinpath("grandchild").exists()))
        wait_until(lambda: bool(self.home.joinpath("grandchild").read_text()))
        return int(self.home.joinpath("grandchild").read_text())


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started = Run(tmp_path)
    pids = [started.pid("web"), started.pid("worker"), started.grandchild()]
    yield started
    started.process.kill()
    started.process.wait()
    assert started.process.stdout is not None
    started.process.stdout.close()
    for pid in pids:
        processes.signal_group(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_every_server_with_all_its_children(run: Run, number: int) -> None:
    pids = [run.pid("web"), run.pid("worker"), run.grandchild()]
    run.process.send_signal(number)
    run.wait_for("end")
    assert run.process.wait(20) == 0
    wait_until(lambda: [processes.born(pid) for pid in pids] == [None, None, None])
    assert processes.records(run.home) == []
    assert not is_ready(run.port, path="/")


def test_a_killed_server_is_started_again_and_its_children_do_not_linger(run: Run) -> None:
    killed, grandchild = run.pid("worker"), run.grandchild()
    os.kill(killed, signal.SIGKILL)
    assert run.wait_for("restart").split() == ["restart", "worker", str(-signal.SIGKILL)]
    wait_until(lambda: processes.read_record(run.home, "worker") is not None and run.pid("worker") != killed)
    wait_until(lambda: processes.born(grandchild) is None)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_killing_the_supervisor_itself_leaves_no_server_behind(run: Run) -> None:
    pids = [run.pid("web"), run.pid("worker")]
    run.process.kill()
    wait_until(lambda: [processes.born(pid) for pid in pids] == [None, None])


def test_the_record_of_a_live_process_with_another_birth_is_not_believed(tmp_path: Path) -> None:
    record = processes.Record(name=NAME, pid=os.getpid(), born="1", port=1)
    processes.write_record(tmp_path, record)
    assert processes.read_record(tmp_path, NAME) is None
    processes.write_record(
        tmp_path, processes.Record(name=NAME, pid=os.getpid(), born=processes.born(os.getpid()) or "")
    )
    assert processes.read_record(tmp_path, NAME) is not None
