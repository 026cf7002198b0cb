"""Charts as plain HTML: no script, nothing asked from anywhere, readable by a screen reader, printable."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import i18n
from streamlit_app.words import Words

_CLASSES = 5
_EVERY_HOUR = 3


def heat_table(hours: Sequence[Sequence[float]], words: Words) -> str:
    """Hour × weekday, Monday first, coloured by count.

    Parameters
    ----------
    hours : seven lists of 24 counts; not whole where events known to an interval are shared out over its hours.
    """
    most = max((max(row) for row in hours), default=0)
    head = "".join(f"<th scope=col>{hour:02d}</th>" if hour % _EVERY_HOUR == 0 else "<th></th>" for hour in range(24))
    body = []
    for weekday, row in enumerate(hours, start=1):
        name = i18n.weekday_name(weekday, words.language)
        cells = "".join(
            f'<td class="q{_class(count, most)}" title="{escape(_told(name, hour, count, words))}">'
            f'<span class="qorgan-unseen">{escape(_counted(count, words))}</span></td>'
            for hour, count in enumerate(row)
        )
        short = i18n.weekday_name(weekday, words.language, short=True)
        body.append(f"<tr><th scope=row>{escape(short)}</th>{cells}</tr>")
    return (
        f'<table class="qorgan-heat"><caption>{escape(words("ui.chart.hours"))}</caption>'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def bars(months: Sequence[tuple[str, int]], words: Words) -> str:
    """Counts per month as columns; the first, the last and every January are named.

    Parameters
    ----------
    months : ("2024-05", count), in order, without gaps.
    """
    most = max((count for _, count in months), default=0)
    columns = []
    for at, (month, count) in enumerate(months):
        year, number = (int(part) for part in month.split("-"))
        told = f"{i18n.month_name(number, words.language)} {year}: {words.number(count)}"
        is_end = at in (0, len(months) - 1)
        is_named = is_end or (number == 1 and at > 2 and len(months) - at > 3)
        label = f"<i>{number:02d}.{year % 100:02d}</i>" if is_named else ""
        high = 0 if most == 0 else max(round(100 * count / most, 1), 1.5 if count else 0)
        columns.append(
            f'<li title="{escape(told)}"><b style="height:{high}%"></b>{label}<span class="qorgan-unseen">{escape(told)}</span></li>'
        )
    return (
        f'<figure class="qorgan-bars"><figcaption>{escape(words("ui.chart.months"))}'
        f" <small>{escape(words('ui.chart.most', n=most))}</small></figcaption><ol>{''.join(columns)}</ol></figure>"
    )


def shares_bar(parts: Sequence[tuple[str, int, str]], words: Words) -> str:
    """One bar cut into parts: (title, count, look), look one of dark, light, unknown, seen."""
    total = sum(count for _, count, _ in parts)
    if total == 0:
        return ""
    pieces = "".join(
        f'<b class="{look}" style="width:{100 * count / total:.2f}%"></b>' for _, count, look in parts if count
    )
    legend = "".join(
        f'<li><b class="{look}"></b>{escape(title)}: {escape(words.share(count, total))}</li>'
        for title, count, look in parts
    )
    return f'<div class="qorgan-parts"><div aria-hidden="true">{pieces}</div><ul>{legend}</ul></div>'


def _class(count: float, most: float) -> int:
    """0 for none, else 1–5 by equal steps up to the most."""
    return 0 if count == 0 or most == 0 else max(1, min(1 + int(_CLASSES * (count - 1) / max(most, 1)), _CLASSES))


def _told(weekday: str, hour: int, count: float, words: Words) -> str:
    return f"{weekday}, {i18n.hour_range(hour, hour)}: {_counted(count, words)}"


def _counted(count: float, words: Words) -> str:
    """Whole counts as they are, shares of events with one decimal."""
    return words.number(int(count)) if float(count).is_integer() else words.number(round(count, 1))
