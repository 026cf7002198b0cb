"""Editing of one record: what the form holds, what of it is new, and what may be drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from streamlit_app.gateway import LayerInfo
from streamlit_app.gateway.answers import Field, Json
from streamlit_app.map_component import DrawWish
from streamlit_app.services.cards import value_words
from streamlit_app.widgets import Row
from streamlit_app.words import Words

_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
# More corners than a hand moves one by one.
MOST_CORNERS: Final = 200
YES, NO = "true", "false"


@dataclass(frozen=True, kw_only=True)
class Editing:
    """A record being edited, or a new one.

    Parameters
    ----------
    row : None for a new record. version : the one the reader saw.
    before : values of the fields as they were. geometry : GeoJSON as it was, None = no place.
    token : new for each time the form is opened.
    """

    layer: str
    token: str
    row: str | None = None
    version: int = 0
    before: Json = field(default_factory=dict)
    geometry: Json | None = None
    moves: bool = False

    @property
    def is_new(self) -> bool:
        return self.row is None


def editing_of(layer: LayerInfo, record: Json, *, token: str) -> Editing:
    """The form of a record as the API gave it."""
    properties = record["properties"]
    return Editing(
        layer=layer.id,
        token=token,
        row=str(record["id"]),
        version=int(properties["version"]),
        before={one.name: properties.get(one.name) for one in layer.fields if one.name in properties},
        geometry=record.get("geometry"),
    )


def can_draw(layer: LayerInfo, geometry: Json | None) -> bool:
    """Whether the place can be moved by hand: points, and areas of one ring with few corners."""
    if layer.geometry == "Point":
        return True
    if layer.geometry != "MultiPolygon" or not layer.can_add:
        return False
    if geometry is None:
        return True
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return len(parts) == 1 and len(parts[0]) == 1 and len(parts[0][0]) <= MOST_CORNERS


def wish(editing: Editing, layer: LayerInfo) -> DrawWish | None:
    """What the map lets the reader draw; None while the place stays."""
    if not editing.moves:
        return None
    kind = "point" if layer.geometry == "Point" else "polygon"
    return DrawWish(kind="point" if kind == "point" else "polygon", token=editing.token, geometry=editing.geometry)


def changed(before: Json, after: Json) -> dict[str, Any]:
    """The fields that differ, with their new values."""
    return {name: value for name, value in after.items() if value != before.get(name)}


def place_of(layer: LayerInfo, drawn: Json | None) -> dict[str, Any]:
    """What is drawn as the API takes it; nothing where nothing is drawn."""
    if drawn is None:
        return {}
    return {"position": drawn["coordinates"]} if layer.geometry == "Point" else {"geometry": dict(drawn)}


def day_words(value: Any) -> str:
    """A stored day as it is written in a form, 31.05.2024; empty where it is not known."""
    return date.fromisoformat(str(value)[:10]).strftime("%d.%m.%Y") if value else ""


def day_of(written: str) -> str | None:
    """The day somebody wrote, ISO; what is no day goes on as it is, and the API says what is wrong with it."""
    bare = written.strip()
    found = _DAY.fullmatch(bare)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else bare or None


def edit_rows(edits: Sequence[Json], layer: LayerInfo, words: Words, *, zone: str) -> list[Row]:
    """Edits as rows of a table: when, who, what, why."""
    named = {one.name: one for one in layer.fields}
    rows = []
    for edit in edits:
        what = "; ".join(_told(edit, named, words))
        deed = words(f"ui.edit.deed.{edit['deed']}")
        rows.append(
            Row(
                id=str(edit["id"]),
                cells=(
                    words.moment(edit["at"], zone),
                    who(edit, words),
                    f"{deed}: {what}" if what else deed,
                    reason_words(str(edit.get("reason") or ""), words),
                ),
            )
        )
    return rows


def _told(edit: Json, named: Mapping[str, Field], words: Words) -> Iterator[str]:
    """What was changed; of a new record what it was entered with, of one taken away nothing."""
    for name, pair in edit["changes"].items():
        declared = named.get(name)
        if edit["deed"] == "changed":
            yield _change(pair, declared, words)
        elif edit["deed"] == "added" and declared is not None:
            yield f"{declared.title}: {value_words(pair[1], declared, words)}"


def who(edit: Json, words: Words) -> str:
    """Who did it; the administrator of one machine has no name of their own."""
    name = str(edit.get("principal") or edit["principal_id"])
    return words("ui.edit.local_administrator") if name == "local-administrator" else name


def reason_words(reason: str, words: Words) -> str:
    """Why; an edit that took another one back says so."""
    return words("ui.edit.reason.undo", edit=reason.removeprefix("undo:")) if reason.startswith("undo:") else reason


def _change(pair: Sequence[Any], declared: Field | None, words: Words) -> str:
    if declared is None:
        return words("ui.edit.moved")
    before, after = (value_words(value, declared, words) for value in pair)
    return f"{declared.title}: {before} → {after}"


def difference_rows(found: Json, layer: LayerInfo, words: Words) -> list[Row]:
    """Lines of a changed workbook: row, what, before and after, why it cannot be applied."""
    named: Mapping[str, Field] = {one.name: one for one in layer.fields}
    rows = []
    for line in found["lines"]:
        what = "; ".join(_change(pair, named.get(name), words) for name, pair in line["changes"].items())
        problems = " ".join(str(problem["text"]) for problem in line["problems"])
        rows.append(
            Row(
                id=str(line["row"]),
                cells=(
                    str(line["row"]),
                    words(f"ui.table_edit.kind.{line['kind']}"),
                    "—" if line["feature_id"] is None else f"№ {line['feature_id']}",
                    what,
                    problems,
                ),
                tone="bad" if line["problems"] else "",
            )
        )
    return rows
