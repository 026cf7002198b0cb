"""The table of a mapping: what each thing we store is taken from, in which unit or as which constant, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from streamlit_app.components.context import Context
from streamlit_app.gateway import LayerInfo
from streamlit_app.services import mappings, reports

NOT_GIVEN = ""
FORMS = (
    ("", "auto"),
    ("%d/%m/%Y", "dmy_slash"),
    ("%m/%d/%Y", "mdy_slash"),
    ("%d-%m-%Y", "dmy_dash"),
    ("%d/%m/%Y %H:%M", "dmy_slash_clock"),
    ("%m/%d/%Y %H:%M", "mdy_slash_clock"),
    ("%m/%d/%Y %I:%M %p", "mdy_slash_half"),
)
CLOCKS = ("utc", "local", "+06:00", "+05:00")
RULES = (
    "joined",
    "date",
    "first-of-pair",
    "second-of-pair",
    "degrees",
    "kilometres",
    "bearing",
    "number",
    "last",
    "article",
    "article-category",
    "article-in-text",
    "gravity",
)
MOST_CODES = 60


def edit(context: Context, layer: LayerInfo, preview: Mapping[str, Any], *, suffix: str) -> dict[str, Any]:
    """Draw the table; the mapping as the reader has made it."""
    words = context.words
    proposed = dict(preview.get("mapping") or {"id": f"upload-{layer.id}"})
    given = mappings.picks_of(proposed)
    extra = _own_columns(suffix)
    titles = {column: column for column in preview.get("columns", ())}
    titles |= {
        name: mappings.made_title(rule, words) for name, rule in {**(proposed.get("made") or {}), **extra}.items()
    }
    # a column of a known source may be named that this very file lacks
    titles |= {column: column for column in given.values() if column not in titles}
    options = [NOT_GIVEN, *titles]
    picks: dict[str, str | None] = {}
    units: dict[str, str] = {}
    constants: dict[str, Any] = {}
    required = {field.name for field in layer.fields if field.required}
    every = mappings.targets(layer)
    first = [t for t in every if t in given or t in required or t in mappings.POSITION or mappings.level_of(t, preview)]
    first += [field for field in (proposed.get("constants") or {}) if field not in first]
    for target in first:
        _row(context, layer, preview, proposed, target, options, titles, (picks, units, constants), suffix)
    rest = [t for t in every if t not in first]
    if rest:
        with st.expander(words("ui.mapping.rest", count=len(rest))):
            for target in rest:
                _row(context, layer, preview, proposed, target, options, titles, (picks, units, constants), suffix)
    made = mappings.with_picks(proposed, picks, layer)
    made = mappings.with_values(made, units=units, constants=constants)
    made = mappings.with_made(made, extra)
    made = _times(context, made, suffix)
    _make_column(context, preview, suffix)
    return made


def _row(
    context: Context,
    layer: LayerInfo,
    preview: Mapping[str, Any],
    proposed: Mapping[str, Any],
    target: str,
    options: list[str],
    titles: Mapping[str, str],
    out: tuple[dict[str, str | None], dict[str, str], dict[str, Any]],
    suffix: str,
) -> None:
    words = context.words
    picks, units, constants = out
    given = mappings.picks_of(proposed)
    level = mappings.level_of(target, preview)
    title = mappings.target_title(target, layer, words)
    with st.container(key=f"maprow_{level or 'none'}_{suffix}_{target.replace('@', 'at_')}"):
        left, middle, right = st.columns([5, 4, 3], vertical_alignment="center")
        sure = mappings.confidence_words(target, preview, words)
        mark = f"<small class='qorgan-sure qorgan-sure-{level}'>{escape(sure)}</small>" if sure else ""
        left.html(f"<p class='qorgan-target'><b>{escape(title)}</b>{mark}</p>")
        picks[target] = middle.selectbox(
            title,
            options,
            index=options.index(given.get(target, NOT_GIVEN)),
            key=f"map_{suffix}_{target}",
            format_func=lambda column: titles.get(column, words("ui.mapping.not_given")),
            label_visibility="collapsed",
        )
        field = next((one for one in layer.fields if one.name == target), None)
        if field is None:
            return
        known = list((preview.get("units") or {}).get(target, ()))
        if picks[target] and known:
            now = (proposed.get("units") or {}).get(target, known[0])
            chosen = right.selectbox(
                f"{title}: {words('ui.mapping.unit')}",
                known if now in known else [now, *known],
                index=known.index(now) if now in known else 0,
                key=f"unit_{suffix}_{target}",
                label_visibility="collapsed",
            )
            if chosen and chosen != known[0]:
                units[target] = chosen
        elif not picks[target]:
            _constant(context, field, proposed, right, constants, suffix)
        elif target in (proposed.get("constants") or {}):
            constants[target] = proposed["constants"][target]  # stands in for blanks of the column


def _constant(
    context: Context, field: Any, proposed: Mapping[str, Any], place: Any, constants: dict[str, Any], suffix: str
) -> None:
    """The same value for every row."""
    words = context.words
    now = (proposed.get("constants") or {}).get(field.name)
    label = f"{field.title}: {words('ui.mapping.constant')}"
    key = f"constant_{suffix}_{field.name}"
    if field.codes or field.type == "boolean":
        titles: dict[Any, str] = dict(field.codes) or {True: words("common.yes"), False: words("common.no")}
        options = [NOT_GIVEN, *titles]
        chosen = place.selectbox(
            label,
            options,
            index=options.index(now) if now in options else 0,
            key=key,
            format_func=lambda code: titles.get(code, words("ui.mapping.constant_none")),
            label_visibility="collapsed",
        )
        if chosen != NOT_GIVEN:
            constants[field.name] = chosen
        return
    written = place.text_input(
        label,
        "" if now is None else str(now),
        key=key,
        placeholder=words("ui.mapping.constant"),
        label_visibility="collapsed",
        max_chars=200,
    ).strip()
    if written:
        constants[field.name] = _typed(written, field.type)


def _typed(written: str, kind: str) -> Any:
    """The text as the field's type where it is one; else as it is, and the API says what is wrong with it."""
    try:
        return int(written) if kind == "integer" else float(written.replace(",", ".")) if kind == "real" else written
    except ValueError:
        return written


