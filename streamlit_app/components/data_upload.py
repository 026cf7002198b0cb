"""A file on its way in: proposed mapping → first rows → trial → import → report; each step can be left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components import connection, data_report, progress
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import Job, LayerInfo, SentFile
from streamlit_app.services import mappings, reports
from streamlit_app.widgets import table

ENDINGS = [
    "csv", "tsv", "tab", "txt", "xlsx", "xlsm", "geojson", "json", "geojsonl", "geojsons", "ndjson", "jsonl", "gpkg", "parquet", "geoparquet",
    "kml", "kmz", "gpx", "pbf", "osm", "zip", "gz",
]  # fmt: skip
WITH_GEOMETRY = frozenset(
    {"geojson", "geojson-seq", "geopackage", "geoparquet", "shapefile", "kml", "gpx", "osm-pbf", "osm-xml"}
)
_JOB, _ENDED, _PREVIEW, _FILE = (f"qorgan.upload.{name}" for name in ("job", "ended", "preview", "file"))
_TABLE_PX = 320
_NOT_GIVEN = ""


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
    if st.session_state.get(_FILE) != identity:
        with st.spinner(words("ui.upload.reading")):
            st.session_state[_PREVIEW] = context.gateway.preview(slug, layer.id, file)
        st.session_state[_FILE] = identity
        st.session_state.pop(_ENDED, None)
    preview: Mapping[str, Any] = st.session_state[_PREVIEW]
    st.html(f"<h2 class='qorgan-h'>{words('ui.upload.before')}</h2>")
    columns, rows = reports.raw_table(preview.get("before") or ())
    table(columns, rows, key="raw", caption=words("ui.upload.before"), height_px=_TABLE_PX)
    st.html(f"<h2 class='qorgan-h'>{words('ui.upload.mapping')}</h2>")
    st.caption(words("ui.upload.mapping_note"))
    suffix = f"{layer.id}_{identity[1]}"
    mapping = _mapping(context, layer, preview, suffix=suffix)
    mapping = mappings.with_codes(mapping, _codes(context, layer, preview, suffix=suffix))
    text = json.dumps(mapping, ensure_ascii=False)
    picks = mappings.picks_of(mapping)
    has_geometry = preview.get("format") in WITH_GEOMETRY
    lacks = mappings.lacking(picks, layer, constants=mapping.get("constants") or {}, has_geometry=has_geometry)
    if lacks:
        named = ", ".join(mappings.target_title(target, layer, words) for target in lacks)
        st.warning(words("ui.upload.lacking", fields=named))
        return
    if text != json.dumps(dict(preview.get("mapping") or {}), ensure_ascii=False):
        tried = connection.remembered(
            ("tried", slug, *identity, text),
            lambda: context.gateway.preview(slug, layer.id, file, mapping=text),
            seconds=connection.LONG_S,
        )
    else:
        tried = dict(preview)
    st.html(f"<h2 class='qorgan-h'>{words('ui.upload.after')}</h2>")
    columns, rows = reports.after_table(tried, layer, words)
    table(columns, rows, key="after", caption=words("ui.upload.after"), height_px=_TABLE_PX)
    _start(context, layer, file, mapping)


def _codes(
    context: Context, layer: LayerInfo, preview: Mapping[str, Any], *, suffix: str
) -> dict[tuple[str, str], str]:
    """Codes of the file that the layer does not know, to be translated by the reader."""
    words = context.words
    unseen = mappings.unseen_codes(preview, layer)
    if not unseen:
        return {}
    st.caption(words("ui.mapping.unseen"))
    answers: dict[tuple[str, str], str] = {}
    columns = st.columns(3)
    for at, (name, value) in enumerate(unseen):
        field = next(one for one in layer.fields if one.name == name)
        options: list[str] = [_NOT_GIVEN, *field.codes]
        titles = {_NOT_GIVEN: words("ui.mapping.not_translated"), **field.codes}
        chosen = columns[at % 3].selectbox(
            f"{field.title}: «{reports.short(value)}»",
            options,
            key=f"code_{suffix}_{name}_{value}",
            format_func=titles.__getitem__,
        )
        if chosen:
            answers[(name, value)] = chosen
    return answers


def _mapping(context: Context, layer: LayerInfo, preview: Mapping[str, Any], *, suffix: str) -> dict[str, Any]:
    words = context.words
    proposed = dict(preview.get("mapping") or {"id": f"upload-{layer.id}"})
    given = mappings.picks_of(proposed)
    options = [_NOT_GIVEN, *preview.get("columns", ())]
    # a column of a known source may be named that this very file lacks
    options += [column for column in given.values() if column not in options]
    picks: dict[str, str | None] = {}
    columns = st.columns(3)
    for at, target in enumerate(mappings.targets(layer)):
        sure = mappings.confidence_words(target, preview, words)
        picks[target] = columns[at % 3].selectbox(
            mappings.target_title(target, layer, words),
            options,
            index=options.index(given.get(target, _NOT_GIVEN)),
            key=f"map_{suffix}_{target}",
            format_func=lambda column: column or words("ui.mapping.not_given"),
            help=sure or None,
        )
    return mappings.with_picks(proposed, picks, layer)


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
