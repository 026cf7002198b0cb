"""Look ↔ query parameters: typed and bounded. What does not fit is left out, piece by piece; nothing is ever executed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar
from urllib.parse import urlencode

import i18n
from streamlit_app.address.look import Camera, Days, Hours, Look, PlaceKind, Selection, Tool, Unit

T = TypeVar("T")

THEMES = ("light", "dark")
LONGEST_VALUE = 600
MOST_LISTED = 40
LOWEST_LEVEL, HIGHEST_LEVEL = 7, 11
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CELL = re.compile(r"[0-9a-f]{15,16}")
_ID = re.compile(r"[1-9][0-9]{0,18}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 12, 31)


def encode(look: Look) -> dict[str, str]:
    """Query parameters; what is as by default is left out, so that links stay short."""
    camera = look.camera
    found = {
        "w": look.workspace,
        "v": "" if camera is None else f"{camera.longitude:.5f},{camera.latitude:.5f},{camera.zoom:.2f}",
        "l": "" if look.layers is None else ",".join(look.layers) or "-",
        "s": look.subject,
        "m": look.measure,
        "u": "" if look.unit is Unit.CELLS else look.unit.value,
        "r": "" if look.level is None else str(look.level),
        "k": look.area_kind,
        "d": _days_out(look.days),
        "h": "" if look.hours is None else f"{look.hours.first}-{look.hours.last}",
        "wd": "" if look.weekdays is None else "".join(map(str, sorted(look.weekdays))),
        "dk": "" if look.dark is None else ("dark" if look.dark else "light"),
        "c": ";".join(f"{layer}:{','.join(codes)}" for layer, codes in sorted(look.categories.items()) if codes),
        "p": ""
        if look.selection is None
        else ":".join(part for part in (look.selection.kind.value, look.selection.layer, look.selection.id) if part),
        "t": "" if look.tool is Tool.PLACE else look.tool.value,
        "b": _days_out(look.before),
        "a": _days_out(look.after),
        "plan": "" if look.plan is None else str(look.plan),
        "lang": look.language or "",
        "theme": look.theme or "",
    }
    return {name: value for name, value in found.items() if value}


def decode(params: Mapping[str, str]) -> Look:
    """The look a link describes. A piece that is hostile, too long or out of range counts as not given."""

    def read(name: str, parse: Callable[[str], T | None], default: T) -> T:
        given = params.get(name)
        if not given or len(given) > LONGEST_VALUE:
            return default
        try:
            found = parse(given)
        except (ValueError, OverflowError):
            return default
        return default if found is None else found

    return Look(
        workspace=read("w", _name, ""),
        camera=read("v", _camera, None),
        layers=read("l", lambda given: () if given == "-" else _names(given, ","), None),
        subject=read("s", _name, ""),
        measure=read("m", _name, ""),
        unit=read("u", Unit, Unit.CELLS),
        level=read("r", _level, None),
        area_kind=read("k", _name, ""),
        days=read("d", _days_in, None),
        hours=read("h", _hours, None),
        weekdays=read("wd", _weekdays, None),
        dark=read("dk", {"dark": True, "light": False}.get, None),
        categories=read("c", _categories, {}),
        selection=read("p", _selection, None),
        tool=read("t", Tool, Tool.PLACE),
        before=read("b", _days_in, None),
        after=read("a", _days_in, None),
        plan=read("plan", lambda given: int(given) if _ID.fullmatch(given) else None, None),
        language=read("lang", lambda given: given if given in i18n.LANGUAGES else None, None),
        theme=read("theme", lambda given: given if given in THEMES else None, None),
    )


def _name(given: str) -> str | None:
    return given if _NAME.fullmatch(given) else None


def _names(given: str, mark: str) -> tuple[str, ...] | None:
    parts = given.split(mark)
    if len(parts) > MOST_LISTED or not all(_NAME.fullmatch(part) for part in parts):
        return None
    return tuple(dict.fromkeys(parts))


def _camera(given: str) -> Camera | None:
    longitude, latitude, zoom = (float(part) for part in given.split(","))
    inside = -180 <= longitude <= 180 and -85 <= latitude <= 85 and 0 <= zoom <= 22
    if not inside or not all(map(math.isfinite, (longitude, latitude, zoom))):
        return None
    return Camera(longitude=longitude, latitude=latitude, zoom=zoom)


def _level(given: str) -> int | None:
    level = int(given) if given.isascii() and given.isdigit() else -1
    return level if LOWEST_LEVEL <= level <= HIGHEST_LEVEL else None


def _days_out(days: Days | None) -> str:
    return "" if days is None else f"{days.first.isoformat()}..{days.last.isoformat()}"


def _days_in(given: str) -> Days | None:
    first, last = given.split("..")
    if not (_DAY.fullmatch(first) and _DAY.fullmatch(last)):
        return None
    days = Days(date.fromisoformat(first), date.fromisoformat(last))
    return days if _EARLIEST <= days.first <= days.last <= _LATEST else None


def _hours(given: str) -> Hours | None:
    match = re.fullmatch(r"([0-9]{1,2})-([0-9]{1,2})", given)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    return Hours(first, last) if max(first, last) <= 23 else None


def _weekdays(given: str) -> frozenset[int] | None:
    return frozenset(map(int, given)) if re.fullmatch(r"[1-7]{1,7}", given) else None


def _categories(given: str) -> dict[str, tuple[str, ...]] | None:
    found: dict[str, tuple[str, ...]] = {}
    for part in given.split(";")[:MOST_LISTED]:
        layer, _, codes = part.partition(":")
        names = _names(codes, ",")
        if _name(layer) and names:
            found[layer] = names
    return found or None


def _selection(given: str) -> Selection | None:
    word, *rest = given.split(":")
    kind = PlaceKind(word)
    match (kind, rest):
        case (PlaceKind.FEATURE, [layer, row]) if _NAME.fullmatch(layer) and _ID.fullmatch(row):
            return Selection(kind=kind, layer=layer, id=row)
        case (PlaceKind.CELL, [cell]) if _CELL.fullmatch(cell):
            return Selection(kind=kind, id=cell)
        case (PlaceKind.SEGMENT | PlaceKind.AREA, [row]) if _ID.fullmatch(row):
            return Selection(kind=kind, id=row)
        case _:
            return None


def as_link(base: str, look: Look) -> str:
    """An address that opens this look. ``base``: the page's own address; its query is replaced."""
    return f"{base.split('?', maxsplit=1)[0].split('#', maxsplit=1)[0]}?{urlencode(encode(look), safe=',:;.')}"
