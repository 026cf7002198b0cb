"""A table whose rows can be chosen with mouse and keyboard; every word in it is the page's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from streamlit_app.widgets.parts import nothing, renderer


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column. ``help`` is said when the pointer or the focus is on its title."""

    title: str
    align: Literal["start", "end"] = "start"
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of texts; ``faded`` = its numbers stand on little, ``tone`` "bad" marks a fault."""

    id: str
    cells: tuple[str, ...]
    faded: bool = False
    tone: Literal["", "bad"] = ""


def table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    key: str,
    caption: str,
    selected: str | None = None,
    is_selectable: bool = False,
    height_px: int | None = None,
    on_pick: Callable[[], None] | None = None,
) -> str | None:
    """Draw the table; the id of the row picked in this very run, None in every other.

    Parameters
    ----------
    caption : said to screen readers.
    height_px : above it the body scrolls; None = as high as it is.
    """
    state = renderer("table")(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [asdict(row) for row in rows],
            "caption": caption,
            "selected": selected,
            "selectable": is_selectable,
            "height_px": height_px,
        },
        on_pick_change=on_pick or nothing,
    )
    picked = state.get("pick")
    return None if picked is None else str(picked)
