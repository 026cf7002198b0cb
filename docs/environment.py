"""Writes the tables of environment variables in docs/operations.md from the settings' own descriptions.

Run ``python -m docs.environment`` after a change of a setting; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices
from pydantic_settings import BaseSettings

PAGE = Path(__file__).parent / "operations.md"
ROOT = Path(__file__).resolve().parent.parent
MARKERS = ("<!-- settings: made by docs/environment.py -->", "<!-- end of settings -->")


def rows(settings: type[BaseSettings]) -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of each setting, in the order of declaration."""
    found = []
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        variable = str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"QORGAN_{name.upper()}"
        default = "" if field.is_required() or field.default is None else str(field.default)
        found.append((variable, default.replace(f"{ROOT}/", "./"), field.description or ""))
    return found


def table(settings: type[BaseSettings]) -> str:
    """One settings class as a Markdown table."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    lines += [
        f"| `{variable}` | {f'`{default}`' if default else ''} | {meaning} |"
        for variable, default, meaning in rows(settings)
    ]
    return "\n".join(lines)


def tables() -> str:
    """The tables as they stand between the markers."""
    from api.settings import ApiSettings
    from cli.settings import Settings
    from streamlit_app.settings import UiSettings

    parts = {"Command line, supervisor and worker": Settings, "API": ApiSettings, "Interface": UiSettings}
    return "\n\n".join(f"{title}:\n\n{table(settings)}" for title, settings in parts.items()) + "\n"


def main() -> None:
    """Replace what stands between the markers."""
    head, rest = PAGE.read_text(encoding="utf-8").split(MARKERS[0], 1)
    tail = rest.split(MARKERS[1], 1)[1]
    PAGE.write_text(f"{head}{MARKERS[0]}\n\n{tables()}\n{MARKERS[1]}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
