"""A camera plan: its form, its certificate and its sites in the reader's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamlit_app.address import Look
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import filters
from streamlit_app.services.cards import percent
from streamlit_app.widgets.table import Column, Row
from streamlit_app.words import Words

Json = Mapping[str, Any]
CANDIDATES = ("junctions", "corners", "lamps")
DEMANDS = ("events", "streets")


@dataclass(frozen=True, kw_only=True)
class PlanForm:
    """What the planner fills in. Metres and degrees; ``seconds`` is the solver's limit."""

    cameras: int = 10
    demand: str = "events"
    candidates: str = "junctions"
    range_m: float = 38.4
    hfov_deg: float = 90.0
    height_m: float = 5.0
    seconds: float = 60.0
    seed: int = 0

    def wanted(self, look: Look, layer: LayerInfo) -> dict[str, Any]:
        """The request of the API: the filter's period and categories say which events are to be seen."""
        found: dict[str, Any] = {
            "cameras": self.cameras,
            "demand": self.demand,
            "layer": layer.id,
            "candidates": self.candidates,
            "range_m": self.range_m,
            "hfov_deg": self.hfov_deg,
            "height_m": self.height_m,
            "time_limit_s": self.seconds,
            "seed": self.seed,
        }
        if look.days is not None:
            found |= {"first_day": look.days.first.isoformat(), "last_day": look.days.last.isoformat()}
        codes = filters.categories_of(look, layer)
        if codes:
            found["categories"] = list(codes)
        return found


def certificate_rows(certificate: Json, words: Words) -> list[Row]:
    """The certificate, line by line: what was reached, what could at most be reached, and how it was found."""
    demand = certificate.get("demand") or {}
    unit = words("ui.plan.unit_m" if "street" in str(demand.get("unit")) else "ui.plan.unit_events")

    def amount(value: Any) -> str:
        return f"{words.number(value if value is None else round(float(value)))} {unit}"

    lines = [
        ("cameras", words("ui.plan.cameras"), words.number(certificate.get("cameras"))),
        ("places", words("ui.plan.places"), words.number(certificate["places"]) if "places" in certificate else ""),
        ("coverage", words("ui.plan.coverage"), coverage_words(certificate, words)),
        ("objective", words("ui.plan.objective"), amount(certificate.get("objective"))),
        ("bound", words("ui.plan.bound"), amount(certificate.get("bound"))),
        ("gap", words("ui.plan.optimality_gap"), percent(float(certificate.get("gap") or 0.0), words)),
        ("status", words("ui.plan.status"), status_words(str(certificate.get("status")), words)),
        ("solver", words("ui.plan.solver"), str(certificate.get("solver") or "")),
        ("seed", words("ui.plan.seed"), str(certificate.get("seed"))),
        ("seconds", words("ui.plan.seconds"), words.quantity(float(certificate.get("seconds") or 0.0), "s")),
        ("snapshot", words("ui.plan.snapshot"), str(certificate.get("snapshot_id") or "")),
    ]
    return [Row(id=name, cells=(title, value)) for name, title, value in lines if value]


def coverage_words(certificate: Json, words: Words) -> str:
    """Which cameras were taken for seen already, and whether that was up to date."""
    given = certificate.get("coverage")
    if not isinstance(given, Mapping) or given.get("cameras_listed") is None:
        return ""
    listed = int(given["cameras_listed"])
    if listed == 0:
        return words("ui.plan.coverage_none")
    return words.plural("ui.plan.coverage_stale" if given.get("is_stale") else "ui.plan.coverage_fresh", listed)


def cautions(certificate: Json, words: Words) -> list[str]:
    """What makes the plan less than it looks."""
    given = certificate.get("coverage")
    found = []
    if isinstance(given, Mapping) and given.get("is_stale"):
        found.append(words("ui.plan.stale"))
    if isinstance(given, Mapping) and given.get("cameras_listed") == 0:
        found.append(words("ui.gap.no_cameras"))
    return found


def left_out(certificate: Json, words: Words) -> str:
    """Events the plan does not speak of, by reason; empty where every one was in."""
    demand = certificate.get("demand") or {}
    counts = {
        name: int(demand.get(name) or 0) for name in ("indoors", "without_position", "dark_unknown", "filter_unknown")
    }
    return words("ui.plan.left_out", **counts) if any(counts.values()) else ""


def outcome(certificate: Json, words: Words) -> str:
    """The share seen before and after, with its denominator."""
    demand = certificate.get("demand") or {}
    if demand.get("share_after") is None:
        return ""
    streets = "street" in str(demand.get("unit"))
    return words(
        "ui.plan.outcome_streets" if streets else "ui.plan.outcome_events",
        before=percent(float(demand["share_before"]), words),
        after=percent(float(demand["share_after"]), words),
        total=round(float(demand["total"])),
    )


def status_words(status: str, words: Words) -> str:
    """Optimal, or what stopped the solver."""
    if status == "optimal":
        return words("ui.plan.optimal")
    return words("ui.plan.time_limit" if "time" in status or status == "feasible" else "ui.plan.stopped")


def candidate_words(certificate: Json, words: Words) -> str:
    """Of which places the bound speaks."""
    given = certificate.get("candidates") or {}
    if not given:
        return ""
    return words(
        "ui.plan.of_candidates",
        kind=kind_words(str(given.get("kind")), words),
        considered=int(given.get("considered") or 0),
        offered=int(given.get("offered") or 0),
        poses=int(given.get("poses") or 0),
    )


def kind_words(kind: str, words: Words) -> str:
    """Name of a kind of candidate places."""
    return words(f"ui.plan.candidates.{kind}") if kind in CANDIDATES else kind


def site_columns(words: Words) -> list[Column]:
    """Titles of the list of sites."""
    return [
        Column(title="№", align="end"),
        Column(title=words("ui.plan.position")),
        Column(title=words("ui.plan.azimuth"), align="end"),
        Column(title=words("ui.plan.sees"), align="end", help=words("ui.plan.sees_help")),
    ]


def site_rows(sites: Json, words: Words) -> list[Row]:
    """One row per camera to be bought."""
    rows = []
    for feature in sites.get("features", ()):
        longitude, latitude = feature["geometry"]["coordinates"][:2]
        of = feature["properties"]
        rows.append(
            Row(
                id=str(of.get("number")),
                cells=(
                    str(of.get("number")),
                    f"{latitude:.5f}, {longitude:.5f}",
                    words.quantity(round(float(of["azimuth_deg"])), "deg"),
                    words.number(round(float(of.get("sees_alone") or 0))),
                ),
            )
        )
    return rows


def as_geojson(plan: Json) -> bytes:
    """The sites with the certificate beside them."""
    return json.dumps({**plan.get("sites", {}), "certificate": plan.get("certificate")}, ensure_ascii=False).encode()
