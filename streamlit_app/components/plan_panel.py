"""N cameras where they see most of what nobody sees: form, job, certificate, sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from streamlit_app.components import connection, facts, progress, state, warned
from streamlit_app.components.context import Context
from streamlit_app.components.notices import told
from streamlit_app.gateway import Job, LayerInfo
from streamlit_app.services import measures, plans
from streamlit_app.services.plans import CANDIDATES, DEMANDS, PlanForm
from streamlit_app.widgets import Column, table
from streamlit_app.widgets.table import Row

_JOB, _ENDED = "qorgan.plan_job", "qorgan.plan_ended"
_TABLE_PX = 320


def draw(context: Context) -> None:
    """Draw the panel."""
    words = context.words
    layer = measures.event_layer(state.look(), context.layers)
    with told(words, key="plan"):
        if not context.workspace.can_record:
            st.info(words("ui.plan.not_allowed"))
            return
        if layer is None:
            st.info(words("ui.gap.nothing"))
            return
        job = st.session_state.get(_JOB)
        if job is not None:
            progress.watch(context, int(job), key="plan", on_end=_ended)
        else:
            _form(context, layer)
            _how_it_ended(context)
        _earlier(context)
        if state.look().plan is not None:
            _shown(context, state.look().plan or 0)


def _form(context: Context, layer: LayerInfo) -> None:
    words = context.words
    with st.form("plan_form", border=False):
        left, right = st.columns(2)
        cameras = left.number_input(words("ui.plan.cameras"), 1, 500, 10, key="plan_cameras")
        range_m = right.number_input(
            words("ui.plan.range"),
            5.0,
            300.0,
            38.4,
            step=1.0,
            format="%.1f",
            key="plan_range",
            help=words("ui.plan.range_help"),
        )
        hfov = left.number_input(words("ui.plan.hfov"), 5.0, 360.0, 90.0, step=5.0, format="%.0f", key="plan_hfov")
        height = right.number_input(words("ui.plan.height"), 1.0, 50.0, 5.0, step=0.5, format="%.1f", key="plan_height")
        demand = st.radio(
            words("ui.plan.demand"),
            DEMANDS,
            key="plan_demand",
            horizontal=True,
            format_func=lambda one: words(f"ui.plan.demand.{one}"),
        )
        kind = st.radio(
            words("ui.plan.candidates"),
            CANDIDATES,
            key="plan_candidates",
            horizontal=True,
            format_func=lambda one: plans.kind_words(one, words),
        )
        wanted = PlanForm(
            cameras=int(cameras),
            demand=demand,
            candidates=kind,
            range_m=float(range_m),
            hfov_deg=float(hfov),
            height_m=float(height),
        )
        if st.form_submit_button(words("ui.plan.start"), type="primary"):
            with told(words, key="plan_start"):
                asked = wanted.wanted(state.look(), layer)
                st.session_state[_JOB] = context.gateway.start_plan(context.workspace.slug, asked)
                st.session_state.pop(_ENDED, None)
                st.rerun()


def _ended(job: Job) -> None:
    st.session_state.pop(_JOB, None)
    plan = (job.result or {}).get("plan") or (job.result or {}).get("id")
    if job.state == "done" and plan is not None:
        state.change(plan=int(plan))
    else:
        st.session_state[_ENDED] = job


def _how_it_ended(context: Context) -> None:
    job = st.session_state.get(_ENDED)
    if isinstance(job, Job):
        st.warning(job.error or context.words(f"ui.job.ended.{'cancelled' if job.state == 'cancelled' else 'failed'}"))


def _earlier(context: Context) -> None:
    words, slug = context.words, context.workspace.slug
    found = connection.remembered(("plans", slug), lambda: context.gateway.plans(slug))
    if not found:
        return
    titles = {int(one["id"]): _title(one, context) for one in found}
    now = state.look().plan
    st.session_state["plan_shown"] = now if now in titles else None
    st.selectbox(
        words("ui.plan.earlier"),
        list(titles),
        key="plan_shown",
        index=None,
        placeholder=words("ui.plan.choose"),
        format_func=lambda plan: titles.get(plan, str(plan)),
        on_change=lambda: state.change(plan=st.session_state["plan_shown"]),
    )


def _title(plan: Mapping[str, Any], context: Context) -> str:
    words = context.words
    cameras = (plan.get("certificate") or {}).get("cameras")
    when = words.moment(plan.get("created_at"), context.workspace.zone)
    return words.joined(f"№ {plan['id']}", words.plural("common.noun.camera", int(cameras or 0)), when)


def _shown(context: Context, plan_id: int) -> None:
    words = context.words
    found = facts.plan(context, plan_id)
    certificate = found.get("certificate") or {}
    st.html(f"<h3 class='qorgan-h'>{words('ui.plan.certificate')}</h3>")
    warned.draw(certificate, words)
    for caution in plans.cautions(certificate, words):
        st.warning(caution)
    st.markdown(plans.outcome(certificate, words))
    columns = [Column(title=words("ui.place.field")), Column(title=words("ui.place.value"), align="end")]
    table(columns, plans.certificate_rows(certificate, words), key="certificate", caption=words("ui.plan.certificate"))
    for note in (plans.candidate_words(certificate, words), plans.left_out(certificate, words)):
        if note:
            st.caption(note)
    rows: list[Row] = plans.site_rows(found.get("sites") or {}, words)
    table(plans.site_columns(words), rows, key="sites", caption=words("ui.plan.sites"), height_px=_TABLE_PX)
    st.download_button(
        words("ui.plan.download"),
        plans.as_geojson(found),
        file_name=f"qorgan-plan-{plan_id}.geojson",
        mime="application/geo+json",
        on_click="ignore",
    )
