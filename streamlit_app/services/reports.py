"""Reports of imports, states of layers and jobs as tables in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import i18n
from streamlit_app.gateway import Job, LayerInfo
from streamlit_app.widgets.table import Column, Row
from streamlit_app.words import Words

Json = Mapping[str, Any]
_COUNTS = ("read", "loaded", "updated", "unchanged", "rejected")
_MORE_COUNTS = ("merged", "struck_off", "mended")
_STATES = {
    "queued": "common.status.waiting",
    "waiting": "common.status.waiting",
    "running": "common.status.running",
    "loading": "common.status.running",
    "done": "common.status.done",
    "failed": "common.status.failed",
    "cancelled": "common.status.cancelled",
    "loaded": "common.status.loaded",
    "undone": "common.status.undone",
}
MOST_COLUMNS = 12
_BY_HAND = "by-hand"  # the batch of edits of a day
_LONGEST_CELL = 60
_ALL_REJECTED = "all-rows-rejected"


def state_words(state: str, words: Words) -> str:
    """The state of a job or a batch."""
    return words(_STATES[state]) if state in _STATES else state


def counts(report: Json, words: Words) -> list[tuple[str, str]]:
    """Read = loaded + updated + unchanged + rejected, and what else there was of merged, struck-off and mended rows; each named."""
    more = [name for name in _MORE_COUNTS if report.get(name)]
    return [(words(f"ui.report.{name}"), words.number(int(report.get(name) or 0))) for name in (*_COUNTS, *more)]


def failure(report: Json, words: Words) -> str:
    """Why nothing of a file was loaded and what to change; empty where something was."""
    error = report.get("error")
    if not isinstance(error, Mapping):
        return ""
    if error.get("detail"):
        return str(error["detail"])
    code, params = str(error.get("code") or "internal"), dict(error.get("params") or {})
    if code == _ALL_REJECTED and params.get("rows"):
        return words.plural("error.all-rows-rejected", int(params["rows"]), **params)
    return i18n.texts().error(code, words.language, params)


def reason_rows(report: Json, layer: LayerInfo | None, words: Words) -> list[Row]:
    """Why rows were not loaded, most often first; a row with two reasons counts in both."""
    samples = {
        # of which field and value is told row by row, below
        code: {name: value for name, value in params.items() if name not in ("field", "value")}
        for row in report.get("rejected_samples") or ()
        for code, params in row.get("reasons", ())
    }
    found = sorted((report.get("rejected_by_reason") or {}).items(), key=lambda item: (-item[1], item[0]))
    return [
        Row(
            id=code,
            cells=(
                i18n.texts().reason(code, words.language, samples.get(code), layer=layer.id if layer else None),
                words.number(count),
            ),
            tone="bad",
        )
        for code, count in found
    ]


def flag_rows(report: Json, layer: LayerInfo | None, words: Words) -> list[Row]:
    """Notes that stored rows carry, most often first."""
    found = sorted((report.get("flagged") or {}).items(), key=lambda item: (-item[1], item[0]))
    return [
        Row(
            id=code,
            cells=(
                i18n.texts().note(code, words.language, {}, layer=layer.id if layer else None),
                words.number(count),
            ),
        )
        for code, count in found
    ]


def warning_rows(report: Json, layer: LayerInfo | None, words: Words) -> list[Row]:
    """What was loaded but deserves a look."""
    samples = report.get("warning_samples") or {}
    found = []
    for code, count in (report.get("warnings") or {}).items():
        if code in (report.get("flagged") or {}):
            continue  # told with the rows that carry it
        first = (samples.get(code) or [{}])[0]
        told = i18n.texts().note(code, words.language, first, layer=layer.id if layer else None)
        found.append(Row(id=code, cells=(told, words.number(count))))
    return found


def reason_words(code: str, layer: LayerInfo | None, words: Words) -> str:
    """One reason, without what it is about."""
    return i18n.texts().reason(code, words.language, None, layer=layer.id if layer else None)


def reasons_words(reasons: Sequence[Json], layer: LayerInfo | None, words: Words) -> str:
    """Every reason with the field and the value it is about."""
    return "; ".join(
        i18n.texts().reason(
            str(one["code"]), words.language, one.get("params") or {}, layer=layer.id if layer else None
        )
        for one in reasons
    )


def licence_words(licence: str | None, words: Words) -> str:
    """The licence; where nobody stated one, that is said."""
    return words("ui.data.no_licence") if licence in (None, "", "not stated") else str(licence)


def rejected_table(rows: Sequence[Json], layer: LayerInfo | None, words: Words) -> tuple[list[Column], list[Row]]:
    """Rejected rows as the source wrote them, every reason first."""
    names = list(dict.fromkeys(name for row in rows for name in row["raw"]))[:MOST_COLUMNS]
    columns = [Column(title=words("ui.report.row"), align="end"), Column(title=words("ui.report.reasons"))]
    columns += [Column(title=name) for name in names]
    made = [
        Row(
            id=str(row["row_number"]),
            cells=(
                str(row["row_number"]),
                reasons_words(row["reasons"], layer, words),
                *(short(row["raw"].get(name)) for name in names),
            ),
            tone="bad",
        )
        for row in rows
    ]
    return columns, made


def raw_table(rows: Sequence[Json]) -> tuple[list[Column], list[Row]]:
    """Rows of a file as they are, up to twelve columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))[:MOST_COLUMNS]
    return [Column(title=name) for name in names], [
        Row(id=str(at), cells=tuple(short(row.get(name)) for name in names)) for at, row in enumerate(rows, start=1)
    ]


