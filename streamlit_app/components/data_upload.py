"""A file on its way in: proposed mapping → first rows → trial → import → report; each step can be left."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from streamlit_app.components import (
    connection,
    data_report,
    mapping_editor,
    mapping_reading,
    mapping_reference,
    mapping_saving,
    progress,
)
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import Job, LayerInfo, SentFile
from streamlit_app.services import mappings, reports
from streamlit_app.widgets import Column, Row, table

ENDINGS = [
    "csv", "tsv", "tab", "txt", "xlsx", "xlsm", "geojson", "json", "geojsonl", "geojsons", "ndjson", "jsonl", "gpkg", "parquet", "geoparquet",
    "kml", "kmz", "gpx", "pbf", "osm", "zip", "gz",
]  # fmt: skip
_JOB, _ENDED, _PREVIEW, _FILE = (f"qorgan.upload.{name}" for name in ("job", "ended", "preview", "file"))
_TABLE_PX = 320


def draw(context: Context) -> None:
    """Draw the steps as far as they have come."""
    words = context.words
    if not context.workspace.can_edit:
        st.info(words("ui.upload.not_allowed"))
        return
    job = st.session_state.get(_JOB)
    if job is not None:
        st.markdown(words("ui.upload.running"))
        progress.watch(context, int(job), key="upload", on_end=_ended)
        return
    ended = st.session_state.get(_ENDED)
    if isinstance(ended, Job):
        _report(context, ended)
    layer = _layer(context)
    given = st.file_uploader(words("ui.upload.file"), type=ENDINGS, key="upload")
    st.caption(words("ui.upload.formats"))
    if layer is None or given is None:
        return
    with told(words, key="upload"):
        file = SentFile(name=given.name, content=given)
        _preview(context, layer, file, identity=(layer.id, given.file_id))


def _layer(context: Context) -> LayerInfo | None:
    words = context.words
    able = {layer.id: layer.title for layer in context.layers if layer.kind != "derived"}
    chosen = st.selectbox(
        words("ui.upload.layer"), list(able), key="upload_layer", format_func=lambda one: able.get(one, one)
    )
    return context.layer(str(chosen))


def _preview(context: Context, layer: LayerInfo, file: SentFile, *, identity: tuple[str, str]) -> None:
    """The mapping as proposed, changed by the reader, and tried on the first rows."""
    slug, words = context.workspace.slug, context.words
    own = f"{layer.id}_{identity[1]}"
    told_reading = mapping_reading.told(own)
    now = (*identity, words.language, json.dumps(told_reading, ensure_ascii=False))
    if st.session_state.get(_FILE) != now:
        with st.spinner(words("ui.upload.reading")):
            st.session_state[_PREVIEW] = context.gateway.preview(
                slug, layer.id, file, reading=now[-1] if told_reading else None
            )
        st.session_state[_FILE] = now
        st.session_state.pop(_ENDED, None)
    preview: Mapping[str, Any] = st.session_state[_PREVIEW]
    mapping_reading.draw(context, preview, suffix=own)
    if not preview.get("columns") and preview.get("problem"):
        st.warning(str(preview["problem"]["text"]))
        return
    # other columns need another form; the same ones keep what the reader chose
    suffix = f"{own}_{zlib.crc32(json.dumps(list(preview.get('columns') or ())).encode()):08x}"

    def tried(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the mapping makes of the first rows; each mapping is asked for once."""
        if dict(mapping) == dict(preview.get("mapping") or {}):
            return preview
        text = json.dumps(mapping, ensure_ascii=False)
        key = ("tried", slug, *now, text)
        return connection.remembered(
            key, lambda: context.gateway.preview(slug, layer.id, file, mapping=text), seconds=connection.LONG_S
        )

    st.html(f"<h2 class='qorgan-h'>{words('ui.upload.before')}</h2>")
    columns, rows = reports.raw_table(preview.get("before") or ())
    table(columns, rows, key="raw", caption=words("ui.upload.before"), height_px=_TABLE_PX)
    st.html(f"<h2 class='qorgan-h'>{words('ui.upload.mapping')}</h2>")
    if preview.get("problem"):
        st.warning(str(preview["problem"]["text"]))
    kept = "by-saved" in (preview.get("reasons") or {}).values()
    note = "ui.upload.recognised" if kept else "ui.upload.mapping_note"
    st.caption(words(note, name=str((preview.get("mapping") or {}).get("id") or "")))
    mapping = mapping_editor.edit(context, layer, preview, suffix=suffix)
    placed = {target: mappings.picks_of(mapping).get(target) for target in (*mappings.POSITION, mappings.WKT)}
    before = {target: mappings.picks_of(preview.get("mapping") or {}).get(target) for target in placed}
    mapping = mapping_reference.choose(
        context, mapping, preview if placed == before else {**tried(mapping), "doubts": ()}, suffix=suffix
    )
    lacks = mappings.lacking(
        mappings.picks_of(mapping),
        layer,
        constants=mapping.get("constants") or {},
        has_geometry=bool(preview.get("has_geometry")),
    )
    if lacks:
        named = ", ".join(mappings.target_title(target, layer, words) for target in lacks)
        st.warning(words("ui.upload.lacking", fields=named))
        return
    mapping = mapping_editor.translate(context, layer, mapping, tried(mapping), suffix=suffix)
    found = tried(mapping)
    _after(context, layer, found)
    mapping_saving.draw(context, layer, mapping, file.name, list(preview.get("columns") or ()), suffix=suffix)
    _start(context, layer, file, mapping)


