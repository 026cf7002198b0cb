"""Questions to the API: with a time limit, row caps, and refusals as :class:`ApiProblem` in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import httpx

import i18n
from streamlit_app.gateway.answers import Job, LayerInfo, Reader, Workspace
from streamlit_app.gateway.caller import Caller
from streamlit_app.gateway.problems import ApiProblem

MOST_RECORDS = 200
"""Records shown in a card; the cap is told where it bites."""
MOST_REJECTED = 200
MOST_SEGMENTS = 3000
MOST_GAP_ROWS = 300
PAGE_ROWS = 10_000
MOST_SHAPES = 30_000

Query = Mapping[str, Any]


class Answer(Protocol):
    """What is read of a response."""

    status_code: int

    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...
    def json(self) -> Any: ...


class Transport(Protocol):
    """Sends requests: an ``httpx.Client``, or Starlette's test client over the real API in process."""

    @property
    def request(self) -> Callable[..., Any]: ...


def http_transport(base_url: str, *, timeout_s: float) -> httpx.Client:
    """Connections to the API, kept open; safe to share between threads."""
    return httpx.Client(
        base_url=base_url,
        timeout=httpx.Timeout(timeout_s, connect=3.0),
        limits=httpx.Limits(max_connections=40, max_keepalive_connections=20),
        trust_env=False,  # a proxy of the environment must never stand between the two
    )


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file a reader gave."""

    name: str
    content: Any


class Gateway:
    """The API for one reader.

    Every method raises :class:`ApiProblem` when the API refuses or does not answer.
    """

    def __init__(self, transport: Transport, caller: Caller) -> None:
        self._transport = transport
        self._caller = caller

    # ---- who and where

    def me(self) -> Reader:
        """Who asks."""
        return Reader.read(self._json("GET", "/me"))

    def create_workspace(self, wanted: Mapping[str, Any]) -> Workspace:
        """Make a workspace; the reader administers it."""
        return Workspace.read(self._json("POST", "/workspaces", {"language": self._caller.language}, json=dict(wanted)))

    def load_demo(self, name: str) -> tuple[str, int]:
        """Load a demonstration: its workspace, and the job that fills it."""
        found = self._json("POST", f"/demos/{quote(name, safe='')}")
        return str(found["workspace"]), int(found["job"])

    def workspaces(self) -> list[Workspace]:
        """Workspaces the reader may see."""
        found = self._json("GET", "/workspaces", {"language": self._caller.language})
        return [Workspace.read(one) for one in found.get("workspaces", ())]

    def layers(self, workspace: str) -> list[LayerInfo]:
        """Every layer and how it stands, in the order of the picker."""
        found = self._json("GET", self._at(workspace, "layers"), {"language": self._caller.language})
        return sorted((LayerInfo.read(one) for one in found["layers"]), key=lambda one: (one.order, one.id))

    # ---- numbers

    def profile(self, workspace: str, layer: str, query: Query) -> dict[str, Any]:
        """What happens at a place, and when."""
        return self._json("GET", self._at(workspace, "layers", layer, "profile"), query)

    def cells(self, workspace: str, layer: str, query: Query) -> dict[str, Any]:
        """Measures on cells as columns."""
        return self._json("GET", self._at(workspace, "layers", layer, "cells"), {**query, "f": "json"})

    def segments(self, workspace: str, layer: str, query: Query) -> dict[str, Any]:
        """Events per street segment, most first."""
        return self._json("GET", self._at(workspace, "layers", layer, "segments"), {**query, "limit": MOST_SEGMENTS})

    def areas(self, workspace: str, layer: str, query: Query) -> dict[str, Any]:
        """Events per area."""
        return self._json("GET", self._at(workspace, "layers", layer, "areas"), query)

    def compare(self, workspace: str, layer: str, query: Query) -> dict[str, Any]:
        """Two periods side by side; refused where they cannot be compared."""
        return self._json("GET", self._at(workspace, "layers", layer, "compare"), query)

    def gap(self, workspace: str, query: Query) -> dict[str, Any]:
        """Street segments ranked by what no camera sees."""
        return self._json("GET", self._at(workspace, "gap"), {"limit": MOST_GAP_ROWS, **query})

    def labels(self, workspace: str, bbox: str, zoom: float) -> list[dict[str, Any]]:
        """Names in a box (west, south, east, north), the most important first."""
        query = {"bbox": bbox, "zoom": round(zoom * 2) / 2, "language": self._caller.language}
        found = self._json("GET", self._at(workspace, "labels"), query)
        return [{"position": row["geometry"]["coordinates"], **row["properties"]} for row in found.get("features", ())]

    # ---- records

    def records(self, workspace: str, layer: str, query: Query, *, limit: int = MOST_RECORDS) -> dict[str, Any]:
        """Records of a place as GeoJSON; ``next`` is not None where there are more."""
        return self._json("GET", self._at(workspace, "layers", layer, "features"), {**query, "limit": limit})

    def record(self, workspace: str, layer: str, row: str) -> dict[str, Any]:
        """One record."""
        return self._json("GET", self._at(workspace, "layers", layer, "features", row))

    def shapes(self, workspace: str, layer: str) -> dict[int, dict[str, Any]]:
        """Row id → feature, of the whole layer up to ``MOST_SHAPES``."""
        found: dict[int, dict[str, Any]] = {}
        after = 0
        while len(found) < MOST_SHAPES:
            page = self._json(
                "GET", self._at(workspace, "layers", layer, "features"), {"limit": PAGE_ROWS, "after": after}
            )
            rows = page.get("features", [])
            found.update({int(row["id"]): row for row in rows})
            if not page.get("next") or not rows:
                break
            after = int(rows[-1]["id"])
        return found

    # ---- editing

    def change_record(
        self, workspace: str, layer: str, row: str, *, version: int, wanted: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Change a record that was seen in this version."""
        address = self._at(workspace, "layers", layer, "features", row)
        return self._json("PATCH", address, more_headers=_if_match(version), json=dict(wanted))

    def add_record(self, workspace: str, layer: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Add a record by hand."""
        return self._json("POST", self._at(workspace, "layers", layer, "features"), json=dict(wanted))

    def remove_record(self, workspace: str, layer: str, row: str, *, version: int, reason: str) -> None:
        """Take a record away."""
        address = self._at(workspace, "layers", layer, "features", row)
        self._json("DELETE", address, {"reason": reason}, more_headers=_if_match(version))

    def edits(self, workspace: str, layer: str, *, row: str | None = None) -> list[dict[str, Any]]:
        """Edits of a layer or of one record, newest first."""
        return list(self._json("GET", self._at(workspace, "layers", layer, "edits"), {"feature_id": row})["edits"])

    def undo_edit(self, workspace: str, layer: str, edit: int) -> None:
        """Take an edit back."""
        self._json("DELETE", self._at(workspace, "layers", layer, "edits", str(edit)))

    def table(self, workspace: str, layer: str) -> bytes:
        """Records of a layer as a workbook, to be changed there."""
        address = self._at(workspace, "layers", layer, "edits", "table")
        return self._bytes(address, {"language": self._caller.language})

    def table_difference(self, workspace: str, layer: str, file: SentFile) -> dict[str, Any]:
        """What a changed workbook would do."""
        return self._send(workspace, f"layers/{quote(layer, safe='')}/edits/difference", file, {})

    def apply_table(
        self, workspace: str, layer: str, file: SentFile, *, expect: str, reason: str, leave_out: bool
    ) -> dict[str, Any]:
        """Apply a changed workbook as it was shown."""
        form = {"expect": expect, "reason": reason, "leave_out": str(leave_out).lower()}
        return self._send(workspace, f"layers/{quote(layer, safe='')}/edits/apply", file, form)

    # ---- files in

    def preview(
        self, workspace: str, layer: str, file: SentFile, *, mapping: str | None = None, reading: str | None = None
    ) -> dict[str, Any]:
        """The proposed mapping and the first rows before and after. ``reading``: how the file is cut, for a new proposal."""
        form = {"layer": layer, "mapping": mapping or "", "reading": reading or ""}
        return self._send(workspace, "imports/preview", file, form)

    def keep_mapping(self, workspace: str, layer: str, name: str, mapping: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a mapping for the workspace; the document as it is kept."""
        address = self._at(workspace, "mappings", layer, name)
        return self._json("PUT", address, json={**mapping, "id": name})

    def kept_mappings(self, workspace: str, layer: str) -> list[dict[str, Any]]:
        """Mappings kept for a layer."""
        return list(self._json("GET", self._at(workspace, "mappings", layer)).get("mappings", ()))

    def forget_mapping(self, workspace: str, layer: str, name: str) -> None:
        """Forget a kept mapping."""
        self._json("DELETE", self._at(workspace, "mappings", layer, name))

    def start_import(
        self, workspace: str, layer: str, file: SentFile, *, mapping: str, dry_run: bool, is_synthetic: bool
    ) -> int:
        """Queue an import; the id of its job."""
        form = {
            "layer": layer,
            "mapping": mapping,
            "dry_run": str(dry_run).lower(),
            "synthetic": str(is_synthetic).lower(),
        }
        return int(self._send(workspace, "imports", file, form)["job"])

    def imports(self, workspace: str) -> list[dict[str, Any]]:
        """Imports, newest first."""
        return list(self._json("GET", self._at(workspace, "imports")).get("imports", ()))

    def rejected(
        self, workspace: str, batch: int, *, reason: str | None = None, mended: bool | None = None
    ) -> list[dict[str, Any]]:
        """Rows that were not loaded, with every reason in words."""
        address = self._at(workspace, "imports", str(batch), "rejected")
        asked = {"limit": MOST_REJECTED, "reason": reason, "mended": None if mended is None else str(mended).lower()}
        return list(self._json("GET", address, asked).get("rejected", ()))

    def rejected_file(self, workspace: str, batch: int, form: str) -> bytes:
        """Rows that wait to be mended as ``csv`` or ``xlsx``, up to 10,000."""
        address = self._at(workspace, "imports", str(batch), "rejected")
        return self._bytes(address, {"limit": PAGE_ROWS, "f": form, "mended": "false"})

    def mend(
        self, workspace: str, batch: int, row: int, changes: Mapping[str, str | None], *, reason: str, dry_run: bool
    ) -> dict[str, Any]:
        """Look at a rejected row with changes, and unless ``dry_run`` queue its loading."""
        given = {"rows": [{"row_number": row, "changes": dict(changes)}], "reason": reason, "dry_run": dry_run}
        return self._json("POST", self._at(workspace, "imports", str(batch), "rejected", "mend"), json=given)

    def mend_by_file(self, workspace: str, batch: int, file: SentFile) -> dict[str, Any]:
        """Send the changed file of rejected rows."""
        return self._send(workspace, f"imports/{batch}/rejected/file", file, {})

    def quality(self, workspace: str, batch: int, *, by_district: bool = False) -> dict[str, Any]:
        """An import beside what was there."""
        address = self._at(workspace, "imports", str(batch), "quality")
        return self._json("GET", address, {"by_district": "true" if by_district else None})

    def accept_break(self, workspace: str, layer: str, day: str, reason: str) -> None:
        """Hold a day as a break of registration."""
        self._json("POST", self._at(workspace, "layers", layer, "breaks"), json={"day": day, "reason": reason})

    def undo(self, workspace: str, batch: int) -> dict[str, Any]:
        """Take an import back."""
        return self._json("DELETE", self._at(workspace, "imports", str(batch)))

    # ---- services asked by a schedule

    def sources(self, workspace: str) -> list[dict[str, Any]]:
        """Connected services, oldest first."""
        return list(self._json("GET", self._at(workspace, "sources")).get("sources", ()))

    def add_source(self, workspace: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Connect a service."""
        return self._json("POST", self._at(workspace, "sources"), json=dict(wanted))

    def run_source(self, workspace: str, source: int) -> int:
        """Ask a connected service now; the id of the job."""
        return int(self._json("POST", self._at(workspace, "sources", str(source), "run"))["job"])

    def remove_source(self, workspace: str, source: int) -> None:
        """Ask a service no longer."""
        self._json("DELETE", self._at(workspace, "sources", str(source)))

    # ---- long work

    def start_plan(self, workspace: str, wanted: Mapping[str, Any]) -> int:
        """Queue a plan; the id of its job."""
        return int(self._json("POST", self._at(workspace, "plans"), json=dict(wanted))["job"])

    def plans(self, workspace: str) -> list[dict[str, Any]]:
        """Plans with their certificates, newest first."""
        return list(self._json("GET", self._at(workspace, "plans")).get("plans", ()))

    def plan(self, workspace: str, plan: int) -> dict[str, Any]:
        """One plan with its sites."""
        return self._json("GET", self._at(workspace, "plans", str(plan)))

    def jobs(self, workspace: str) -> list[Job]:
        """Jobs the reader may see, newest first."""
        return [Job.read(one) for one in self._json("GET", self._at(workspace, "jobs")).get("jobs", ())]

    def job(self, workspace: str, job: int) -> Job:
        """One job."""
        return Job.read(self._json("GET", self._at(workspace, "jobs", str(job))))

    def service_notes(self) -> list[str]:
        """What of the service does not work while the rest does, in the reader's words; a silent worker, for one."""
        found = self._json("GET", "/ready", {"language": self._caller.language})
        return [str(note["text"]) for note in found.get("notes", ())]

    def cancel(self, workspace: str, job: int) -> None:
        """Ask for the end of a job."""
        self._json("POST", self._at(workspace, "jobs", str(job), "cancel"))

    # ---- the wire

    @staticmethod
    def _at(workspace: str, *parts: str) -> str:
        return "/".join(["/w", quote(workspace, safe=""), *(quote(part, safe="") for part in parts)])

    def _send(self, workspace: str, what: str, file: SentFile, form: Mapping[str, str]) -> dict[str, Any]:
        content = file.content
        if hasattr(content, "seek"):
            content.seek(0)
        fields = {name: value for name, value in form.items() if value}
        return self._json("POST", f"{self._at(workspace)}/{what}", files={"file": (file.name, content)}, data=fields)

    def _json(self, method: str, path: str, query: Query | None = None, **given: Any) -> dict[str, Any]:
        answer = self._ask(method, path, query, **given)
        if answer.status_code == 204 or not answer.content:
            return {}
        return self._read(answer.json)

    def _bytes(self, path: str, query: Query) -> bytes:
        return self._ask("GET", path, query).content

    def _ask(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        more_headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> Answer:
        headers = {"accept-language": self._caller.language, **self._caller.headers, **(more_headers or {})}
        params = {name: value for name, value in (query or {}).items() if value not in ("", None)}
        try:
            answer: Answer = self._transport.request(method, path, params=params, headers=headers, **given)
        except httpx.TimeoutException as error:
            raise self._away("api-too-slow") from error
        except (httpx.HTTPError, OSError) as error:
            raise self._away("api-away") from error
        if answer.status_code >= 400:
            raise self._refused(answer)
        return answer

    def _away(self, code: str) -> ApiProblem:
        return ApiProblem(code, detail=i18n.texts().error(code, self._caller.language))

    def _refused(self, answer: Answer) -> ApiProblem:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, Mapping) or not body.get("detail"):
            code = "api-away" if answer.status_code in (502, 503, 504) else "api-answer-unreadable"
            return ApiProblem(code, detail=i18n.texts().error(code, self._caller.language), status=answer.status_code)
        return ApiProblem(
            str(body.get("code") or "internal"),
            detail=str(body["detail"]),
            status=answer.status_code,
            reference=str(body.get("instance") or ""),
        )

    def _read(self, parse: Callable[[], Any]) -> dict[str, Any]:
        try:
            found = parse()
        except ValueError as error:
            raise self._away("api-answer-unreadable") from error
        if not isinstance(found, dict):
            raise self._away("api-answer-unreadable")
        return found


def _if_match(version: int) -> dict[str, str]:
    """The header that names the version a change is based on."""
    return {"If-Match": f'W/"{int(version)}"'}
