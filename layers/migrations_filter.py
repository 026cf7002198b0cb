"""Which objects of the database are ours to migrate."""

from __future__ import annotations

import re
from typing import Any

PARTITION = re.compile(r"^(layer_\w+_w\d+|bulk_\d+)$")
FOREIGN = re.compile(r"^(procrastinate_\w+|spatial_ref_sys|geography_columns|geometry_columns|alembic_version)$")


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Partitions, PostGIS's and the queue's own tables are not ours."""
    return not (kind == "table" and name and (PARTITION.match(name) or FOREIGN.match(name)))


def include_object(item: Any, name: str | None, _kind: str, reflected: bool, _compare: Any) -> bool:  # noqa: FBT001 - alembic calls it so
    """Nor are the indexes and constraints on them."""
    owner = getattr(getattr(item, "table", None), "name", "") or ""
    foreign = PARTITION.match(owner) or FOREIGN.match(owner) or (name or "").startswith("procrastinate")
    return not (reflected and foreign)
