"""The synthetic demo in an empty database: made as files, imported like anybody's files, derived like anybody's layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text

from cli.cluster.urls import DatabaseUrls
from cli.speech import say
from geo_core.errors import NotFound
from layers import registry, workspaces
from layers.engine import Engines, border, connect
from layers.identity import LOCAL_ADMINISTRATOR, Principal, add_principal, grant
from layers.spec import Role

# Name on the command line → seed. The same seed gives the same city, crime for crime.
DEMOS = {"pavlodar": 20260101}


def engines_of(urls: DatabaseUrls) -> Engines:
    """The three engines of the layers package for these doors."""
    return connect(str(urls.app), loader_url=str(urls.loader), owner_url=str(urls.owner), pool_size=4)


def is_empty(engines: Engines) -> bool:
    """Whether the database holds no workspace yet."""
    assert engines.owner is not None
    with border(), engines.owner.connect() as connection:
        return not connection.execute(text("SELECT EXISTS (SELECT 1 FROM workspace)")).scalar_one()


def _workspace(engines: Engines, saved: dict[str, Any]) -> Principal:
    """The demo's workspace and a local administrator of it; both may be there from a start that was broken off."""
    from etl.demo.workspace import specification

    assert engines.owner is not None
    with border(), engines.owner.begin() as owner:
        try:
            info = workspaces.find(owner, saved["slug"])
        except NotFound:
            info = workspaces.create(owner, specification(saved))
        principal = add_principal(owner, LOCAL_ADMINISTRATOR)
        grant(owner, principal, territory_id=info.root_territory_id, role=Role.ADMINISTRATOR)
    return principal


def load(urls: DatabaseUrls, name: str, *, folder: Path) -> dict[str, dict[str, int]]:
    """Make the demo's files in ``folder`` and bring them into the database; repeating it changes nothing.

    Returns
    -------
    By layer: rows read, loaded, rejected. The demo's files hold bad rows on purpose, as real ones do.

    Raises
    ------
    NotFound : ``unknown-demo``.
    """
    if name not in DEMOS:
        raise NotFound("unknown-demo", demo=name, known=sorted(DEMOS))
    from etl.demo import build
    from etl.deriving import run_derive
    from etl.importer import ImportRequest, run_import
    from etl.mapping import load_mapping

    manifest = build(DEMOS[name], folder)
    saved = json.loads((folder / manifest.workspace).read_text(encoding="utf-8"))
    engines = engines_of(urls)
    try:
        principal = _workspace(engines, saved)
        counts: dict[str, dict[str, int]] = {}
        for file in manifest.files:
            layer = registry.load()[file.layer]
            mapping = load_mapping(folder / file.mapping, layer=layer)
            report = run_import(
                engines,
                principal,
                ImportRequest(
                    layer=layer,
                    path=folder / file.path,
                    mapping=mapping,
                    workspace=saved["slug"],
                    is_synthetic=manifest.is_synthetic,
                ),
            )
            counts[file.layer] = {"read": report.read, "loaded": report.loaded, "rejected": report.rejected}
        run_derive(engines, principal, workspace=saved["slug"])
    finally:
        engines.dispose()
    return counts


def load_into_empty(urls: DatabaseUrls, name: str, *, home: Path) -> None:
    """Load the demo unless the database holds something else; a load that was broken off is taken up again."""
    folder = home / "demo" / name
    unfinished = folder.with_suffix(".unfinished")
    engines = engines_of(urls)
    try:
        if not unfinished.exists() and not is_empty(engines):
            say("cli.start.demo_kept")
            return
    finally:
        engines.dispose()
    folder.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    say("cli.start.demo", name=name)
    load(urls, name, folder=folder)
    unfinished.unlink()