def after_table(preview: Json, layer: LayerInfo, words: Words) -> tuple[list[Column], list[Row]]:
    """Rows as they would be stored: good ones, then those that would be rejected with their reasons."""
    after = preview.get("after") or ()
    known = {field.name: field for field in layer.fields}
    names = list(dict.fromkeys(name for row in after for name in row["values"]))
    shown = [name for name in names if name in known or name in ("lon", "lat", "day_from", "hour", "dark")][
        :MOST_COLUMNS
    ]
    titles = [known[name].title if name in known else words(f"ui.stored.{name}") for name in shown]
    columns = [
        Column(title=words("ui.report.row"), align="end"),
        *(Column(title=title) for title in titles),
        Column(title=words("ui.report.reasons")),
    ]
    made = []
    for row in after:
        cells = [_stored(row["values"].get(name), known.get(name), words) for name in shown]
        made.append(Row(id=f"a{row['row']}", cells=(str(row["row"]), *cells, "")))
    for row in preview.get("rejected") or ():
        reasons = reasons_words(row["reasons"], layer, words)
        made.append(Row(id=f"r{row['row']}", cells=(str(row["row"]), *("" for _ in shown), reasons), tone="bad"))
    return columns, made


def short(value: Any) -> str:
    """A value of a file in a cell of a table."""
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


def _stored(value: Any, field: Any, words: Words) -> str:
    if value is None:
        return words("common.unknown")
    if isinstance(value, bool):
        return words("common.yes" if value else "common.no")
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(field.codes.get(str(value), short(value))) if field is not None else short(value)


def layer_columns(words: Words) -> list[Column]:
    """Titles of the table of layers."""
    return [
        Column(title=words("common.layer")),
        Column(title=words("ui.data.rows"), align="end"),
        Column(title=words("common.updated")),
        Column(title=words("ui.data.period")),
        Column(title=words("ui.data.completeness"), help=words("ui.data.completeness_help")),
        Column(title=words("ui.data.without_position"), align="end"),
        Column(title=words("common.licence")),
        Column(title=words("ui.data.truth")),
        Column(title=words("ui.data.revision"), align="end"),
    ]


