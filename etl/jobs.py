"""The kinds of long work there are, and what runs each. The worker starts them; nothing here knows of processes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine, text

from geo_core.errors import InvalidInput, NotFound
from layers import jobs, registry, workspaces
from layers.engine import Engines
from layers.identity import Principal, transaction
from layers.queries.run import mappings
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo

Progress = Callable[[float, str], None]
DERIVE_LIMIT_S = 6 * 3600
DEMO_LIMIT_S = 1800


@dataclass(frozen=True, kw_only=True)
class Work:
    """One job as its runner sees it.

    Parameters
    ----------
    params : as they were submitted.
    uploads : the folder uploaded files wait in; a job reads no other file.
    private_services, service_pause_s : the operator's settings for services that are asked.
    """

    engines: Engines
    principal: Principal
    workspace: WorkspaceInfo
    params: Mapping[str, Any]
    uploads: Path
    progress: Progress
    private_services: bool = False
    service_pause_s: float = 1.2


Runner = Callable[[Work], dict[str, Any]]


def workspace_of(engines: Engines, principal: Principal, workspace_id: int) -> WorkspaceInfo:
    """The workspace of a job.

    Raises
    ------
    NotFound : it was removed, or the principal lost every right in it.
    """
    with transaction(engines.app, principal) as connection:
        for info in workspaces.listed(connection):
            if info.id == workspace_id:
                return info
    raise NotFound("unknown-workspace", workspace=str(workspace_id))


def uploaded(uploads: Path, path: str) -> Path:
    """The uploaded file a job names.

    Raises
    ------
    InvalidInput : ``not-an-upload``: the path leads out of the folder of uploads.
    """
    found = Path(path).resolve()
    if not found.is_relative_to(uploads.resolve()) or found == uploads.resolve():
        raise InvalidInput("not-an-upload", name=found.name)
    return found


def dependents(layer: Layer) -> tuple[str, ...]:
    """Derived layers that a change of ``layer`` makes stale, directly or through another derived one."""
    stale = {layer.id}
    for derived in registry.load().derived_in_order():
        if derived.derivation and stale & set(derived.derivation.depends_on):
            stale.add(derived.id)
    return tuple(one.id for one in registry.load().derived_in_order() if one.id in stale - {layer.id})


def queue_derivations(engine: Engine, principal: Principal, workspace: WorkspaceInfo, layer: Layer) -> int | None:
    """Queue what ``layer`` makes stale as one job, unless the same is waiting already; the job's id."""
    if not dependents(layer):
        return None
    with transaction(engine, principal) as connection:
        waiting = mappings(
            connection,
            "SELECT id FROM job WHERE workspace_id = %(ws)s AND kind = 'derive' AND state = 'queued' "
            "AND params ->> 'layer' = 'all' AND NOT cancel_requested LIMIT 1",
            {"ws": workspace.id},
        )
    if waiting:
        return int(waiting[0]["id"])
    # All of them: a derivation whose inputs did not change does nothing.
    wanted = jobs.Request(kind="derive", params={"layer": "all"}, time_limit_s=DERIVE_LIMIT_S)
    return jobs.submit(engine, principal, workspace, wanted)


def _import(work: Work) -> dict[str, Any]:
    from etl.importer import ImportRequest, run_import
    from etl.mapping import mapping_from_json

    layer = registry.load()[str(work.params["layer"])]
    report = run_import(
        work.engines,
        work.principal,
        ImportRequest(
            layer=layer,
            path=uploaded(work.uploads, str(work.params["path"])),
            mapping=mapping_from_json(work.params["mapping"], layer=layer),
            workspace=work.workspace.slug,
            source_name=str(work.params.get("source_name") or ""),
            is_synthetic=bool(work.params.get("is_synthetic", False)),
            dry_run=bool(work.params.get("dry_run", False)),
        ),
        progress=work.progress,
    ).as_dict()
    if not report["dry_run"] and report["loaded"] + report["updated"] + report["removed"]:
        report["derive_job"] = queue_derivations(work.engines.app, work.principal, work.workspace, layer)
    return report


