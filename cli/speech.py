"""What the command line says, in the reader's language."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from geo_core.errors import QorganError
from i18n import LANGUAGES, texts

FALLBACK = "en"  # a terminal that names no language is most often a server's

# Said by the script ./run, which reads the catalogue itself before there is a Python; a test compares it with the script.
RUN_SCRIPT_KEYS = (
    "run.apt_failed",
    "run.compile_failed",
    "run.compiling",
    "run.disk_full",
    "run.installing_python",
    "run.installing_system",
    "run.no_apt",
    "run.no_sudo",
    "run.not_writable",
    "run.offline",
    "run.pip_failed",
    "run.prepared",
    "run.python_unsupported",
    "run.test_failed",
    "run.test_passed",
    "run.usage",
)


def language(environment: Mapping[str, str] | None = None) -> str:
    """QORGAN_LANGUAGE, else the terminal's own language where it is one of ours, else English."""
    environment = os.environ if environment is None else environment
    for variable in ("QORGAN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable, "")
        if value:
            code = value.split("_")[0].split(".")[0].split("-")[0].lower()
            return code if code in LANGUAGES else FALLBACK
    return FALLBACK


def say(key: str, /, **params: Any) -> None:
    """Print the text of a key to the terminal; standard error, so that standard output stays for results."""
    sys.stderr.write(texts().text(key, language(), **params) + "\n")
    sys.stderr.flush()


def tell_error(error: QorganError) -> None:
    """Print an error's sentence."""
    sys.stderr.write(texts().error(error.code, language(), error.params) + "\n")


def print_line(text: str) -> None:
    """One line of a result on standard output."""
    sys.stdout.write(text + "\n")


def print_json(value: Mapping[str, Any]) -> None:
    """The one JSON line that ends the standard output of a command called with ``--json``."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def error_json(error: QorganError) -> dict[str, Any]:
    """An error as the JSON line tells it."""
    return {
        "error": {
            "code": error.code,
            "message": texts().error(error.code, language(), error.params),
            "params": error.params,
        }
    }
