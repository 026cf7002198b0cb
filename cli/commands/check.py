"""``check``: everything that can be validated without starting anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from cli.speech import print_json, print_line


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def _configuration() -> list[str]:
    """Settings and URLs: each fault as a line that never holds a value."""
    from cli.database import configured_urls
    from cli.settings import load_settings
    from geo_core.errors import QorganError

    try:
        configured_urls(load_settings())
    except QorganError as fault:
        return [str(fault)]
    return []


def _registry() -> list[str]:
    from layers import registry

    try:
        registry.load()
    except (ValueError, ImportError, AttributeError) as fault:
        return [str(fault)]
    return []


def _catalogues() -> list[str]:
    from i18n import CatalogueError, texts

    try:
        complete = texts(strict=True)
    except CatalogueError as fault:
        return [str(fault)]
    everything = complete.keys()
    return [
        f"{language}: no text {key}"
        for language in complete.languages
        for key in sorted(everything - complete.keys(language))
    ]


def _migrations() -> list[str]:
    from layers import migrate

    return [] if migrate.head() is not None else ["no migration"]


CHECKS: dict[str, Callable[[], list[str]]] = {
    "configuration": _configuration,
    "registry": _registry,
    "catalogues": _catalogues,
    "migrations": _migrations,
}


def check(json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Validate configuration, layer registry, texts and migrations; all faults at once."""
    found = {name: checking() for name, checking in CHECKS.items()}
    if json:
        print_json({"ok": not any(found.values()), "faults": found})
    else:
        for name, faults in found.items():
            print_line(f"{name}: {'ok' if not faults else len(faults)}")
            for fault in faults:
                print_line(f"  {fault}")
    raise typer.Exit(1 if any(found.values()) else 0)
