"""A layer of a service into a layer of a workspace: asked, kept, made a file of, imported as one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl.importer import ImportReport, ImportRequest, run_import
from etl.mapping import ProposedMapping, propose
from etl.records import Tally
from etl.sources.addresses import Guard, parse
from etl.sources.arcgis_layer import ServiceLayer, layer_url, read_layer
from etl.sources.arcgis_paging import Fetch, FetchLimits
from etl.sources.spool import Spool, key_of
from etl.sources.tabling import Table, write_table
from etl.sources.transport import Politeness, Transport
from etl.sources.wanted import IDENTIFIERS, choose, refresh_field
from geo_core.errors import InvalidInput
from layers.engine import Engines
from layers.identity import Principal, require, transaction
from layers.spec import Layer, Role, SourceMapping
from layers.workspaces import find

Progress = Callable[[float, str], None]
EVERYTHING = "1=1"
LONGEST_WHERE = 2000
# A fetch that was killed goes on within a day; one that came to its end is used again only as long as it may pass for the present.
RESUME_WITHIN_S = 86_400.0
FRESH_FOR_S = 3_600.0
_FETCHING = 0.6  # share of the progress that is asking the service


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How services are asked here.

    Parameters
    ----------
    spool : folder for what comes; survives the process.
    page_size : records per answer, at most what the service gives; 0 = what the service gives.
    """

    spool: Path
    guard: Guard = field(default_factory=Guard)
    politeness: Politeness = field(default_factory=Politeness)
    limits: FetchLimits = field(default_factory=FetchLimits)
    page_size: int = 0


