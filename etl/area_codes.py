"""Names and codes of areas that do not tell one from another: what only the whole of a load, and the classifier, can say.

====================  =====================================================================================================
flag                  rule
====================  =====================================================================================================
name-repeated         another area of the batch, of the same kind, has the same name in the same language
code-repeated         another area of the batch, of the same kind, has the same code
code-of-another-name  the classifier (layer ``kato_units``) has no such code, or calls its unit by none of the area's names
====================  =====================================================================================================

Nothing is changed: which of two areas is right is told by who knows them.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from sqlalchemy import Connection

from etl.kato.classifier import CODE_LENGTH
from etl.kato.names import read_name
from layers import registry
from layers.doubting import flag_repeated, flag_rows
from layers.queries.run import mappings
from layers.spec import Layer, LayerKind
from layers.workspaces import WorkspaceInfo

NAMES: Final = ("name", "name_kk", "name_ru", "name_en")
CODE: Final = "code"


def note_areas(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, batch_id: int, flagged: Counter[str]
) -> None:
    """Flag the batch's areas whose names or codes are not theirs alone; ``flagged`` is brought up to date."""
    fields = {field.name for field in layer.fields}
    if layer.kind is not LayerKind.AREA:
        return
    names = tuple(name for name in NAMES if name in fields)
    flagged["name-repeated"] += flag_repeated(
        connection, layer=layer, workspace_id=workspace.id, batch_id=batch_id, columns=names, flag="name-repeated"
    )
    if CODE in fields:
        flagged["code-repeated"] += flag_repeated(
            connection, layer=layer, workspace_id=workspace.id, batch_id=batch_id, columns=(CODE,), flag="code-repeated"
        )
        foreign = _of_another_name(connection, workspace, layer, batch_id, names)
        flagged["code-of-another-name"] += flag_rows(
            connection,
            layer=layer,
            workspace_id=workspace.id,
            batch_id=batch_id,
            ids=foreign,
            flag="code-of-another-name",
        )


def _of_another_name(
    connection: Connection, workspace: WorkspaceInfo, layer: Layer, batch_id: int, names: tuple[str, ...]
) -> list[int]:
    """Areas with a code of the classifier's form that is not the one of their name."""
    units = mappings(
        connection,
        f"SELECT code, name_ru, name_kk FROM {registry.load()['kato_units'].table} WHERE workspace_id = %(ws)s",  # noqa: S608
        {"ws": workspace.id},
    )
    if not units:
        return []
    called = {unit["code"]: {_folded(unit["name_ru"]), _folded(unit["name_kk"])} - {""} for unit in units}
    areas = mappings(
        connection,
        f"SELECT id, {CODE}, {', '.join(names)} FROM {layer.table} WHERE workspace_id = %(ws)s AND batch_id = %(batch)s "  # noqa: S608
        f"AND length({CODE}) = %(digits)s",
        {"ws": workspace.id, "batch": batch_id, "digits": CODE_LENGTH},
    )
    return [
        area["id"]
        for area in areas
        if not called.get(area[CODE], set()) & ({_folded(area[name]) for name in names} - {""})
    ]


def _folded(name: str | None) -> str:
    return read_name(name or "").text