def _refresh(work: Work) -> dict[str, Any]:
    from etl.sources.addresses import Guard
    from etl.sources.refreshing import run_refresh
    from etl.sources.service import Asking
    from etl.sources.transport import Politeness

    found = run_refresh(
        work.engines,
        work.principal,
        work.workspace,
        int(work.params["connection"]),
        Asking(
            spool=work.uploads / "services",
            guard=Guard(allow_private=work.private_services),
            politeness=Politeness(pause_s=work.service_pause_s),
        ),
        full=bool(work.params.get("full", False)),
        progress=work.progress,
    )
    if found["loaded"] + found["updated"] + found["removed"]:
        layer = registry.load()[str(work.params["layer"])]
        found["derive_job"] = queue_derivations(work.engines.app, work.principal, work.workspace, layer)
    return found


def _derive(work: Work) -> dict[str, Any]:
    from etl.deriving import run_derive

    return run_derive(
        work.engines,
        work.principal,
        workspace=work.workspace.slug,
        layer_id=str(work.params.get("layer", "all")),
        afresh=bool(work.params.get("afresh", False)),
        progress=work.progress,
    )


def _plan(work: Work) -> dict[str, Any]:
    from etl.planning import PlanRequest, run_plan

    wanted = PlanRequest.from_dict(dict(work.params))
    made = run_plan(work.engines, work.principal, workspace=work.workspace.slug, wanted=wanted, progress=work.progress)
    # The sites are kept with the plan; the job tells where it is.
    return {"plan": made["id"], "certificate": made["certificate"]}


def _demo(work: Work) -> dict[str, Any]:
    from etl.demo_load import fill_demo

    with tempfile.TemporaryDirectory(prefix="qorgan-demo-") as folder:
        found = fill_demo(
            work.engines, work.principal, str(work.params["name"]), folder=Path(folder), progress=work.progress
        )
    return {"workspace": found["workspace"], "layers": found["layers"]}


def _mend(work: Work) -> dict[str, Any]:
    from etl.mending import mend

    changes = {int(number): dict(change) for number, change in dict(work.params["changes"]).items()}
    found = mend(
        work.engines,
        work.principal,
        workspace=work.workspace.slug,
        batch_id=int(work.params["batch"]),
        changes=changes,
        reason=str(work.params.get("reason") or ""),
    )
    done = found.as_dict()
    if found.report is not None and found.report.loaded + found.report.updated:
        layer = registry.load()[found.report.layer]
        done["derive_job"] = queue_derivations(work.engines.app, work.principal, work.workspace, layer)
    return done


_REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "import": ("layer", "path", "mapping"),
        "derive": (),
        "plan": ("cameras",),
        "demo": ("name",),
        "refresh": ("connection", "layer"),
        "mend": ("batch", "changes"),
    }
)
KINDS: Mapping[str, Runner] = MappingProxyType(
    {"import": _import, "derive": _derive, "plan": _plan, "demo": _demo, "refresh": _refresh, "mend": _mend}
)


def run(kind: str, work: Work) -> dict[str, Any]:
    """Do the work; its result as JSON values.

    Raises
    ------
    InvalidInput : ``unknown-job-kind``, or a parameter is missing; QorganError of the work itself.
    """
    if kind not in KINDS:
        raise InvalidInput("unknown-job-kind", kind=kind, known=sorted(KINDS))
    for name in _REQUIRED[kind]:
        if name not in work.params:
            raise InvalidInput("bad-parameter", name=name, value="", expected="JSON")
    return KINDS[kind](work)


def is_awaited(engines: Engines, job_id: int) -> bool:
    """Whether the queue itself still knows of a job: waiting, or held by a worker that reported within the last minute."""
    with engines.app.connect() as connection:
        return bool(
            connection.execute(
                text(
                    "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id "
                    "WHERE j.task_name = :task AND (j.args ->> 'job_id')::bigint = :id AND (j.status = 'todo' "
                    "OR (j.status = 'doing' AND w.last_heartbeat > now() - interval '1 minute')))"
                ),
                {"task": jobs.TASK, "id": job_id},
            ).scalar_one()
        )
