"""What is told of an import beside what was there, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamlit_app.services.warnings import sentences
from streamlit_app.widgets.table import Column, Row
from streamlit_app.words import Words

Json = Mapping[str, Any]
_MOST_NAMED = 6


def findings(found: Json, words: Words) -> list[str]:
    """Months without a row, and months that hold suspiciously few."""
    out = sentences(found, words)
    for kind in ("is_missing", "is_suspicious"):
        months = [str(row["month"]) for row in found.get("months") or () if row.get(kind) and brought_or_all(row)]
        if kind == "is_suspicious":
            months = [m for m in months if not any(r["month"] == m and r["is_missing"] for r in found["months"])]
        if months:
            named = ", ".join(month[:7] for month in months[:_MOST_NAMED])
            out.append(words.plural(f"ui.quality.{kind}", len(months), n=len(months), months=named))
    return out


def brought_or_all(row: Json) -> bool:
    """Whether a month concerns the import: it brought rows there, or nobody did."""
    return row.get("brought") is None or bool(row.get("brought")) or bool(row.get("is_missing"))


def break_words(proposal: Json, words: Words) -> str:
    """The evidence for a break in a sentence or two."""
    told = words(
        "ui.quality.break",
        day=words.date(str(proposal["day"])),
        ratio=words.number(proposal.get("ratio"), significant=2),
        before=words.number(proposal.get("before"), significant=3),
        after=words.number(proposal.get("after"), significant=3),
        chance=words.number(proposal.get("chance"), significant=1),
    )
    if proposal.get("severe_before") is None:
        return told
    severe = words(
        "ui.quality.break_severe",
        before=words.number(100.0 * proposal["severe_before"], significant=2),
        after=words.number(100.0 * proposal["severe_after"], significant=2),
    )
    return f"{told} {severe}"


def accepted_words(accepted: Json, words: Words) -> str:
    """A break that is held already, with its reason."""
    reason = (accepted.get("reason") or {}).get(words.language) or ""
    return words.joined(words("ui.quality.accepted", day=words.date(str(accepted["day"]))), str(reason))


def month_table(found: Json, words: Words) -> tuple[list[Column], list[Row]]:
    """Months, the latest first: before, with the import, and what earlier years let one expect."""
    columns = [
        Column(title=words("ui.quality.month")),
        Column(title=words("ui.quality.before"), align="end"),
        Column(title=words("ui.quality.count"), align="end"),
        Column(title=words("ui.quality.expected"), align="end", help=words("ui.quality.method")),
        Column(title=words("ui.quality.note")),
    ]
    rows = [
        Row(
            id=str(month["month"]),
            cells=(
                str(month["month"])[:7],
                words.number(month["before"]) if month.get("before") is not None else "–",
                words.number(month["count"]),
                _expected(month, words),
                _note(month, words),
            ),
            tone="bad" if month["is_suspicious"] or month["is_missing"] else "",
            faded=not month["is_whole"],
        )
        for month in reversed(found.get("months") or ())
    ]
    return columns, rows


def _expected(month: Json, words: Words) -> str:
    if month.get("expected") is None:
        return "–"
    return words.interval(round(month["expected"]), round(month["low"]), round(month["high"]))


def _note(month: Json, words: Words) -> str:
    for name in ("is_missing", "is_suspicious"):
        if month[name]:
            return words(f"ui.quality.note_{name}")
    return "" if month["is_whole"] else words("ui.quality.note_part")


def district_table(found: Json, words: Words) -> tuple[list[Column], list[Row]]:
    """Rows per district: all, of them the import's, and the months that have none of the layer's."""
    months = [str(month["month"]) for month in found.get("months") or ()]
    columns = [
        Column(title=words("ui.quality.district")),
        Column(title=words("ui.quality.count"), align="end"),
        Column(title=words("ui.quality.brought"), align="end"),
        Column(title=words("ui.quality.empty_months"), align="end"),
    ]
    rows = []
    for area in found.get("districts") or ():
        names = area.get("names") or {}
        name = names.get(f"name_{words.language}") or names.get("name") or names.get("code")
        filled = {str(month["month"]) for month in area["months"] if month["month"] and month["count"]}
        rows.append(
            Row(
                id=str(area["area_id"]),
                cells=(
                    str(name or words("ui.quality.no_district")),
                    words.number(sum(month["count"] for month in area["months"])),
                    words.number(sum(month.get("of_batch") or 0 for month in area["months"])),
                    words.number(sum(month not in filled for month in months)),
                ),
                faded=area["area_id"] is None,
            )
        )
    return columns, rows
