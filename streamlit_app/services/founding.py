"""A workspace to be made, from what the reader filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MOST_FILE_BYTES = 900_000  # what the API takes as one question


class BadFileError(ValueError):
    """The file of a border cannot be used; its text is the key of a sentence."""


def border_of(content: bytes) -> dict[str, Any]:
    """The GeoJSON document of a file.

    Raises
    ------
    BadFileError : it is too large, or no JSON object.
    """
    if len(content) > MOST_FILE_BYTES:
        raise BadFileError("ui.workspace.file_large")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadFileError("ui.workspace.file_unreadable") from error
    if not isinstance(found, dict):
        raise BadFileError("ui.workspace.file_unreadable")
    return found


def request(
    *,
    slug: str,
    titles: Mapping[str, str],
    zone: str,
    territory: Mapping[str, Any] | None,
    box: tuple[float, float, float, float] | None,
) -> dict[str, Any]:
    """The question to the API; empty titles are left out."""
    found: dict[str, Any] = {
        "slug": slug.strip(),
        "titles": {code: title.strip() for code, title in titles.items() if title.strip()},
        "zone": zone,
    }
    return found | ({"bbox": list(box)} if box is not None else {"territory": territory})
