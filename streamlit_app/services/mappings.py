"""A proposed mapping that readers change column by column; what they cannot see stays as it was proposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamlit_app.gateway import LayerInfo
from streamlit_app.words import Words

Json = Mapping[str, Any]
POSITION = ("@lon", "@lat")
TIME = ("@local", "@date", "@clock", "@month", "@end", "@epoch_ms")
SOURCE_ID = "@source_id"


def targets(layer: LayerInfo) -> list[str]:
    """What a column of the file can become, in the order of the form; ``@`` marks what is no field."""
    times = TIME if layer.has_time else ()
    return [*POSITION, *times, *(field.name for field in layer.fields), SOURCE_ID]


def target_title(target: str, layer: LayerInfo, words: Words) -> str:
    """The target in the reader's words, required ones marked."""
    if target.startswith("@"):
        return words(f"ui.mapping.{target[1:]}")
    field = next(one for one in layer.fields if one.name == target)
    return f"{field.title} *" if field.required else field.title


def picks_of(mapping: Json) -> dict[str, str]:
    """Target → column of a mapping."""
    time = mapping.get("time") or {}
    found = {f"@{name}": mapping.get(name) for name in ("lon", "lat", "source_id")}
    found |= {target: time.get(target[1:]) for target in TIME}
    found |= dict(mapping.get("columns") or {})
    return {target: str(column) for target, column in found.items() if column}


def with_picks(mapping: Json, picks: Mapping[str, str | None], layer: LayerInfo) -> dict[str, Any]:
    """The mapping with these columns; code tables, units and clocks that were proposed stay."""
    made = {
        name: value for name, value in mapping.items() if name not in ("lon", "lat", "source_id", "time", "columns")
    }
    made.setdefault("id", f"upload-{layer.id}")
    for target in (*POSITION, SOURCE_ID):
        if picks.get(target):
            made[target[1:]] = picks[target]
    made["columns"] = {field.name: picks[field.name] for field in layer.fields if picks.get(field.name)}
    proposed = dict(mapping.get("time") or {})
    kept = {name: value for name, value in proposed.items() if f"@{name}" not in TIME}
    time = {target[1:]: picks[target] for target in TIME if picks.get(target)}
    if time:
        made["time"] = {**kept, **time}
    return made


def lacking(picks: Mapping[str, str | None], layer: LayerInfo, *, constants: Json, has_geometry: bool) -> list[str]:
    """Targets without which the file cannot be loaded."""
    missing = [
        field.name
        for field in layer.fields
        if field.required and not picks.get(field.name) and field.name not in constants
    ]
    if layer.geometry == "Point" and not has_geometry and not layer.has_time:
        missing += [target for target in POSITION if not picks.get(target)]
    if bool(picks.get("@lon")) != bool(picks.get("@lat")):
        missing += [target for target in POSITION if not picks.get(target)]
    return list(dict.fromkeys(missing))


def confidence_words(target: str, preview: Json, words: Words) -> str:
    """How the guess was made, so that a doubtful one is looked at."""
    given = (preview.get("confidence") or {}).get(_proposal_name(target))
    if given is None:
        return ""
    if given >= 0.9:
        return words("ui.mapping.sure")
    return words("ui.mapping.likely" if given >= 0.6 else "ui.mapping.doubtful")


def _proposal_name(target: str) -> str:
    """The proposal calls some targets otherwise than the mapping does."""
    return {"@source_id": "@id", "@local": "@time", "@epoch_ms": "@time"}.get(target, target)


def unseen_codes(preview: Json, layer: LayerInfo) -> list[tuple[str, str]]:
    """Codes of the first rows that the layer does not know: (field, value as the file writes it)."""
    known = {field.name for field in layer.fields if field.codes}
    found = [
        (str(params["field"]), str(params["value"]))
        for row in preview.get("rejected") or ()
        for reason in row["reasons"]
        if reason["code"] == "unseen-code"
        and (params := reason.get("params") or {}).get("field") in known
        and params.get("value") is not None
    ]
    return list(dict.fromkeys(found))


def with_codes(mapping: Json, answers: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The mapping with foreign codes translated: (field, value) → our code."""
    codes = {field: dict(table) for field, table in (mapping.get("codes") or {}).items()}
    for (field, value), code in answers.items():
        codes.setdefault(field, {})[value] = code
    return {**mapping, "codes": codes} if codes else dict(mapping)
