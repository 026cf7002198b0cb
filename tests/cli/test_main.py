from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import cluster
from cli.database import configured_urls
from cli.main import EXIT_CODES, build_app, exit_code, main
from cli.masking import MaskingFilter, SecretUrl, mask
from cli.settings import Settings, load_settings
from cli.speech import language
from cli.start import refuse_taken_port, servers
from geo_core import errors
from geo_core.errors import Conflict, InvalidInput, QorganError, Unavailable

ROOT = Path(__file__).resolve().parents[2]


def test_every_branch_of_the_error_tree_has_an_exit_code_of_its_own() -> None:
    branches = {kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__base__ is QorganError}
    assert {kind for kind, _ in EXIT_CODES} == branches
    assert len({code for _, code in EXIT_CODES}) == len(EXIT_CODES)
    assert {exit_code(QorganError("internal"))} == {1}
    assert not {0, 1, 2, 130} & {code for _, code in EXIT_CODES}


def test_an_error_is_a_sentence_a_code_and_with_json_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@db/x")
    monkeypatch.setenv("QORGAN_LANGUAGE", "kk")
    arguments = ["db", "migrate", "--json"]
    monkeypatch.setattr(sys, "argv", ["qorgan", *arguments])
    assert main(arguments) == dict(EXIT_CODES)[InvalidInput]
    written = capsys.readouterr()
    assert json.loads(written.out.splitlines()[-1])["error"]["code"] == "database-url-invalid"
    assert "DATABASE_URL" in written.err
    assert "hunter2" not in written.out + written.err


def test_a_mistyped_command_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert main(["db", "migrate", "--nonsense"]) == 2
    capsys.readouterr()


def test_starting_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys; from cli.main import build_app; build_app(); print(' '.join(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {
        "numpy",
        "pandas",
        "geopandas",
        "pyarrow",
        "numba",
        "sqlalchemy",
        "scipy",
        "psycopg",
        "fastapi",
        "streamlit",
    }
    assert not heavy & set(told.stdout.split())


def test_every_command_of_the_line_explains_itself() -> None:
    app = build_app()
    groups = [app, *(group.typer_instance for group in app.registered_groups if group.typer_instance is not None)]
    commands = [command.callback for group in groups for command in group.registered_commands]
    assert len(commands) > 8
    assert not [c.__name__ for c in commands if c is None or not c.__doc__]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "ru_KZ.UTF-8", "LC_ALL": "kk_KZ"}, "kk"),
        ({"LANG": "kk_KZ", "QORGAN_LANGUAGE": "ru"}, "ru"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_is_the_terminals_where_it_is_one_of_ours(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected


def test_passwords_are_hidden_in_texts_reprs_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    url = SecretUrl("postgresql+psycopg://app:s3cr%2Ft@h:1/d")
    assert str(url) == "postgresql+psycopg://app:s3cr%2Ft@h:1/d"
    assert "s3cr" not in repr(url) + repr({"u": url}) + mask(f"cannot reach {url}") + mask(
        "host=h password='s3cr t' x=1"
    )
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed for %s", (str(url),), None)
    MaskingFilter().filter(record)
    assert record.getMessage() == "failed for postgresql+psycopg://app:***@h:1/d"


def test_a_configured_database_is_used_for_every_door_it_does_not_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://a:b@h/d")
    monkeypatch.setenv("DATABASE_LOADER_URL", "postgresql+psycopg://l:b@h/d")
    monkeypatch.setenv("DATABASE_OWNER_URL", "")
    urls = configured_urls(load_settings())
    assert urls is not None
    assert urls.owner == urls.app == "postgresql+psycopg://a:b@h/d"
    assert urls.loader == "postgresql+psycopg://l:b@h/d"


def test_with_a_configured_database_no_private_one_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:b@127.0.0.1:1/d")
    monkeypatch.setenv("QORGAN_HOME", str(tmp_path))
    assert main(["db", "start"]) == 0
    assert cluster.status(tmp_path).data is None
    capsys.readouterr()


def test_the_web_server_gets_the_applications_door_only_and_the_worker_not_the_owners(tmp_path: Path) -> None:
    doors = {name: SecretUrl(f"postgresql+psycopg://{name}:x@h/d") for name in ("app", "owner", "loader")}
    web, worker = servers(cluster.DatabaseUrls(**doors), host="127.0.0.1", port=1, home=tmp_path)
    assert (web.environment["DATABASE_OWNER_URL"], web.environment["DATABASE_LOADER_URL"]) == (None, None)
    assert worker.environment["DATABASE_OWNER_URL"] is None
    assert worker.environment["DATABASE_LOADER_URL"] == doors["loader"]
    assert not [argument for server in (web, worker) for argument in server.arguments if "x@h" in argument]
    assert ":x@" not in repr(web) + repr(worker)


def test_a_taken_port_is_told_with_who_holds_it_and_a_free_one() -> None:
    import socket

    with socket.socket() as here:
        here.bind(("127.0.0.1", 0))
        here.listen()
        port = here.getsockname()[1]
        with pytest.raises(Conflict) as told:
            refuse_taken_port(port, "127.0.0.1")
    assert told.value.code == "port-taken"
    assert told.value.params["port"] == port < told.value.params["free"]
    if os.geteuid() == 0 or sys.platform == "linux":
        assert str(os.getpid()) in told.value.params["by"]


def test_a_server_that_dies_at_once_is_reported_with_its_last_line(tmp_path: Path) -> None:
    from cli.supervisor import Server, Supervisor

    arguments = [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"]
    restarts: list[tuple[str, int]] = []
    supervisor = Supervisor(
        home=tmp_path,
        servers=[Server(name="web", arguments=arguments, environment={})],
        port=1,
        on_ready=lambda: None,
        on_restart=lambda name, code: restarts.append((name, code)),
    )
    with pytest.raises(Unavailable) as told:
        supervisor.run()
    assert told.value.code == "server-not-ready"
    assert told.value.params["reason"] == "no such table"
    assert set(restarts) == {("web", 3)}


def test_check_reports_all_faults_at_once_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "oracle://root:hunter2@h/d")
    assert main(["check", "--json"]) == 1
    told = capsys.readouterr().out
    report = json.loads(told.splitlines()[-1])
    assert report["ok"] is False
    assert len(report["faults"]["configuration"]) == 1
    assert report["faults"]["registry"] == []
    assert "hunter2" not in told


def test_operations_page_holds_the_table_made_from_the_settings() -> None:
    from docs.environment import MARKERS, tables

    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    inside = page.split(MARKERS[0], 1)[1].split(MARKERS[1], 1)[0]
    assert inside.strip() == tables().strip(), "run: python -m docs.environment"


def test_settings_that_cannot_be_used_are_named_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QORGAN_PORT", "eighty")
    monkeypatch.setenv("QORGAN_LANGUAGE", "de")
    with pytest.raises(InvalidInput) as told:
        load_settings()
    assert told.value.params["variable"] == ["QORGAN_PORT", "QORGAN_LANGUAGE"]
    assert "eighty" not in str(told.value)


def test_every_setting_is_described() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")]