def _times(context: Context, mapping: dict[str, Any], suffix: str) -> dict[str, Any]:
    """The form of dates and what an epoch counts, where there are any."""
    words = context.words
    time = mapping.get("time") or {}
    form: str | None = None
    clock: str | None = None
    left, right = st.columns(2)
    if time.get("local") or time.get("date"):
        titles = {pattern: words(f"ui.mapping.form.{name}") for pattern, name in FORMS}
        now = (time.get("formats") or [""])[0]
        titles.setdefault(now, now)
        options = list(titles)
        form = left.selectbox(
            words("ui.mapping.form"),
            options,
            index=options.index(now),
            key=f"form_{suffix}",
            format_func=titles.__getitem__,
        )
    if time.get("epoch_ms"):
        now = str(time.get("epoch_clock") or "utc")
        options = list(dict.fromkeys([*CLOCKS, now]))
        titles = {one: words(f"ui.mapping.clock.{one}") if one in ("utc", "local") else f"UTC{one}" for one in options}
        clock = right.selectbox(
            words("ui.mapping.counts"),
            options,
            index=options.index(now),
            key=f"clock_{suffix}",
            format_func=titles.__getitem__,
        )
    if form is not None and len(time.get("formats") or ()) > 1 and form == time["formats"][0]:
        form = None  # several forms were proposed, and nobody chose another
    return mappings.with_time(mapping, form=form, clock=clock)


def _own_columns(suffix: str) -> dict[str, dict[str, Any]]:
    return st.session_state.setdefault(f"qorgan.made.{suffix}", {})


def _make_column(context: Context, preview: Mapping[str, Any], suffix: str) -> None:
    """A column out of others: joined, cut, converted."""
    words = context.words
    with st.expander(words("ui.mapping.make")):
        how = st.selectbox(
            words("ui.mapping.rule"),
            RULES,
            key=f"rule_{suffix}",
            format_func=lambda one: words(f"ui.mapping.how.{one}"),
        )
        of = st.multiselect(
            words("ui.mapping.of"),
            list(preview.get("columns", ())),
            key=f"of_{suffix}",
            placeholder=words("ui.mapping.of_none"),
        )
        if st.button(words("ui.mapping.add"), key=f"make_{suffix}", disabled=not of):
            name = f"@{how}-{len(_own_columns(suffix)) + 1}"
            _own_columns(suffix)[name] = {"how": how, "of": list(of)}
            st.rerun()
        for rule in _own_columns(suffix).values():
            st.caption(mappings.made_title(rule, words))


def translate(
    context: Context, layer: LayerInfo, mapping: Mapping[str, Any], preview: Mapping[str, Any], *, suffix: str
) -> dict[str, Any]:
    """Codes of the file that the layer does not know, and those translated already; the mapping with the reader's answers."""
    words = context.words
    picks = mappings.picks_of(mapping)
    seen: dict[tuple[str, str], int] = st.session_state.setdefault(f"qorgan.unseen.{suffix}", {})
    seen.update(mappings.unseen_codes(preview, layer))
    shown = {(field, value): count for (field, value), count in seen.items() if field in picks}
    for field, table in (mapping.get("codes") or {}).items():
        if field in picks:
            shown.update({(field, value): 0 for value in table if (field, value) not in shown})
    if not shown:
        return dict(mapping)
    st.html(f"<h2 class='qorgan-h'>{escape(words('ui.mapping.codes'))}</h2>")
    st.caption(words("ui.mapping.unseen"))
    answers: dict[tuple[str, str], str | None] = {}
    columns = st.columns(3)
    ordered = sorted(shown.items(), key=lambda item: -item[1])[:MOST_CODES]
    for at, ((name, value), count) in enumerate(ordered):
        field = next((one for one in layer.fields if one.name == name), None)
        if field is None or not field.codes:
            continue
        now = (mapping.get("codes") or {}).get(name, {}).get(value)
        options: list[str | None] = [None, "", *field.codes]
        titles: dict[str | None, str] = {None: words("ui.mapping.not_translated"), "": words("ui.mapping.unknown_code")}
        titles.update(field.codes)
        much = f" · {words.number(count)}" if count else ""
        answers[(name, value)] = columns[at % 3].selectbox(
            f"{field.title}: «{reports.short(value)}»{much}",
            options,
            index=options.index(now) if now in options else 0,
            key=f"code_{suffix}_{name}_{value}",
            format_func=titles.__getitem__,
        )
    return mappings.with_codes(mapping, answers)
