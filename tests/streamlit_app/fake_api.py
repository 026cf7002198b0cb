"""An API of our own making for the pages: a small town with every kind of answer, and refusals on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

HOURS = [[(day * hour) % 7 for hour in range(24)] for day in range(7)]
STREETS = {
    6999686716846249484: ("улица Гаражная", "Гараж көшесі", [[76.95, 52.28], [76.955, 52.281]]),
    12: ("улица Естая", "Естай көшесі", [[76.96, 52.28], [76.965, 52.282]]),
}
CELL = "8921590256bffff"


def layer(name: str, kind: str = "event", **more: Any) -> dict[str, Any]:
    """A layer as the API describes it."""
    timed = kind == "event"
    status = {
        "rows": 100,
        "without_position": 4,
        "completeness": {"category": 1.0, "severity": 0.4},
        "revision": 3,
        "batches": 1,
        "is_synthetic": True,
        "licences": ["CC0"],
        "attributions": ["Town register"],
        "last_loaded": "2025-02-01T10:00:00+05:00",
        "day_from": "2022-01-01" if timed else None,
        "day_to": "2025-12-31" if timed else None,
        "derived": None,
    }
    return {
        "id": name,
        "kind": kind,
        "geometry": "Point",
        "title": f"Слой {name}",
        "description": f"Что такое {name}",
        "records_role": "analyst",
        "category_field": "category",
        "categories": [{"code": "theft", "title": "Кража"}, {"code": "robbery", "title": "Грабёж"}],
        "fields": [
            {
                "name": "category",
                "title": "Категория",
                "type": "code",
                "required": True,
                "codes": [{"code": "theft", "title": "Кража"}],
            },
            {"name": "severity", "title": "Тяжесть", "type": "text", "required": False, "codes": []},
        ],
        "measures": [{"name": "count", "title": "Число", "unit": "1", "aggregation": "sum"}],
        "legend": {"breaks": [], "palette": [[254, 224, 210], [252, 146, 114], [203, 24, 29]], "rgb": [203, 24, 29]},
        "tiles": {"min_zoom": 12, "fields": ["category"]},
        "has_time": timed,
        "warnings": [{"key": "w", "text": "Зарегистрировано, а не совершено"}],
        "order": 10,
        "status": status,
        **more,
    }


def empty(described: dict[str, Any]) -> dict[str, Any]:
    """The same layer without a row."""
    gone = {"rows": 0, "revision": 0, "day_from": None, "day_to": None, "last_loaded": None, "completeness": {}}
    return {**described, "status": {**described["status"], **gone, "is_synthetic": False}}


def full_town() -> list[dict[str, Any]]:
    """Every kind of layer the pages treat apart."""
    coverage = layer(
        "camera_coverage",
        "derived",
        geometry="MultiPolygon",
        categories=[{"code": "counted", "title": "Учтено"}, {"code": "potential", "title": "Возможно"}],
        category_field="state",
        measures=[{"name": "covered_share", "title": "Доля", "unit": "1", "aggregation": "share"}],
        order=35,
    )
    streets = layer("street_segments", "derived", geometry="LineString", measures=[], order=75)
    return [
        layer("crimes"),
        layer("cameras", "device", order=30, can_add=True),
        coverage,
        layer("areas", "area", geometry="MultiPolygon", measures=[], order=60),
        streets,
    ]


def gap_rows() -> list[dict[str, Any]]:
    return [
        {
            "id": row,
            "name": names[0],
            "name_kk": names[1],
            "name_ru": names[0],
            "length_m": 320.0,
            "lon": names[2][0][0],
            "lat": names[2][0][1],
            "covered_share": 0.0,
            "rank": rank,
            "night_events": 20,
            "unseen_night_events": 18,
            "shrunk_rate_per_km": 40.0 / rank,
            "low_per_km": 20.0,
            "high_per_km": 60.0,
            "class": "above" if rank == 1 else "not-enough-data",
        }
        for rank, (row, names) in enumerate(STREETS.items(), start=1)
    ]


PREVIEW = {
    "format": "csv",
    "columns": ["дата", "вид", "x", "y"],
    "before": [{"дата": "2025-03-01", "вид": "theft", "x": "76.9", "y": "52.2"}],
    "mapping": {
        "id": "proposed-crimes",
        "columns": {"category": "вид"},
        "lon": "x",
        "lat": "y",
        "time": {"date": "дата", "epoch_clock": "local"},
        "codes": {"category": {"кража": "theft"}},
    },
    "confidence": {"@lon": 0.95, "@lat": 0.95, "category": 0.5},
    "reasons": {"category": "by-values"},
    "doubts": [
        {
            "target": "category",
            "code": "codes-unseen",
            "params": {},
            "text": "Не все значения известны.",
            "blocks": False,
        }
    ],
    "unmapped": [],
    "unfilled": [],
    "has_geometry": False,
    "references": [
        {
            "crs": "EPSG:4326",
            "name": "WGS 84",
            "turned": False,
            "inside_share": 0.98,
            "near_share": 1.0,
            "alike": [],
            "points": [[76.9, 52.2]],
        }
    ],
    "several_references": False,
    "units": {},
    "problem": None,
    "tried": {"read": 2, "accepted": 1, "rejected": 1},
    "rejected_by_reason": [{"code": "unreadable-time", "count": 1, "text": "время не прочитано"}],
    "notes": [{"code": "no-position", "count": 1, "text": "нет места"}],
    "unseen": [{"field": "category", "value": "щ", "count": 1}],
    "after": [{"row": 1, "values": {"category": "theft", "lon": 76.9, "lat": 52.2, "hour": None}}],
    "rejected": [
        {
            "row": 2,
            "raw": {"дата": "?"},
            "reasons": [{"code": "unreadable-time", "params": {}, "text": "время не прочитано"}],
        }
    ],
}
REPORT = {
    "layer": "crimes",
    "dry_run": False,
    "read": 10,
    "loaded": 7,
    "updated": 1,
    "unchanged": 0,
    "rejected": 2,
    "rejected_by_reason": {"unreadable-time": 2, "unseen-code": 1},
    "rejected_samples": [{"row": 3, "raw": {}, "reasons": [["unseen-code", {"field": "category", "value": "щ"}]]}],
    "warnings": {"no-position": 1},
    "warning_samples": {},
}
CERTIFICATE = {
    "objective": 30.0,
    "bound": 31.0,
    "gap": 0.032,
    "status": "feasible",
    "solver": "HiGHS",
    "seed": 0,
    "seconds": 2.5,
    "cameras": 2,
    "demand": {"unit": "night events", "seen_before": 10, "total": 100, "share_before": 0.1, "share_after": 0.4},
    "candidates": {"kind": "junctions", "offered": 50, "considered": 50, "poses": 400},
    "snapshot_id": "abc123",
}
SITES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [76.95, 52.28]},
            "properties": {"number": 1, "azimuth_deg": 90.0, "hfov_deg": 90.0, "sees_alone": 12.0, "area": None},
        }
    ],
}


@dataclass
class FakeApi:
    """Answers like the API, without it.

    Parameters
    ----------
    layers : what the workspace holds.
    refusals : path ending → (status, problem); asked before anything else. refused_posts : the same by whole path, of what is sent.
    is_away : nobody answers.
    """

    layers: list[dict[str, Any]] = field(default_factory=full_town)
    refusals: dict[str, tuple[int, dict[str, Any] | None]] = field(default_factory=dict)
    is_away: bool = False
    role: str = "administrator"
    may_create: bool = True
    totals_more: dict[str, Any] = field(default_factory=dict)
    gap_more: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, str]] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    difference: dict[str, Any] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    refused_posts: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    preview: dict[str, Any] = field(default_factory=lambda: PREVIEW)

    def request(self, method: str, url: str, **given: Any) -> httpx.Response:
        self.asked.append((method, url, dict(given.get("params") or {})))
        self.headers.append(dict(given.get("headers") or {}))
        if method != "GET":
            self.sent.append((method, url, given.get("json") or given.get("data")))
        if self.is_away:
            raise httpx.ConnectError("nobody there")
        for ending, (status, problem) in self.refusals.items():
            if url.endswith(ending):
                return httpx.Response(status, content=b"<html>" if problem is None else json.dumps(problem).encode())
        if method == "POST" and url in self.refused_posts:
            status, problem = self.refused_posts[url]
            return httpx.Response(status, json=problem)
        for path, answer in self._routes().items():
            if (method, url) == path or (method, url.removeprefix("/w/town")) == path:
                return httpx.Response(200, json=answer(given))
        return httpx.Response(404, json={"detail": f"нет такого: {url}", "code": "not-found", "instance": "r-1"})

    def paths(self) -> list[str]:
        """What was asked, in order."""
        return [url for _, url, _ in self.asked]

    def _routes(self) -> dict[tuple[str, str], Callable[[dict[str, Any]], Any]]:
        town = {
            "slug": "town",
            "title": "Город",
            "zone": "Asia/Almaty",
            "is_synthetic": True,
            "bounds": [76.9, 52.2, 77.1, 52.4],
            "role": self.role,
        }
        shapes = {
            "street_segments": [
                {
                    "type": "Feature",
                    "id": row,
                    "geometry": {"type": "LineString", "coordinates": line},
                    "properties": {"name": ru, "name_kk": kk, "name_ru": ru},
                }
                for row, (ru, kk, line) in STREETS.items()
            ],
            "areas": [
                {
                    "type": "Feature",
                    "id": 1,
                    "geometry": {
                        "type": "Polygon",
                        "coordinates": [[[76.9, 52.2], [77.1, 52.2], [77.1, 52.4], [76.9, 52.2]]],
                    },
                    "properties": {"kind": "district", "name": "район", "name_kk": "аудан"},
                }
            ],
        }
        record = {
            "type": "Feature",
            "id": 5,
            "geometry": None,
            "properties": {
                "id": 5,
                "category": "theft",
                "severity": None,
                "hour": None,
                "day_from": "2024-05-01",
                "day_to": "2024-05-31",
                "time_precision": "month",
                "source_id": "A-5",
                "version": 3,
            },
        }
        profile = {
            "count": 100,
            "unknown_count": 3,
            "hours": HOURS,
            "hour_unknown": 12,
            "hours_spread": HOURS,
            "spread_count": 0,
            "months": [{"month": f"2024-{month:02d}", "count": month} for month in range(1, 13)],
            "month_unknown": 1,
            "categories": [{"category": "theft", "count": 70}, {"category": "robbery", "count": 30}],
            "dark": {"dark": 40, "light": 50, "unknown": 10},
        }
        gap = {
            "demand": "events",
            "rows": gap_rows(),
            "totals": {
                "night_seen": {"covered": 10.0, "total": 40.0, "unknown": 5.0},
                "dark": {"covered": 40.0, "total": 90.0, "unknown": 10.0},
                "placed": {"covered": 95.0, "total": 100.0, "unknown": 0.0},
                "mean_per_km": 2.5,
                "segments_in_gap": 2,
                **self.gap_more,
            },
            "basis": {"coverage_is_stale": True},
        }
        compare = {
            "cells": [CELL],
            "before": [3.0],
            "after": [5.0],
            "difference": [2.0],
            "totals": {
                "before": 30,
                "after": 50,
                "days_before": 366,
                "days_after": 365,
                "unknown_before": 1,
                "unknown_after": 0,
                "ratio": 1.7,
                "ratio_low": 1.2,
                "ratio_high": 2.4,
                **self.totals_more,
            },
        }
        plan = {"id": 7, "kind": "cameras", "certificate": CERTIFICATE, "created_at": "2025-02-01T10:00:00+05:00"}
        routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "/workspaces"): lambda _: {"workspaces": [town]},
            ("GET", "/me"): lambda _: {
                "id": 1,
                "may_create_workspaces": self.may_create,
                "may_load_demos": self.may_create,
            },
            ("POST", "/workspaces"): lambda given: {**town, **given["json"], "bounds": [75.2, 51.6, 75.5, 51.8]},
            ("POST", "/demos/pavlodar"): lambda _: {"workspace": "town", "job": 4, "state": "queued"},
            ("GET", "/layers"): lambda _: {"workspace": "town", "layers": self.layers},
            ("GET", "/layers/crimes/profile"): lambda _: profile,
            ("GET", "/layers/crimes/segments"): lambda _: {
                "rows": [{"id": row, "name": names[0], "count": 5} for row, names in STREETS.items()],
                "totals": {"count": 12, "unplaced": 2},
            },
            ("GET", "/layers/crimes/areas"): lambda _: {
                "rows": [{"id": 1, "kind": "district", "name": "район", "count": 9, "count_per_10k": None}],
                "totals": {},
            },
            ("GET", "/layers/crimes/compare"): lambda _: compare,
            ("GET", "/layers/camera_coverage/cells"): lambda _: {
                "cells": [CELL],
                "area_m2": [105000.0],
                "measures": {"covered_share": [0.0004], "potential_share": [0.2]},
            },
            ("GET", "/layers/crimes/features"): lambda _: {"features": [record], "next": "/more"},
            ("GET", "/layers/cameras/features/5"): lambda _: record,
            ("PATCH", "/layers/cameras/features/5"): lambda _: record,
            ("DELETE", "/layers/cameras/features/5"): lambda _: {},
            ("POST", "/layers/cameras/features"): lambda _: {**record, "id": 6},
            ("GET", "/layers/cameras/features/6"): lambda _: {**record, "id": 6},
            ("GET", "/layers/cameras/edits"): lambda _: {"edits": self.edits},
            ("GET", "/layers/crimes/edits"): lambda _: {"edits": self.edits},
            ("DELETE", "/layers/cameras/edits/9"): lambda _: {"id": 5, "deed": "changed"},
            ("POST", "/layers/crimes/edits/difference"): lambda _: self.difference,
            ("POST", "/layers/crimes/edits/apply"): lambda _: {
                "changed": 1,
                "added": 0,
                "removed": 0,
                "left_out": 1,
                "batch_id": 8,
            },
            ("GET", "/labels"): lambda _: {"features": []},
            ("GET", "/gap"): lambda _: gap,
            ("GET", "/plans"): lambda _: {"plans": [plan]},
            ("GET", "/plans/7"): lambda _: {**plan, "sites": SITES},
            ("POST", "/plans"): lambda _: {"job": 1, "state": "queued"},
            ("GET", "/imports"): lambda _: {
                "imports": [
                    {
                        "id": 3,
                        "layer_id": "crimes",
                        "state": "loaded",
                        "source_name": "crimes.csv",
                        "sha256": "ab" * 32,
                        "licence": "CC0",
                        "attribution": "",
                        "report": REPORT,
                        "finished_at": "2025-02-01T10:00:00+05:00",
                    }
                ]
            },
            ("GET", "/imports/3/rejected"): lambda _: {
                "rejected": [
                    {
                        "row_number": 4,
                        "raw": {"вид": "щ"},
                        "reasons": [{"code": "unseen-code", "text": "кода нет в списке"}],
                    }
                ]
            },
            ("DELETE", "/imports/3"): lambda _: {"removed": 7, "restored": 1},
            ("GET", "/sources"): lambda _: {"sources": self.sources},
            ("POST", "/sources"): lambda _: self.sources[0] if self.sources else {},
            ("POST", "/sources/4/run"): lambda _: {"job": 11, "state": "queued"},
            ("DELETE", "/sources/4"): lambda _: self.sources.clear() or {"removed": 4},
            ("POST", "/imports/preview"): lambda _: self.preview,
            ("GET", "/mappings/areas"): lambda _: {"mappings": []},
            ("GET", "/mappings/crimes"): lambda _: {
                "mappings": [{"id": "uvd", "layer": "crimes", "mapping": {"id": "uvd"}, "fault": None}]
            },
            ("POST", "/imports"): lambda _: {"job": 2, "state": "queued"},
            ("GET", "/ready"): lambda _: {"ready": True, "degraded": bool(self.notes), "notes": self.notes},
            ("GET", "/jobs"): lambda _: {"jobs": list(self.jobs.values())},
        }
        for name, rows in shapes.items():
            routes[("GET", f"/layers/{name}/features")] = lambda _, rows=rows: {"features": rows, "next": None}
        for number, job in self.jobs.items():
            routes[("GET", f"/jobs/{number}")] = lambda _, job=job: job
            routes[("POST", f"/jobs/{number}/cancel")] = lambda _, job=job: job.update(state="cancelled") or job
        return routes
