"""A proposed mapping that readers change column by column; what they cannot see stays as it was proposed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from streamlit_app.gateway import LayerInfo
from streamlit_app.words import Words

Json = Mapping[str, Any]
POSITION = ("@lon", "@lat")
WKT = "@wkt"
TIME = ("@local", "@date", "@clock", "@hour", "@month", "@end", "@epoch_ms")
SOURCE_ID = "@source_id"
_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі",
        re.split(" ", "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh sh  y  e yu ya a g k n o u u h i"),
        strict=True,
    )
)


def targets(layer: LayerInfo) -> list[str]:
    """What a column of the file can become, in the order of the form; ``@`` marks what is no field."""
    times = TIME if layer.has_time else ()
    places = (*POSITION, WKT) if layer.kind != "table" else ()
    return [*places, *times, *(field.name for field in layer.fields), SOURCE_ID]


def target_title(target: str, layer: LayerInfo, words: Words) -> str:
    """The target in the reader's words, required ones marked."""
    if target.startswith("@"):
        return words(f"ui.mapping.{target[1:]}")
    field = next(one for one in layer.fields if one.name == target)
    return f"{field.title} *" if field.required else field.title


def picks_of(mapping: Json) -> dict[str, str]:
    """Target → column of a mapping."""
    time = mapping.get("time") or {}
    found = {f"@{name}": mapping.get(name) for name in ("lon", "lat", "wkt", "source_id")}
    found |= {target: time.get(target[1:]) for target in TIME}
    found |= dict(mapping.get("columns") or {})
    return {target: str(column) for target, column in found.items() if column}


def with_picks(mapping: Json, picks: Mapping[str, str | None], layer: LayerInfo) -> dict[str, Any]:
    """The mapping with these columns; code tables, units and clocks that were proposed stay."""
    made = {
        name: value
        for name, value in mapping.items()
        if name not in ("lon", "lat", "wkt", "source_id", "time", "columns")
    }
    made.setdefault("id", f"upload-{layer.id}")
    for target in (*POSITION, WKT, SOURCE_ID):
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
    if layer.geometry == "Point" and not has_geometry and not layer.has_time and not picks.get(WKT):
        missing += [target for target in POSITION if not picks.get(target)]
    if bool(picks.get("@lon")) != bool(picks.get("@lat")):
        missing += [target for target in POSITION if not picks.get(target)]
    return list(dict.fromkeys(missing))


def confidence_words(target: str, preview: Json, words: Words) -> str:
    """How sure the guess is, how it was made, and what has to be confirmed; nothing where there was no guess."""
    name = _proposal_name(target)
    given = (preview.get("confidence") or {}).get(name)
    told = [str(one["text"]) for one in preview.get("doubts") or () if one["target"] == name]
    if given is not None:
        level = "sure" if given >= 0.9 else "likely" if given >= 0.6 else "doubtful"
        reason = (preview.get("reasons") or {}).get(name)
        how = [words(f"ui.mapping.reason.{reason}")] if reason else []
        told = [words(f"ui.mapping.{level}"), *how, *told]
    return " ".join(told)


def level_of(target: str, preview: Json) -> str:
    """How sure a guess is: sure, likely or doubtful; nothing where nothing was proposed."""
    name = _proposal_name(target)
    given = (preview.get("confidence") or {}).get(name)
    if any(one["target"] == name for one in preview.get("doubts") or ()):
        return "doubtful"
    return "" if given is None else "sure" if given >= 0.9 else "likely" if given >= 0.6 else "doubtful"


def _proposal_name(target: str) -> str:
    """The proposal calls some targets otherwise than the mapping does."""
    return {"@source_id": "@id", "@local": "@time", "@epoch_ms": "@time"}.get(target, target)


def unseen_codes(preview: Json, layer: LayerInfo) -> dict[tuple[str, str], int]:
    """Codes of the first rows that the layer does not know: (field, value as the file writes it) → rows."""
    known = {field.name for field in layer.fields if field.codes}
    return {
        (str(one["field"]), str(one["value"])): int(one["count"])
        for one in preview.get("unseen") or ()
        if one["field"] in known
    }


def with_codes(mapping: Json, answers: Mapping[tuple[str, str], str | None]) -> dict[str, Any]:
    """The mapping with foreign codes translated: (field, value) → our code, "" = unknown, None = not translated."""
    codes = {field: dict(table) for field, table in (mapping.get("codes") or {}).items()}
    for (field, value), code in answers.items():
        if code is None:
            codes.get(field, {}).pop(value, None)
        else:
            codes.setdefault(field, {})[value] = code
    kept = {field: table for field, table in codes.items() if table}
    bare = {name: value for name, value in mapping.items() if name != "codes"}
    return {**bare, "codes": kept} if kept else bare


def with_values(mapping: Json, *, units: Mapping[str, str], constants: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping with units and constants; what is empty is left out."""
    made = {name: value for name, value in mapping.items() if name not in ("units", "constants")}
    return made | ({"units": dict(units)} if units else {}) | ({"constants": dict(constants)} if constants else {})


def with_made(mapping: Json, extra: Mapping[str, Json]) -> dict[str, Any]:
    """The mapping with the columns a reader had made; those that nothing uses are left out."""
    used = set(picks_of(mapping).values())
    made = {name: dict(rule) for name, rule in {**(mapping.get("made") or {}), **extra}.items() if name in used}
    bare = {name: value for name, value in mapping.items() if name != "made"}
    return {**bare, "made": made} if made else bare


def with_time(mapping: Json, *, form: str | None, clock: str | None) -> dict[str, Any]:
    """The mapping with the form of its dates ("" = found by itself, None = as it is) and what its epoch counts."""
    time = dict(mapping.get("time") or {})
    if not time:
        return dict(mapping)
    if form is not None:
        time.pop("formats", None)
        if form:
            time["formats"] = [form]
    if clock is not None:
        time["epoch_clock"] = clock
    return {**mapping, "time": time}


def with_reference(mapping: Json, crs: str, *, turned: bool) -> dict[str, Any]:
    """The mapping in another coordinate system; ``turned`` swaps longitude and latitude."""
    made = {**mapping, "crs": crs}
    if turned and made.get("lon") and made.get("lat"):
        made["lon"], made["lat"] = made["lat"], made["lon"]
    return made


def made_title(rule: Json, words: Words) -> str:
    """A made column in words: «координаты» → first half."""
    of = " + ".join(f"«{column}»" for column in rule.get("of") or ())
    how = words(f"ui.mapping.how.{rule.get('how')}")
    return f"{of} → {how}"


def name_for(file_name: str) -> str:
    """A name a mapping may have, out of the name of a file: small Latin letters, digits and hyphens."""
    stem = file_name.rsplit(".", 1)[0].casefold()
    letters = "".join(_LATIN.get(letter, letter) for letter in stem)
    plain = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:60].strip("-")
    return plain or "mapping"
