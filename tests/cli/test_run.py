"""The script ./run, in a copy of the tree whose system commands are small fakes that note what they are asked."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli.speech import RUN_SCRIPT_KEYS
from i18n import LANGUAGES, catalogue

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "run").read_text(encoding="utf-8")

# What a bare Debian has in /usr/bin that the script may use; anything else must be found or installed by it.
BARE = (
    "cp",
    "bash",
    "cat",
    "cut",
    "date",
    "df",
    "dirname",
    "env",
    "find",
    "flock",
    "grep",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "sort",
    "tail",
    "touch",
)


class Machine:
    """A folder that stands for a machine: its programs, a copy of the tree, and a note of every call."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.tree, self.calls = folder / "bin", folder / "tree", folder / "calls"
        self.bin.mkdir()
        for name in BARE:
            (self.bin / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
        self.tree.mkdir()
        for name in ("run", "requirements.lock", "requirements-dev.lock", "requirements-setup.lock"):
            shutil.copy(ROOT / name, self.tree / name)
        shutil.copytree(ROOT / "cli" / "locales", self.tree / "cli" / "locales")
        for name in ("geo_core", "layers", "etl"):
            (self.tree / name).mkdir()
            (self.tree / name / "kernel.py").write_text("")
        self.calls.write_text("")
        self.fake("dpkg-query", "echo 'install ok installed'")
        self.fake(
            "apt-cache",
            "[ $1 = pkgnames ] && printf 'postgresql-14-postgis-3\\npostgresql-15-postgis-3\\npostgresql-15-postgis-3-scripts\\n'",
        )
        self.fake("apt-get", "exit 0")

    def fake(self, name: str, body: str) -> Path:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>{self.calls}\n{body}\n')
        path.chmod(0o755)
        return path

    def python(self, *, version: str = "3.11.2", venv: bool = True) -> None:
        """A python3 whose -c answers follow the version, and whose venv is a folder with a copy of it."""
        fits = "exit 0" if version.startswith(("3.11.", "3.12.", "3.13.")) else "exit 1"
        self.fake(
            "python3",
            f"""case "$*" in
  -V) echo "Python {version}" ;;
  *ensurepip*) exit {0 if venv else 1} ;;
  *version_info*print*|*print*version_info*) echo python3.11 ;;
  *version_info*) {fits} ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  *"install"*) [ -e {self.tree}/offline ] && {{ echo 'Temporary failure in name resolution'; exit 1; }}; exit 0 ;;
  *) exit 0 ;;
esac""",
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", self.tree / "run", *arguments],
            env={"PATH": str(self.bin), "HOME": "/nowhere", "QORGAN_PG_BINDIR": "/given"} | environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def noted(self) -> str:
        return self.calls.read_text()

    def forget(self) -> None:
        self.calls.write_text("")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_first_start_installs_with_hashes_and_the_second_installs_nothing(machine: Machine) -> None:
    machine.python()
    first = machine.run("--port", "8600", "--empty")
    assert first.returncode == 0, first.stderr
    assert "--require-hashes" in machine.noted()
    assert re.search(r"-m uv pip install .*--require-hashes.* -r requirements.lock", machine.noted())
    assert machine.noted().splitlines()[-1] == "python3 -P -m cli start --port 8600 --empty"
    machine.forget()
    second = machine.run("--detach")
    assert second.returncode == 0
    assert second.stderr == ""
    assert "install" not in machine.noted()
    assert machine.noted().splitlines()[-1] == "python3 -P -m cli start --detach"


def test_kernels_are_compiled_once_and_again_after_a_change_of_code(machine: Machine) -> None:
    machine.python()
    machine.run("qorgan", "check")
    machine.run("qorgan", "check")
    assert machine.noted().count("-m cli.warm_up") == 1
    later = (machine.tree / ".venv" / ".qorgan-kernels").stat().st_mtime + 2
    os.utime(machine.tree / "layers" / "kernel.py", (later, later))
    machine.run("qorgan", "check")
    assert machine.noted().count("-m cli.warm_up") == 2


def test_a_changed_lock_installs_again(machine: Machine) -> None:
    machine.python()
    machine.run("qorgan", "check")
    machine.forget()
    with (machine.tree / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    machine.run("qorgan", "check")
    assert "install" in machine.noted()


def test_when_the_quick_installer_fails_pip_does_it(machine: Machine) -> None:
    machine.python()
    body = (machine.bin / "python3").read_text().replace('*"install"*)', '*"-m uv"*) exit 1 ;;\n  *"install"*)')
    (machine.bin / "python3").write_text(body)
    assert machine.run("qorgan", "check").returncode == 0
    assert re.search(r"-m pip .*install --require-hashes --only-binary :all: -r requirements.lock", machine.noted())


def test_arguments_of_the_command_line_arrive_whole(machine: Machine) -> None:
    machine.python()
    machine.run("qorgan", "import", "crimes", "a file.csv", "--json")
    assert machine.noted().splitlines()[-1] == "python3 -P -m cli import crimes a file.csv --json"


def test_a_machine_without_python_and_postgis_gets_them_from_apt(machine: Machine) -> None:
    machine.fake("sudo", 'if [ "$1" = -n ]; then exit 0; fi; exec "$@"')
    told = machine.run("qorgan", "check", QORGAN_PG_BINDIR="")
    noted = machine.noted()
    if list(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        assert "python3 python3-venv" in noted
    else:
        assert "python3 python3-venv postgresql-15-postgis-3" in noted
    assert "-o DPkg::Lock::Timeout=120 install -y --no-install-recommends" in noted
    assert told.returncode == 1  # the fake apt brings no Python
    assert "3.11.2" in told.stderr


@pytest.mark.parametrize(
    ("language", "word"), [("kk_KZ.UTF-8", "нұсқасы керек"), ("ru_RU.UTF-8", "Нужен"), ("C", "is needed")]
)
def test_an_unsupported_python_is_named_in_the_readers_language(machine: Machine, language: str, word: str) -> None:
    machine.python(version="3.9.2")
    told = machine.run("qorgan", "check", LANG=language)
    assert told.returncode == 1
    assert word in told.stderr
    assert "3.9.2" in told.stderr
    assert "{" not in told.stderr


def test_missing_rights_are_told_with_the_command_to_run(machine: Machine) -> None:
    if os.geteuid() == 0:
        # root needs no sudo: pretend not to be
        text = (machine.tree / "run").read_text().replace("$EUID -eq 0", "1 -eq 0")
        (machine.tree / "run").write_text(text)
    machine.python(venv=False)
    told = machine.run("qorgan", "check")
    assert told.returncode == 1
    assert re.search(r"apt-get install --no-install-recommends` python3(\.11)?-venv", told.stderr)


def test_no_network_is_told_as_such(machine: Machine) -> None:
    machine.python()
    (machine.tree / "offline").touch()
    told = machine.run("qorgan", "check")
    assert told.returncode == 1
    assert "There is no network" in told.stderr


def test_apt_without_network_is_told_with_what_it_could_not_install(machine: Machine) -> None:
    machine.python(venv=False)
    machine.fake("sudo", 'if [ "$1" = -n ]; then exit 0; fi; exec "$@"')
    machine.fake("apt-cache", "exit 100")
    machine.fake("apt-get", "exit 100")
    # no server programs anywhere: what this machine has is hidden from the script
    text = (machine.tree / "run").read_text().replace("/usr/share/postgresql/", "/nowhere/")
    (machine.tree / "run").write_text(text)
    told = machine.run("qorgan", "check", QORGAN_PG_BINDIR="")
    assert told.returncode == 1
    assert "postgresql-postgis" in told.stderr.splitlines()[-1]
    assert "setup.log" in told.stderr.splitlines()[-1]


def test_a_failed_installation_is_repeated_and_not_taken_for_done(machine: Machine) -> None:
    machine.python()
    (machine.tree / "offline").touch()
    machine.run("qorgan", "check")
    (machine.tree / "offline").unlink()
    machine.forget()
    assert machine.run("qorgan", "check").returncode == 0
    assert "install" in machine.noted()


def test_a_full_disk_is_told_before_anything_is_installed(machine: Machine) -> None:
    machine.python()
    machine.fake("df", "printf 'Filesystem 1M Used Available Use%% Mounted\\n/dev/x 100 90 812 99%% /\\n'")
    told = machine.run("qorgan", "check")
    assert told.returncode == 1
    assert "812" in told.stderr
    assert "3072" in told.stderr
    assert "install" not in machine.noted()


def test_stop_and_status_install_nothing(machine: Machine) -> None:
    machine.python()
    assert machine.run("stop").returncode == 0
    assert machine.run("status").returncode == 1
    assert machine.noted() == ""


def test_the_tests_run_every_check_even_when_one_fails(machine: Machine) -> None:
    machine.python()
    machine.run("qorgan", "check")
    for name in ("ruff", "mypy", "lint-imports"):
        shutil.copy(machine.fake(name, "exit 1" if name == "mypy" else "exit 0"), machine.tree / ".venv" / "bin" / name)
    told = machine.run("test", "--full", "-k", "cells")
    assert told.returncode == 1
    assert "types" in told.stderr.splitlines()[-1]
    names = ("ruff format", "ruff check", "mypy", "lint-imports", "python3 -m pytest")
    ran = [name for line in machine.noted().splitlines() for name in names if line.startswith(name)]
    assert ran == list(names)
    assert re.search(r"-m pytest --full -k cells", machine.noted())
    assert "requirements-dev.lock" in machine.noted()


def test_a_word_nobody_knows_shows_the_usage(machine: Machine) -> None:
    told = machine.run("strat")
    assert told.returncode == 2
    assert "./run" in told.stderr


def test_every_sentence_of_the_script_is_there_in_three_languages_on_one_line() -> None:
    used = set(re.findall(r"\b(?:say|fail) (run\.[a-z_]+)", SCRIPT))
    assert used == set(RUN_SCRIPT_KEYS)
    texts = catalogue(ROOT / "cli")
    for language in LANGUAGES:
        lines = (ROOT / "cli" / "locales" / f"{language}.po").read_text(encoding="utf-8").splitlines()
        for key in used:
            where = lines.index(f'msgid "{key}"')
            assert lines[where + 1].removeprefix('msgstr "').removesuffix('"') == texts.entries(language)[key].forms[0]


def test_placeholders_of_the_sentences_are_given_by_the_script() -> None:
    texts = catalogue(ROOT / "cli")
    for call in re.finditer(r"\b(?:say|fail) (run\.[a-z_]+)((?: \w+=\S+)*)", SCRIPT):
        given = set(re.findall(r"(\w+)=", call[2]))
        for language in LANGUAGES:
            assert set(re.findall(r"\{(\w+)", texts.entries(language)[call[1]].forms[0])) <= given, call[0]


def test_the_script_and_ci_are_executable_and_parse() -> None:
    for name in ("run", ".ci/run"):
        assert (ROOT / name).stat().st_mode & stat.S_IXUSR
        assert subprocess.run(["bash", "-n", ROOT / name], check=False).returncode == 0


def test_ci_runs_the_developers_command_and_keeps_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "run").write_text('#!/bin/bash\necho "CI=$CI $*"\nexit 7\n')
    (tmp_path / "run").chmod(0o755)
    told = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout.strip()) == (7, "CI=true test")


def test_in_ci_a_skipped_database_or_browser_test_fails_and_another_is_only_skipped(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.database\ndef test_db(): pytest.skip('no server')\n"
        "@pytest.mark.browser\n@pytest.mark.skip(reason='no browser')\ndef test_page(): pass\n"
        "def test_other(): pytest.skip('no shared data')\n"
        "@pytest.mark.full\ndef test_long(): pass\n"
    )
    arguments = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        ROOT / "pyproject.toml",
        tmp_path / "test_it.py",
        "--rootdir",
        tmp_path,
    ]

    def outcome(**environment: str) -> str:
        base = {k: v for k, v in os.environ.items() if k != "CI"} | {"PYTHONPATH": str(ROOT)}
        told = subprocess.run(
            arguments, env=base | environment, capture_output=True, text=True, check=False, cwd=tmp_path
        )
        return told.stdout.strip().splitlines()[-1]

    assert re.match(r"3 skipped, 1 deselected", outcome())
    assert re.match(r"1 failed, 1 skipped, 1 deselected, 1 error", outcome(CI="true"))