@dataclass(frozen=True, kw_only=True)
class ServiceRequest:
    """What to import from where.

    Parameters
    ----------
    url : of the layer (``…/FeatureServer/1``); ``/query`` and what follows is cut off.
    where : a condition in the service's SQL; "" = everything.
    since : only what is newer than this; see :class:`Since`.
    """

    layer: Layer
    url: str
    mapping: SourceMapping
    workspace: str
    where: str = ""
    since: Since | None = None
    source_name: str = ""
    is_synthetic: bool = False
    dry_run: bool = False
    now: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Since:
    """How far the last refresh came.

    Parameters
    ----------
    newest_ms : greatest date of entry met, in the service's milliseconds; None = unknown.
    newest_id : greatest object id met.
    overlap_days : what was entered so long before is read again: records come late and are corrected.
    """

    newest_ms: int | None
    newest_id: int | None
    overlap_days: float = 2.0


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a service gave.

    Parameters
    ----------
    report : of the import; None where there was nothing new.
    table : what came; its newest values are where the next refresh begins.
    origin : how it was got (address, name of the layer, numbers of questions, faults and records).
    """

    report: ImportReport | None
    table: Table
    origin: dict[str, Any]
    noted: Tally


def where_of(mapping: SourceMapping, service: ServiceLayer, *, where: str, since: Since | None) -> str:
    """The condition to ask with: the reader's own, and what may be new since the last time.

    New is what was entered after the newest entry less the overlap, what has a greater object id (entries may be dated back), and every
    record that is struck off: that happens to old ones.

    Raises
    ------
    InvalidInput : ``service-where-invalid``: too long, or a letter no condition has.
    """
    own = check_where(where) or EVERYTHING
    if since is None:
        return own
    parts = []
    by = refresh_field(mapping, service)
    if by is not None and since.newest_ms is not None:
        begin = datetime.fromtimestamp(since.newest_ms / 1000 - since.overlap_days * 86_400, UTC)
        parts.append(f"{by.name} >= TIMESTAMP '{begin:%Y-%m-%d %H:%M:%S}'")
    if since.newest_id is not None:
        parts.append(f"{service.object_id} > {since.newest_id}")
    if not parts or (by is not None and since.newest_ms is None):
        return own
    for column, values in mapping.struck_off.items():
        found = service.field(column)
        if found is not None:
            parts += [f"{found.name} = {_literal(value, found.type)}" for value in values]
    news = " OR ".join(parts)
    return f"({news})" if own == EVERYTHING else f"({own}) AND ({news})"


def check_where(where: str) -> str:
    """A reader's own condition, in one line.

    Raises
    ------
    InvalidInput : ``service-where-invalid``.
    """
    own = where.strip()
    if len(own) > LONGEST_WHERE or not own.isprintable() or ";" in own:
        raise InvalidInput("service-where-invalid", longest=LONGEST_WHERE)
    return own


def _literal(value: str, kind: str) -> str:
    if kind != "esriFieldTypeString" and value.lstrip("-").isdigit():
        return value
    return "'" + value.replace("'", "''") + "'"


def import_service(
    engines: Engines,
    principal: Principal,
    wanted: ServiceRequest,
    asking: Asking,
    *,
    progress: Progress | None = None,
) -> Imported:
    """Ask a service and import what it gives as one batch: all of it, or nothing.

    Killed while it asks, the same call goes on where it was, within a day. Two at once for the same question are refused.

    Raises
    ------
    Forbidden : not an editor; ``service-address-private``, ``service-needs-token``. Conflict : ``service-busy``. Unavailable :
        ``service-failed``, ``service-incomplete``, ``service-host-unknown``. InvalidInput, DataQuality, LimitExceeded : what the address, the
        mapping, the service's answers or its records lack; and as :func:`etl.importer.run_import`.
    """
    tell = progress or (lambda _share, _doing: None)
    now = wanted.now or datetime.now(UTC)
    with transaction(engines.app, principal) as connection:
        workspace = find(connection, wanted.workspace)
        require(connection, workspace.id, Role.EDITOR)
    tell(0.0, "job.doing.asking")
    noted = Tally()
    with Transport(asking.guard, asking.politeness) as transport:
        service = read_layer(transport, wanted.url)
        chosen = choose(wanted.layer, wanted.mapping, service)
        where = where_of(wanted.mapping, service, where=wanted.where, since=wanted.since)
        question = {"url": service.url, "where": where, "fields": list(chosen.fields)}
        name = key_of(service.url, where, *chosen.fields, workspace.slug, wanted.layer.id)
        with Spool(asking.spool / name, question, datetime.now(UTC), RESUME_WITHIN_S) as spool:
            _throw_away_stale(spool)
            resumed = spool.resumed
            fetch = Fetch(
                transport=transport,
                layer=service,
                spool=spool,
                where=where,
                fields=chosen.fields,
                size=min(asking.page_size or service.page_size, service.page_size),
                limits=asking.limits,
                progress=lambda share: tell(_FETCHING * share, "job.doing.asking"),
                noted=noted,
            )
            fetch.run()
            spool.state.setdefault("finished", datetime.now(UTC).isoformat())
            spool.save()
            table = write_table(
                spool,
                spool.folder / "records.parquet",
                layer=wanted.layer,
                service=service,
                wanted=chosen,
                zone=workspace.zone,
                noted=noted,
            )
            origin = {
                "url": service.url,
                "layer_name": service.name,
                "where": where,
                "records": table.rows,
                "counted": spool.state.get("counted"),
                "method": spool.state["method"],
                "pages": spool.state["pages"],
                "requests": transport.requests,
                "faults": dict(sorted(transport.faults.items())),
                "resumed": resumed,
                "retrieved_at": spool.state["finished"],
            }
            report = None
            if table.rows:
                report = run_import(
                    engines,
                    principal,
                    ImportRequest(
                        layer=wanted.layer,
                        path=table.path,
                        mapping=chosen.mapping,
                        workspace=wanted.workspace,
                        source_name=wanted.source_name or f"{service.name} ({service.url})",
                        is_synthetic=wanted.is_synthetic,
                        dry_run=wanted.dry_run,
                        now=now,
                        origin=origin,
                        noted=noted,
                    ),
                    progress=lambda share, doing: tell(_FETCHING + (1 - _FETCHING) * share, doing),
                )
            if not wanted.dry_run:
                spool.remove()
    return Imported(report=report, table=table, origin=origin, noted=noted)


def _throw_away_stale(spool: Spool) -> None:
    """What came to its end a while ago no longer is what the service says."""
    finished = spool.state.get("finished")
    if finished and (spool.now - datetime.fromisoformat(finished)).total_seconds() > FRESH_FOR_S:
        spool.restart()


def mapping_of_service(layer: Layer, url: str, asking: Asking) -> tuple[SourceMapping, ProposedMapping]:
    """The mapping for a service nobody named one for: a known source by its attributes, else a guess from their names.

    Attributes that point at a person are not looked at; no record is asked for.

    Raises
    ------
    InvalidInput : ``mapping-incomplete``, and as :func:`etl.sources.arcgis_layer.read_layer`.
    """
    with Transport(asking.guard, asking.politeness) as transport:
        service = read_layer(transport, url)
    header = [name for name in service.header if name.casefold() not in IDENTIFIERS]
    lower = {name.casefold() for name in header}
    for source in layer.sources:
        # legacy services write the same names in capitals
        if source.signature and {name.casefold() for name in source.signature} <= lower:
            known: Mapping[str, str] = dict.fromkeys(source.columns, "by-signature")
            proposal = ProposedMapping(
                mapping=source,
                confidence=dict.fromkeys(source.columns, 1.0),
                reasons=known,
                unmapped=(),
                unfilled=(),
            )
            return source, proposal
    empty = {name: pa.nulls(0, pa.string()) for name in header}
    proposal = propose(layer, header, empty, has_geometry=service.geometry is not None)
    missing = list(proposal.unfilled)
    if missing:
        raise InvalidInput("mapping-incomplete", layer=layer.id, fields=missing, columns=header[:50])
    found = replace(proposal.mapping, source_id=proposal.mapping.source_id or service.object_id)
    return found, proposal


def check_address(url: str, guard: Guard) -> str:
    """The address of a layer, checked before anything is queued; nothing is asked.

    Raises
    ------
    InvalidInput, Forbidden, Unavailable : as :mod:`etl.sources.addresses` and :func:`layer_url`.
    """
    found = layer_url(url)
    guard.resolve(parse(found))
    return found


def newest(table: Table, before: Since | None) -> tuple[int | None, int | None]:
    """How far this refresh came, never back and never beyond now."""
    first = [value for value in (table.newest_ms, before.newest_ms if before else None) if value is not None]
    second = [value for value in (table.newest_id, before.newest_id if before else None) if value is not None]
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    return min(max(first), now_ms) if first else None, max(second, default=None)
