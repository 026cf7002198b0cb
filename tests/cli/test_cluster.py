from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.cluster import Cluster, ensure_started, status, stop, stop_if_idle
from cli.cluster.place import can_enter, data_folder, fallback_folder, server_account
from cli.cluster.ports import free_port, listener
from cli.cluster.state import read_state, write_state
from cli.cluster.urls import libpq_url
from cli.processes import born
from geo_core.errors import Unavailable
from tests.fixtures.database import temporary_home

pytestmark = pytest.mark.database
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_home("-own") as folder:
        yield folder


def ask(url: str, query: str) -> tuple[object, ...]:
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row


def test_the_three_doors_have_just_their_rights(test_cluster: Cluster) -> None:
    question = "SELECT rolname::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert ask(test_cluster.urls.app, question) == ("qorgan_app", False, False, False, False)
    assert ask(test_cluster.urls.owner, question) == ("qorgan_owner", False, False, False, False)
    assert ask(test_cluster.urls.loader, question) == ("qorgan_loader", False, True, False, False)


def test_the_application_owns_nothing_and_cannot_make_tables(test_cluster: Cluster) -> None:
    with psycopg.connect(libpq_url(test_cluster.urls.app)) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (x int)")
        connection.rollback()
        owners = connection.execute("SELECT schema_owner FROM information_schema.schemata WHERE schema_name = 'public'")
        assert owners.fetchall() in ([], [("qorgan_owner",)])


def test_postgis_and_kazakh_sorting_are_there(test_cluster: Cluster) -> None:
    assert ask(test_cluster.urls.app, "SELECT ST_SRID(ST_Point(76.95, 52.3, 4326))") == (4326,)
    assert ask(test_cluster.urls.app, "SELECT 'ә' < 'я' COLLATE \"kk-x-icu\", 'ә' < 'я' COLLATE \"C\"") == (True, False)


def test_the_server_listens_on_loopback_only_and_never_on_the_default_port(test_cluster: Cluster) -> None:
    assert test_cluster.port != 5432
    row = ask(
        test_cluster.urls.app,
        "SELECT current_setting('listen_addresses'), host(inet_server_addr()), current_setting('jit')",
    )
    assert row == ("127.0.0.1", "127.0.0.1", "off")


