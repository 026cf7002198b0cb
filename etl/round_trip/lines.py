"""One line of a changed workbook: what it does to its record, or why it cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from etl.round_trip.columns import ID, LAT, LON, REMOVE, SAME_DEG, SOURCE_ID, VERSION, Column, Unreadable
from etl.round_trip.workbook import SheetRow
from geo_core.errors import QorganError
from layers.editing.values import checked
from layers.spec import Layer

Problem = tuple[str, dict[str, Any]]


class Kind(StrEnum):
    """What a line of the sheet does."""

    CHANGE = "change"
    ADD = "add"
    REMOVE = "remove"
    CONFLICT = "conflict"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line that does something or cannot.

    Parameters
    ----------
    row : number of the line in the sheet. feature_id : None for a new record.
    version : of the record as it is now. changes : field → [before, after]; the place as ``position``.
    problems : (code, params) of everything that keeps it from being applied; the sentence is ``error.<code>``.
    """

    row: int
    kind: Kind
    feature_id: int | None
    version: int
    changes: Mapping[str, list[Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass
class LineReader:
    """Reads the lines of one sheet against the records as they are (``now``) and as they were (``then``: by id and version)."""

    layer: Layer
    columns: Mapping[str, Column]
    now: Mapping[int, Mapping[str, Any]]
    then: Mapping[tuple[int, int], Mapping[str, Any]]
    seen: set[int] = field(default_factory=set)

    def line(self, row: SheetRow, feature_id: int | None) -> Line | None:
        """What the line does; None = nothing."""
        said, problems = self._read(row)
        if feature_id is None:
            if said.get(ID) is None and row.cells.get(ID) in (None, ""):
                return self._added(row, said, problems)
            return _fault(row, None, [*problems, ("sheet-unknown-record", {"id": str(row.cells.get(ID))[:40]})])
        if feature_id in self.seen:
            return _fault(row, feature_id, [("sheet-repeated-record", {"id": feature_id})])
        self.seen.add(feature_id)
        record = self.now.get(feature_id)
        if record is None:
            return _fault(row, feature_id, [("sheet-unknown-record", {"id": feature_id})])
        if problems:
            return _fault(row, feature_id, problems)
        return self._changed(row, feature_id, record, said)

    def _read(self, row: SheetRow) -> tuple[dict[str, Any], list[Problem]]:
        said: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, cell in row.cells.items():
            try:
                said[name] = self.columns[name].read(cell)
                if self.columns[name].declared is not None and said[name] is not None:
                    checked(self.layer, name, said[name])
            except (Unreadable, QorganError) as fault:
                problems.append((fault.code, {"field": name, **fault.params}))
        return said, problems

    def _added(self, row: SheetRow, said: dict[str, Any], problems: list[Problem]) -> Line | None:
        values = {name: value for name, value in said.items() if self._is_field(name) and value is not None}
        place = [said.get(LON), said.get(LAT)]
        if self.layer.is_event:
            problems.append(("events-come-from-registers", {"layer": self.layer.id}))
        if None in place and self.layer.has_place:
            problems.append(("place-not-given", {}))
        problems += [
            ("missing-value", {"field": f.name}) for f in self.layer.fields if f.required and f.name not in values
        ]
        if problems:
            return _fault(row, None, problems)
        changes = {name: [None, value] for name, value in values.items()}
        if self.layer.has_place:
            changes["position"] = [None, place]
        return Line(row=row.number, kind=Kind.ADD, feature_id=None, version=0, changes=changes)

    def _changed(self, row: SheetRow, feature_id: int, record: Mapping[str, Any], said: dict[str, Any]) -> Line | None:
        properties, version = record["properties"], int(record["properties"]["version"])
        base = (
            self._values(record)
            if said.get(VERSION) == version
            else self.then.get((feature_id, said.get(VERSION) or 0))
        )
        if base is None:
            return _fault(row, feature_id, [("sheet-version-lost", {"id": feature_id})])
        if said.get(REMOVE):
            stale: tuple[Problem, ...] = () if said.get(VERSION) == version else (("version-conflict", {}),)
            kind = Kind.CONFLICT if stale else Kind.REMOVE
            return Line(row=row.number, kind=kind, feature_id=feature_id, version=version, problems=stale)
        if SOURCE_ID in said and said[SOURCE_ID] != properties["source_id"]:
            return _fault(row, feature_id, [("sheet-fixed-column", {"column": SOURCE_ID})])
        today = self._values(record)
        changes: dict[str, list[Any]] = {}
        problems: list[Problem] = []
        for name in self._fields(said):
            if _same(said[name], base.get(name)) or _same(said[name], today[name]):
                continue
            if not _same(base.get(name), today[name]):
                problems.append(("sheet-both-changed", {"field": name, "now": str(today[name])}))
            if said[name] is None and self.layer.field_named(name).required:
                problems.append(("missing-value", {"field": name}))
            changes[name] = [today[name], said[name]]
        changes |= self._moved(said, base, today, problems)
        if not changes:
            return None
        both = any(code == "sheet-both-changed" for code, _ in problems)
        kind = Kind.CONFLICT if both else Kind.FAULT if problems else Kind.CHANGE
        return Line(
            row=row.number,
            kind=kind,
            feature_id=feature_id,
            version=version,
            changes=changes,
            problems=tuple(problems),
        )

    def _moved(
        self, said: Mapping[str, Any], base: Mapping[str, Any], today: Mapping[str, Any], problems: list[Problem]
    ) -> dict[str, list[Any]]:
        if LON not in said:
            return {}
        place, was, now = ([values.get(LON), values.get(LAT)] for values in (said, base, today))
        if _near(place, was) or _near(place, now):
            return {}
        lon, lat = place
        if lon is None or lat is None:
            problems.append(("place-not-given", {}))
        elif not (-180 <= lon <= 180 and -90 <= lat <= 90):
            problems.append(("coordinates-not-degrees", {}))
        if not _near(was, now):
            problems.append(("sheet-both-changed", {"field": "position", "now": str(now)}))
        return {"position": [now, place]}

    def _values(self, record: Mapping[str, Any]) -> dict[str, Any]:
        place = (record["geometry"] or {}).get("coordinates") if self.layer.geometry == "Point" else None
        lon, lat = place or (None, None)
        return {**record["properties"], LON: lon, LAT: lat}

    def _fields(self, said: Mapping[str, Any]) -> list[str]:
        return [name for name in said if self._is_field(name)]

    def _is_field(self, name: str) -> bool:
        return self.columns[name].declared is not None


def _fault(row: SheetRow, feature_id: int | None, problems: list[Problem]) -> Line:
    return Line(row=row.number, kind=Kind.FAULT, feature_id=feature_id, version=0, problems=tuple(problems))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return (
            one is not None and other is not None and abs(float(one) - float(other)) <= 1e-9 * max(1.0, abs(float(one)))
        )
    return bool(one == other) or (one in (None, "") and other in (None, ""))


def _near(one: list[Any], other: list[Any]) -> bool:
    if None in one or None in other:
        return one == other
    return all(abs(a - b) <= SAME_DEG for a, b in zip(one, other, strict=True))
