"""Help in the reader's language: what a catalogue says of a command or an option replaces what the code says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.speech import language
from i18n import texts


def translate(commands: Mapping[str, Any], *, path: tuple[str, ...] = ()) -> None:
    """Put ``cli.help.<path>`` and ``cli.option.<name>`` where there are such texts.

    Parameters
    ----------
    commands : click commands and groups by name.
    """
    known, reader = texts(), language()
    for name, command in commands.items():
        here = (*path, name.replace("-", "_"))
        key = f"cli.help.{'.'.join(here)}"
        if known.has(key, reader):
            command.help = known.text(key, reader)
        for parameter in getattr(command, "params", []):
            own, shared = f"cli.option.{'.'.join(here)}.{parameter.name}", f"cli.option.{parameter.name}"
            for option in (own, shared):
                if known.has(option, reader) and not getattr(parameter, "help", None):
                    parameter.help = known.text(option, reader)
        translate(getattr(command, "commands", {}), path=here)
