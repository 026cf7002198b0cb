"""The demo at a start: into an empty database only, and taken up again when it was broken off."""

from __future__ import annotations

from pathlib import Path

from cli.cluster.urls import DatabaseUrls
from cli.output import ProgressLine
from cli.speech import say


def load_into_empty(urls: DatabaseUrls, name: str, *, home: Path) -> None:
    """Load the demo unless the database holds something else.

    A note in ``home`` stands from the first step to the last one, so that a start after a kill completes the load.

    Raises
    ------
    NotFound : ``unknown-demo``.
    """
    from sqlalchemy import text

    from etl.demo_load import load_demo
    from layers.engine import border, connect

    folder = home / "demo" / name
    unfinished = folder.with_suffix(".unfinished")
    engines = connect(str(urls.app), loader_url=str(urls.loader), owner_url=str(urls.owner), pool_size=4)
    try:
        owner = engines.owner
        if owner is None:
            return
        with border(), owner.connect() as connection:  # the application without an identity sees no workspace
            held = connection.execute(text("SELECT EXISTS (SELECT 1 FROM workspace)")).scalar_one()
        if held and not unfinished.exists():
            say("cli.start.demo_kept")
            return
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
        say("cli.start.demo", name=name)
        line = ProgressLine()
        load_demo(engines, name, folder=folder, progress=line)
        line.clear()
        unfinished.unlink()
    finally:
        engines.dispose()