def test_a_wrong_password_is_refused(test_cluster: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(libpq_url(test_cluster.urls.app).replace("qorgan_app:", "qorgan_app:x"))


def test_passwords_lie_in_one_closed_file_and_in_no_repr(cluster_home: Path, test_cluster: Cluster) -> None:
    state = read_state(cluster_home)
    assert state is not None
    assert stat.S_IMODE((cluster_home / "cluster.json").stat().st_mode) == 0o600
    shown = f"{test_cluster!r} {state!r} {test_cluster.urls!r}"
    assert not [role for role, password in state.passwords.items() if password in shown]
    assert len(set(state.passwords.values())) == len(state.passwords)


def test_passwords_never_reach_the_servers_log(home: Path) -> None:
    cluster = ensure_started(home)
    state = read_state(home)
    assert state is not None
    with psycopg.connect(libpq_url(cluster.urls.owner)) as connection, pytest.raises(psycopg.Error):
        connection.execute("ALTER ROLE postgres PASSWORD 'leaked-secret'")
    stop(home)
    written = b"".join(path.read_bytes() for path in (home / "pg" / "log").iterdir())
    assert b"leaked-secret" not in written
    assert not [role for role, password in state.passwords.items() if password.encode() in written]


def test_a_second_start_finds_the_running_cluster_and_a_third_its_data(home: Path) -> None:
    first = ensure_started(home, throwaway=True)
    with psycopg.connect(libpq_url(first.urls.owner)) as connection:
        connection.execute("CREATE TABLE kept (x int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    second = ensure_started(home)
    assert (first.started, second.started) == (True, False)
    assert second.urls == first.urls
    write_state(home, _state(home).changed(throwaway=False))  # an orderly stop, not the throwaway one
    assert stop(home)
    assert not status(home).running
    third = ensure_started(home)
    assert third.started
    assert ask(third.urls.owner, "SELECT x FROM kept") == (7,)


def _state(home: Path):
    state = read_state(home)
    assert state is not None
    return state


def test_committed_rows_survive_a_kill_of_every_server_process(home: Path) -> None:
    cluster = ensure_started(home)
    connection = psycopg.connect(libpq_url(cluster.urls.owner))
    connection.execute("CREATE TABLE kept (x int)")
    connection.execute("INSERT INTO kept VALUES (1)")
    connection.commit()
    connection.execute("INSERT INTO kept VALUES (2)")  # never committed
    pid = status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while born(pid) is not None:
        time.sleep(0.01)
    # The session's process is still there, busy or not, and the pid file misleads: the start must cope with both.
    again = ensure_started(home)
    assert again.started
    assert ask(again.urls.owner, "SELECT array_agg(x) FROM kept") == ([1],)
    connection.close()


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(home: Path) -> None:
    cluster = ensure_started(home)
    stop(home)
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n", encoding="ascii")
    assert not status(home).running
    assert ensure_started(home).started


def test_when_a_stranger_sits_on_the_port_the_server_moves(home: Path) -> None:
    import socket

    first = ensure_started(home, throwaway=True)
    stop(home)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", first.port))
        stranger.listen()
        second = ensure_started(home)
        assert second.port != first.port
        assert ask(second.urls.app, "SELECT 1") == (1,)


def test_starts_at_the_same_moment_make_one_cluster(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cli.cluster import ensure_started;"
        "c = ensure_started(Path(sys.argv[1]), throwaway=True); print(c.port, c.started)"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(3)
    ]
    told = [start.communicate(timeout=60)[0].split() for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0]
    assert len({port for port, _ in told}) == 1
    assert sorted(started for _, started in told) == ["False", "False", "True"]


def test_a_start_killed_in_the_middle_is_repeated_whole(home: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; import cli.cluster.server as server;"
        "server.provision = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL);"
        "server.ensure_started(Path(sys.argv[1]), throwaway=True)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(home)], cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert ask(ensure_started(home).urls.app, "SELECT postgis_lib_version() IS NOT NULL") == (True,)


def test_a_leftover_of_initdb_is_cleared(home: Path) -> None:
    (home / "pg.new").mkdir()
    (home / "pg.new" / "half").write_text("made")
    assert ensure_started(home, throwaway=True).started
    assert not (home / "pg.new").exists()
    assert not (home / "pg.password").exists()


def test_stopping_when_idle_leaves_a_cluster_in_use_alone(home: Path) -> None:
    cluster = ensure_started(home, throwaway=True)
    with psycopg.connect(libpq_url(cluster.urls.app)):
        assert not stop_if_idle(home)
    deadline = time.monotonic() + 5
    while not stop_if_idle(home) and time.monotonic() < deadline:
        time.sleep(0.05)  # the server takes a moment to notice the closed session
    assert not status(home).running


def test_lost_data_are_told_and_not_replaced_by_an_empty_database(home: Path) -> None:
    cluster = ensure_started(home, throwaway=True)
    stop(home)
    cluster.data.rename(home / "elsewhere")
    with pytest.raises(Unavailable) as told:
        ensure_started(home)
    assert told.value.code == "cluster-data-missing"


def test_lost_passwords_are_told_and_the_data_left_alone(home: Path) -> None:
    ensure_started(home, throwaway=True)
    stop(home)
    (home / "cluster.json").unlink()
    with pytest.raises(Unavailable) as told:
        ensure_started(home)
    assert told.value.code == "cluster-file-missing"


def test_a_moved_home_brings_its_data_along(home: Path) -> None:
    first = ensure_started(home)
    with psycopg.connect(libpq_url(first.urls.owner)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 5 AS x")
    stop(home)
    with temporary_home("-moved") as other:
        other.rmdir()
        home.rename(other)
        home.mkdir(mode=0o711)
        moved = ensure_started(other)
        assert moved.data == other / "pg"
        assert ask(moved.urls.owner, "SELECT x FROM kept") == (5,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_a_closed_home_folder_sends_the_data_to_the_stated_place() -> None:
    with temporary_home("-closed") as closed:
        home = closed / "checkout" / ".qorgan"
        home.mkdir(parents=True)
        closed.chmod(0o700)
        account = server_account()
        assert not can_enter(home, account)
        place = fallback_folder(home)
        assert data_folder(home, account) == place / "pg"
        try:
            cluster = ensure_started(home, throwaway=True)
            assert cluster.data == place / "pg"
            assert ask(cluster.urls.app, "SELECT 1") == (1,)
        finally:
            stop(home)
            subprocess.run(["rm", "-rf", str(place)], check=True)


def test_a_full_disk_is_told_before_anything_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cli.cluster.initialise as module

    monkeypatch.setattr(module, "NEEDED_MIB", 10**9)
    monkeypatch.setattr(module.refuse_when_disk_is_full, "__kwdefaults__", {"needed_mib": 10**9})
    with pytest.raises(Unavailable) as told:
        ensure_started(home)
    assert told.value.code == "disk-full"
    assert told.value.params["needed_mb"] == 10**9
    assert not (home / "pg").exists()


def test_a_missing_server_is_named(home: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as told:
        ensure_started(home, bindir=tmp_path)
    assert told.value.code == "postgresql-missing"


def test_the_process_on_a_port_is_named() -> None:
    import socket

    port = free_port()
    assert listener(port) is None
    with socket.socket() as here:
        here.bind(("127.0.0.1", port))
        here.listen()
        told = listener(port)
    assert told is None or str(os.getpid()) in told
