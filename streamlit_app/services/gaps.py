"""The coverage gap as a table and as sentences."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from streamlit_app.services.cards import percent
from streamlit_app.services.pieces import name_of
from streamlit_app.widgets.table import Column, Row
from streamlit_app.words import Words

Json = Mapping[str, Any]
EVENTS, STREETS = "events", "streets"


def columns(demand: str, words: Words) -> list[Column]:
    """Titles with their formulas behind a question mark."""
    first = [Column(title="№", align="end"), Column(title=words("ui.gap.street"))]
    if demand == STREETS:
        return [
            *first,
            Column(title=words("ui.gap.unseen_m"), align="end"),
            Column(title=words("ui.gap.seen_share"), align="end", help=words("ui.gap.seen_share_help")),
        ]
    return [
        *first,
        Column(title=words("ui.gap.unseen"), align="end", help=words("ui.gap.unseen_help")),
        Column(title=words("ui.gap.rate"), align="end", help=words("ui.gap.rate_help")),
        Column(title=words("ui.gap.verdict"), help=words("ui.gap.verdict_help")),
    ]


def rows(found: Json, words: Words) -> list[Row]:
    """Streets by rank; those about which nothing can be said are faded."""
    made = []
    for row in found.get("rows", ()):
        name = name_of(row, words.language) or words("ui.place.unnamed_street")
        if found.get("demand") == STREETS:
            share = row.get("covered_share")
            told = words("common.no_data") if share is None else percent(share, words)
            cells = (str(row["rank"]), name, words.quantity(float(row["unseen_m"]), "m"), told)
            made.append(Row(id=str(row["id"]), cells=cells))
            continue
        verdict = str(row.get("class"))
        made.append(
            Row(
                id=str(row["id"]),
                cells=(
                    str(row["rank"]),
                    name,
                    words("ui.gap.of", part=int(row["unseen_night_events"]), total=int(row["night_events"])),
                    words.interval(row["shrunk_rate_per_km"], row["low_per_km"], row["high_per_km"]),
                    verdict_words(verdict, words),
                ),
                faded=verdict == "not-enough-data",
            )
        )
    return made


def verdict_words(verdict: str, words: Words) -> str:
    """Whether a street can be told from the city's mean."""
    known = {"above": words("ui.gap.short.above"), "below": words("ui.gap.short.below")}
    return known.get(verdict, words("ui.gap.short.thin"))


def summary(found: Json, words: Words) -> list[str]:
    """What stands above the table: shares with denominators, and what was left out."""
    totals = found.get("totals") or {}
    told = _cameras(found.get("basis") or {}, words)
    if found.get("demand") == STREETS:
        seen = totals.get("seen") or {}
        if seen.get("total"):
            told.append(
                words(
                    "ui.gap.streets_seen",
                    share=percent(seen["covered"] / seen["total"], words),
                    total=words.quantity(seen["total"] / 1000, "km"),
                )
            )
        return told
    seen = totals.get("night_seen") or {}
    if seen.get("total"):
        unseen = seen["total"] - seen["covered"]
        told.append(
            words(
                "ui.gap.events_unseen",
                share=words.share(round(unseen), round(seen["total"]), noun_key="common.of.record"),
            )
        )
    dark = totals.get("dark") or {}
    if dark.get("unknown"):
        told.append(words.plural("ui.gap.dark_unknown", round(dark["unknown"])))
    if seen.get("unknown"):
        told.append(words.plural("ui.gap.seen_unknown", round(seen["unknown"])))
    placed = totals.get("placed") or {}
    left_out = round((placed.get("total") or 0) - (placed.get("covered") or 0))
    if left_out:
        told.append(words.plural("ui.gap.left_out", left_out))
    if totals.get("filter_unknown"):
        told.append(words.plural("ui.gap.filter_unknown", int(totals["filter_unknown"])))
    if totals.get("mean_per_km") is not None and is_enough(found):
        told.append(words("ui.gap.mean", rate=words.number(float(totals["mean_per_km"]), significant=2)))
    return told


def _cameras(basis: Json, words: Words) -> list[str]:
    """Which cameras the answer stands on."""
    report = basis.get("coverage_report") or {}
    if not basis.get("cameras_listed") or "counted" not in report:
        return []
    return [
        words(
            "ui.gap.cameras",
            counted=int(report["counted"]),
            listed=int(basis["cameras_listed"]),
            potential=int(report.get("potential") or 0),
        )
    ]


def is_enough(found: Json) -> bool:
    """Whether streets can be judged at all; an answer that does not say so can."""
    return bool((found.get("totals") or {}).get("enough", True))


def is_without_cameras(found: Json) -> bool:
    """Whether no camera is listed, so that what is seen is unknown."""
    return (found.get("basis") or {}).get("cameras_listed") == 0


def is_stale(found: Json) -> bool:
    """Whether cameras or buildings changed since coverage was computed."""
    return bool((found.get("basis") or {}).get("coverage_is_stale"))


def as_csv(found: Json) -> bytes:
    """The ranked rows with every number as it was computed."""
    given: Sequence[Json] = found.get("rows", ())
    sink = io.StringIO()
    writer = csv.DictWriter(
        sink, fieldnames=list(given[0]) if given else ["id"], extrasaction="ignore", lineterminator="\r\n"
    )
    writer.writeheader()
    writer.writerows(given)
    return sink.getvalue().encode("utf-8-sig")