def layer_rows(layers: Sequence[LayerInfo], words: Words, *, zone: str) -> list[Row]:
    """One row per layer; those without rows are faded."""
    rows = []
    for layer in layers:
        status = layer.status
        first, last = status.get("day_from"), status.get("day_to")
        derived = status.get("derived") or {}
        updated = status.get("last_loaded") or derived.get("made_at")
        fresh = words.moment(updated, zone) if updated else "–"
        if derived.get("is_stale"):
            fresh = words.joined(fresh, words("common.status.stale")) if updated else words("common.status.stale")
        rows.append(
            Row(
                id=layer.id,
                cells=(
                    layer.title,
                    words.number(layer.rows),
                    fresh,
                    words.period(str(first)[:10], str(last)[:10]) if first and last else "–",
                    completeness_words(layer, words),
                    words.number(int(status.get("without_position") or 0)) if layer.rows else "–",
                    "; ".join(licence_words(one, words) for one in status.get("licences") or ()) or "–",
                    truth_words(layer, words),
                    str(layer.revision),
                ),
                faded=layer.rows == 0,
            )
        )
    return rows


def truth_words(layer: LayerInfo, words: Words) -> str:
    """Synthetic or real; nothing where there is nothing."""
    if layer.rows == 0:
        return "–"
    if layer.kind == "derived":
        return words("ui.data.computed_synthetic" if layer.is_synthetic else "ui.data.computed")
    return words("ui.data.synthetic" if layer.is_synthetic else "ui.data.real")


def completeness_words(layer: LayerInfo, words: Words) -> str:
    """How many fields are filled in (nearly) every row."""
    known = [share for share in (layer.status.get("completeness") or {}).values() if share is not None]
    if not known or layer.rows == 0:
        return "–"
    full = sum(share >= 0.95 for share in known)
    return words("ui.data.fields_full", full=full, total=len(known))


def completeness_rows(layer: LayerInfo, words: Words) -> list[Row]:
    """Field by field, the emptiest first."""
    completeness = layer.status.get("completeness") or {}
    known = [
        (field, completeness.get(field.name)) for field in layer.fields if completeness.get(field.name) is not None
    ]
    known.sort(key=lambda one: one[1] or 0.0)
    return [
        Row(
            id=field.name,
            cells=(
                field.title,
                words.share(round((share or 0.0) * layer.rows), layer.rows, noun_key="common.of.record"),
            ),
            faded=(share or 0.0) < 0.5,
        )
        for field, share in known
    ]


def import_rows(
    batches: Sequence[Json], layers: Mapping[str, LayerInfo], words: Words, *, zone: str
) -> tuple[list[Column], list[Row]]:
    """Imports, newest first."""
    columns = [
        Column(title="№", align="end"),
        Column(title=words("common.layer")),
        Column(title=words("common.source")),
        Column(title=words("ui.report.when")),
        Column(title=words("ui.report.state")),
        Column(title=words("ui.report.loaded"), align="end"),
        Column(title=words("ui.report.rejected"), align="end"),
    ]
    rows = []
    for batch in batches:
        report = batch.get("report") or {}
        layer = layers.get(str(batch["layer_id"]))
        loaded = report.get("loaded")
        rows.append(
            Row(
                id=str(batch["id"]),
                cells=(
                    str(batch["id"]),
                    layer.title if layer else str(batch["layer_id"]),
                    source_words(batch, words),
                    words.moment(batch.get("finished_at") or batch.get("started_at"), zone),
                    state_words(str(batch["state"]), words),
                    "–" if loaded is None else words.number(int(loaded) + int(report.get("updated") or 0)),
                    "–" if report.get("rejected") is None else words.number(int(report["rejected"])),
                ),
                faded=batch["state"] != "loaded",
                tone="bad" if batch["state"] == "failed" else "",
            )
        )
    return columns, rows


def source_words(batch: Json, words: Words) -> str:
    """What an import came from: a file, a service, or hands."""
    name = batch.get("source_name")
    return words("ui.report.by_hand") if name == _BY_HAND else short(name)


def job_words(job: Job, layers: Mapping[str, LayerInfo], words: Words) -> str:
    """What a job is, in a few words."""
    layer = layers.get(str(job.params.get("layer") or ""))
    name = words(f"ui.job.{job.kind}") if words.has(f"ui.job.{job.kind}") else job.kind
    return words.joined(name, layer.title if layer else "", short(job.params.get("source_name")))