def _after(context: Context, layer: LayerInfo, found: Mapping[str, Any]) -> None:
    """The first rows as they would be stored, counted, with every reason and note."""
    words = context.words
    st.html(f"<h2 class='qorgan-h'>{words('ui.upload.after')}</h2>")
    if found.get("problem"):
        st.warning(str(found["problem"]["text"]))
    counts = found.get("tried")
    if counts:
        st.caption(
            words("ui.upload.tried", read=counts["read"], accepted=counts["accepted"], rejected=counts["rejected"])
        )
    lines = [*(found.get("rejected_by_reason") or ()), *(found.get("notes") or ())]
    if lines:
        rows = [
            Row(id=f"{at}", cells=(str(one["text"]), words.number(int(one["count"]))), tone=tone)
            for at, (one, tone) in enumerate(_toned(found))
        ]
        columns = [Column(title=words("ui.report.reasons")), Column(title=words("ui.report.rows"), align="end")]
        table(columns, rows, key="why", caption=words("ui.report.reasons"), height_px=_TABLE_PX // 2)
    columns, rows = reports.after_table(found, layer, words)
    table(columns, rows, key="after", caption=words("ui.upload.after"), height_px=_TABLE_PX)


def _toned(found: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Literal["", "bad"]]]:
    """Reasons of rejection before notes."""
    bad: list[tuple[Mapping[str, Any], Literal["", "bad"]]] = [
        (one, "bad") for one in found.get("rejected_by_reason") or ()
    ]
    return bad + [(one, "") for one in found.get("notes") or ()]


def _start(context: Context, layer: LayerInfo, file: SentFile, mapping: dict[str, Any]) -> None:
    words, slug = context.words, context.workspace.slug
    left, right = st.columns(2)
    given = "" if mapping.get("licence") in (None, "not stated") else str(mapping["licence"])
    licence = left.text_input(words("common.licence"), given, key="upload_licence", max_chars=200)
    attribution = right.text_input(
        words("common.source"), str(mapping.get("attribution") or ""), key="upload_attribution", max_chars=200
    )
    mapping = {**mapping, **({"licence": licence} if licence else {}), "attribution": attribution}
    synthetic = st.checkbox(words("ui.upload.synthetic"), key="upload_synthetic", value=context.workspace.is_synthetic)
    row = st.container(horizontal=True, gap="small")
    trial = row.button(words("ui.upload.trial"), key="upload_trial", help=words("ui.upload.trial_help"))
    load = row.button(words("ui.upload.load"), key="upload_load", type="primary")
    if trial or load:
        st.session_state[_JOB] = context.gateway.start_import(
            slug, layer.id, file, mapping=json.dumps(mapping, ensure_ascii=False), dry_run=trial, is_synthetic=synthetic
        )
        st.session_state.pop(_ENDED, None)
        st.rerun()


def _ended(job: Job) -> None:
    st.session_state.pop(_JOB, None)
    st.session_state[_ENDED] = job


def _report(context: Context, job: Job) -> None:
    words = context.words
    if job.state != "done" or not job.result:
        st.warning(job.error or words(f"ui.job.ended.{'cancelled' if job.state == 'cancelled' else 'failed'}"))
        return
    report = job.result
    title = "ui.report.trial" if report.get("dry_run") else "ui.report.title"
    st.html(f"<h2 class='qorgan-h'>{words(title)}</h2>")
    data_report.draw(context, report, context.layer(str(report.get("layer"))), key="upload_report")
