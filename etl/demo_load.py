"""The synthetic demo in the database: made as files, imported like anybody's files, derived like anybody's layers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from geo_core.errors import NotFound, Unavailable
from layers import registry, workspaces
from layers.engine import Engines, border
from layers.identity import LOCAL_ADMINISTRATOR, Principal, add_principal, grant
from layers.spec import Role

if TYPE_CHECKING:
    from etl.demo import DemoManifest

Progress = Callable[[float, str], None]
# Name → seed. The same seed gives the same city, crime for crime.
DEMOS: Mapping[str, int] = MappingProxyType({"pavlodar": 20260101})
# Shares of the whole, measured: making the files, importing them, deriving.
_MADE, _IMPORTED = 0.35, 0.6


def load_demo(
    engines: Engines, name: str, *, folder: Path, seed: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Make the demo's files in ``folder`` and bring them into a workspace of their own; repeating it changes nothing.

    A load that was killed is taken up where it stopped: files are made again (the same bytes), what is loaded is unchanged.

    Returns
    -------
    workspace : its slug. layers : id → read, loaded, updated, unchanged, rejected (the files hold bad rows on purpose, as
    real ones do). derived : report by layer. answers : what the city was built to contain.

    Raises
    ------
    NotFound : ``unknown-demo``.
    Unavailable : ``owner-needed`` without the owner's connection.
    """
    if name not in DEMOS:
        raise NotFound("unknown-demo", demo=name, known=sorted(DEMOS))
    if engines.owner is None:
        raise Unavailable("owner-needed")
    tell = progress or (lambda _share, _doing: None)
    tell(0.0, "job.doing.demo")
    manifest, saved = _files(name, folder=folder, seed=seed)
    principal = prepare_workspace(engines, saved)
    return _bring_in(engines, principal, manifest, saved, folder=folder, tell=tell)


def fill_demo(
    engines: Engines, principal: Principal, name: str, *, folder: Path, progress: Progress | None = None
) -> dict[str, Any]:
    """Bring the demo into its workspace, which is there already, as an editor of it. As :func:`load_demo` else.

    Raises
    ------
    NotFound : ``unknown-demo``; ``unknown-workspace``: it was not founded, or not for this principal.
    """
    tell = progress or (lambda _share, _doing: None)
    tell(0.0, "job.doing.demo")
    manifest, saved = _files(name, folder=folder, seed=None)
    return _bring_in(engines, principal, manifest, saved, folder=folder, tell=tell)


def _files(name: str, *, folder: Path, seed: int | None) -> tuple[DemoManifest, dict[str, Any]]:
    from etl.demo import build

    if name not in DEMOS:
        raise NotFound("unknown-demo", demo=name, known=sorted(DEMOS))
    folder.mkdir(parents=True, exist_ok=True)
    manifest = build(DEMOS[name] if seed is None else seed, folder)
    return manifest, json.loads((folder / manifest.workspace).read_text(encoding="utf-8"))


def _bring_in(
    engines: Engines,
    principal: Principal,
    manifest: DemoManifest,
    saved: Mapping[str, Any],
    *,
    folder: Path,
    tell: Progress,
) -> dict[str, Any]:
    from etl.deriving import run_derive
    from etl.importer import ImportRequest, run_import
    from etl.mapping import load_mapping

    layers: dict[str, dict[str, int]] = {}
    for done, file in enumerate(manifest.files):
        tell(_MADE + (_IMPORTED - _MADE) * done / len(manifest.files), "job.doing.reading")
        layer = registry.load()[file.layer]
        report = run_import(
            engines,
            principal,
            ImportRequest(
                layer=layer,
                path=folder / file.path,
                mapping=load_mapping(folder / file.mapping, layer=layer),
                workspace=saved["slug"],
                is_synthetic=True,
            ),
        )
        layers[file.layer] = {
            what: getattr(report, what) for what in ("read", "loaded", "updated", "unchanged", "rejected")
        }
    derived = run_derive(
        engines,
        principal,
        workspace=saved["slug"],
        progress=lambda share, doing: tell(_IMPORTED + (1 - _IMPORTED) * share, doing),
    )
    tell(1.0, "job.doing.demo")
    return {"workspace": saved["slug"], "layers": layers, "derived": derived, "answers": dict(manifest.answers)}


def prepare_workspace(engines: Engines, saved: Mapping[str, Any]) -> Principal:
    """The demo's workspace and a local administrator of it; both may be there from a load that was broken off.

    Raises
    ------
    Unavailable : ``owner-needed``.
    """
    from etl.demo.workspace import specification

    if engines.owner is None:
        raise Unavailable("owner-needed")
    with border(), engines.owner.begin() as owner:
        try:
            info = workspaces.find(owner, saved["slug"])
        except NotFound:
            info = workspaces.create(owner, specification(saved))
        principal = add_principal(owner, LOCAL_ADMINISTRATOR)
        grant(owner, principal, territory_id=info.root_territory_id, role=Role.ADMINISTRATOR)
    return principal
