"""docker-compose.yml against the compose specification, and against the code, image and proxy it speaks of."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cli.cluster import provision
from cli.cluster.state import APP, DATABASE, LOADER, OWNER

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "api", "worker", "ui")
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
CADDYFILE = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
ROLES = (ROOT / "deploy/db/10-roles.sh").read_text(encoding="utf-8")


def test_the_file_keeps_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose_spec" / "compose-spec.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    faults = [
        f"{'/'.join(map(str, fault.path))}: {fault.message}"
        for fault in Draft202012Validator(schema).iter_errors(COMPOSE)
    ]
    assert faults == []


def test_the_schema_sees_a_misspelt_key() -> None:
    schema = json.loads((Path(__file__).parent / "compose_spec" / "compose-spec.json").read_text(encoding="utf-8"))
    broken = COMPOSE | {"services": SERVICES | {"db": SERVICES["db"] | {"heathcheck": {}}}}
    assert list(Draft202012Validator(schema).iter_errors(broken))


def test_the_services_are_those_of_the_production_shape() -> None:
    assert set(SERVICES) == {"db", "migrate", "api", "worker", "ui", "proxy"}


def test_images_are_pinned_to_a_version() -> None:
    for name, service in SERVICES.items():
        tag = service["image"].rpartition(":")[2]
        assert re.match(r"\d+[.-]\d+", tag), f"{name} follows {service['image']}, which moves"
    assert re.search(r"^FROM \S+:3\.11-slim-bookworm$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_everything_waits_for_what_it_needs() -> None:
    waits = {
        name: {on: how["condition"] for on, how in s.get("depends_on", {}).items()} for name, s in SERVICES.items()
    }
    assert waits == {
        "db": {},
        "migrate": {"db": "service_healthy"},
        "api": {"migrate": "service_completed_successfully"},
        "worker": {"migrate": "service_completed_successfully"},
        "ui": {"api": "service_healthy"},
        "proxy": {"api": "service_healthy", "ui": "service_healthy"},
    }


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["db"]["networks"] == ["inside"]
    assert SERVICES["worker"]["networks"] == ["inside"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_one_image_without_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["image"] == SERVICES["api"]["image"]
    assert (ROOT / service["build"]["dockerfile"]).exists()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)


def python_modules(command: list[str]) -> list[str]:
    assert command[:2] == ["python", "-m"]
    found = [command[2]]
    found += [word for word in command[3:] if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*:[a-z_]+", word)]
    return found


@pytest.mark.parametrize("name", OURS)
def test_commands_name_modules_and_functions_that_exist(name: str) -> None:
    for command in (SERVICES[name]["command"], SERVICES[name].get("healthcheck", {}).get("test", ["CMD"])[1:]):
        if not command:
            continue
        for entry in python_modules(command):
            module, _, function = entry.partition(":")
            spec = importlib.util.find_spec(module)
            assert spec is not None, f"{name} starts {module}, which does not exist"
            if function:
                assert spec.origin is not None
                tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
                names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
                names |= {
                    t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
                }
                assert function in names, f"{name} starts {entry}, which does not exist"
        for word in command:
            if word.endswith(".py"):
                assert (ROOT / word).exists(), f"{name} starts {word}, which does not exist"


@pytest.mark.parametrize("name", OURS)
def test_commands_of_our_command_line_exist(name: str) -> None:
    from cli.main import build_app

    names = {command.name for command in build_app().registered_commands}
    names |= {group.name for group in build_app().registered_groups}
    for command in (SERVICES[name]["command"], SERVICES[name].get("healthcheck", {}).get("test", ["CMD"])[1:]):
        if command[2:3] == ["cli"]:
            assert command[3] in names


def port_after(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def test_ports_of_commands_health_checks_and_proxy_agree() -> None:
    api, ui = port_after(SERVICES["api"]["command"], "--port"), port_after(SERVICES["ui"]["command"], "--server.port")
    assert f"http://127.0.0.1:{api}/" in SERVICES["api"]["healthcheck"]["test"][-1]
    assert f"http://127.0.0.1:{ui}/" in SERVICES["ui"]["healthcheck"]["test"][-1]
    assert f"reverse_proxy api:{api}" in CADDYFILE
    assert f"reverse_proxy ui:{ui}" in CADDYFILE
    assert SERVICES["ui"]["environment"]["QORGAN_API_URL"] == f"http://api:{api}"
    assert SERVICES["api"]["environment"]["QORGAN_PUBLIC_PREFIX"] == "/api"
    assert "handle_path /api/*" in CADDYFILE


def test_volumes_are_declared_used_and_lie_where_the_image_expects_them() -> None:
    used = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ()) if not v.startswith(".")}
    assert used == set(COMPOSE["volumes"])
    home = re.search(r"QORGAN_HOME=(\S+)", DOCKERFILE)
    assert home is not None
    for name in ("api", "worker"):
        assert f"files:{home[1]}" in SERVICES[name]["volumes"]
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            if volume.startswith("."):
                assert (ROOT / volume.split(":")[0]).exists()


def test_each_container_gets_only_the_doors_it_needs() -> None:
    doors = {name: {k for k in s.get("environment", {}) if k.startswith("DATABASE")} for name, s in SERVICES.items()}
    assert doors["api"] == {"DATABASE_URL"}
    assert doors["worker"] == {"DATABASE_URL", "DATABASE_LOADER_URL"}
    assert doors["migrate"] == {"DATABASE_URL", "DATABASE_OWNER_URL"}
    assert doors["ui"] == doors["proxy"] == set()
    for role in (OWNER, APP, LOADER):
        assert re.search(rf"//{role}:\$\{{\w+:\?[^}}]*\}}@db:5432/{DATABASE}$", TEXT, re.MULTILINE)


def test_secrets_come_from_a_file_that_is_never_committed() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", TEXT))
    example = (ROOT / "deploy/example.env").read_text(encoding="utf-8")
    assert {line.removesuffix("=") for line in example.splitlines() if line.endswith("=")} == asked
    ignored = subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=ROOT, check=False)
    assert ignored.returncode == 0
    assert ".env" in (ROOT / ".dockerignore").read_text(encoding="utf-8").split()


def test_the_server_gets_the_same_roles_and_extensions_as_the_private_cluster() -> None:
    for role, rights in provision.RIGHTS.items():
        assert f"CREATE ROLE {role} LOGIN {rights} PASSWORD" in ROLES
    assert re.findall(r"CREATE EXTENSION IF NOT EXISTS (\w+);", ROLES) == list(provision.EXTENSIONS)
    assert subprocess.run(["bash", "-n", ROOT / "deploy/db/10-roles.sh"], check=False).returncode == 0


def test_variables_given_to_our_containers_are_settings_somebody_reads() -> None:
    from api.settings import ApiSettings
    from cli.settings import Settings
    from streamlit_app.settings import UiSettings

    known = {f"QORGAN_{name.upper()}" for kind in (Settings, ApiSettings, UiSettings) for name in kind.model_fields}
    for name in OURS:
        given = {variable for variable in SERVICES[name].get("environment", {}) if variable.startswith("QORGAN_")}
        assert given <= known, f"{name} is given {given - known}"


def test_the_image_installs_the_locked_set_and_copies_no_secret() -> None:
    assert "--require-hashes" in DOCKERFILE
    for file in re.findall(r"requirements[\w-]*\.lock", DOCKERFILE):
        assert (ROOT / file).exists()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv", ".qorgan", ".env"} <= set(ignored)
