"""Assembly of the command line: every module of ``cli/commands`` registers its own group."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from cli import commands
from cli.helping import translate
from cli.masking import install_masking
from cli.speech import error_json, print_json, tell_error
from geo_core.errors import (
    Conflict,
    Forbidden,
    Infeasible,
    InvalidInput,
    LimitExceeded,
    NotFound,
    QorganError,
    Unavailable,
)

# Stable, so that a script can tell what happened; 1 is our own fault, 2 a mistyped command (set by typer).
EXIT_CODES: tuple[tuple[type[QorganError], int], ...] = (
    (InvalidInput, 3),
    (NotFound, 4),
    (Forbidden, 5),
    (Conflict, 6),
    (LimitExceeded, 7),
    (Infeasible, 8),
    (Unavailable, 9),
)
INTERRUPTED = 130


def exit_code(error: QorganError) -> int:
    """The exit code of an error, by its branch."""
    return next((code for branch, code in EXIT_CODES if isinstance(error, branch)), 1)


class QorganGroup(TyperGroup):
    """Turns our errors into a sentence, and with ``--json`` into the last line of standard output."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        translate(self.commands)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except QorganError as error:
            if "--json" in sys.argv[1:]:
                print_json(error_json(error))
            tell_error(error)
            raise typer.Exit(exit_code(error)) from error


def build_app() -> typer.Typer:
    """The whole command line, with every group found in ``cli/commands``."""
    app = typer.Typer(
        name="qorgan",
        cls=QorganGroup,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # it prints local variables, and those may hold secrets
        help="Qorgan: layers of crime, cameras, light and accidents; coverage gaps and plans.",
    )
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(app)
    return app


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    install_masking()
    try:
        build_app()(args=argv, prog_name="qorgan")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
