"""The last step of an import, when all rows are in their place: what only the whole of them can tell."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from etl.area_codes import note_areas
from etl.doubts import POSITION_DOUBTFUL, SHARED_POINT
from etl.guarded import GuardedSource
from etl.intake import Reading
from etl.near_duplicates import WITHIN_M, WITHIN_SAME_DAY_M
from etl.surroundings import Surroundings
from layers.doubting import flag_met_before, flag_points, write_flagged
from layers.originals import keep_originals
from layers.queries.quality_places import places_nearby
from layers.spec import Layer
from layers.workspaces import WorkspaceInfo


def surroundings_of(connection: Connection, workspace: WorkspaceInfo, layer: Layer) -> Surroundings | None:
    """What positions of a layer are judged by; None where there is nothing, or the layer is not one of event points."""
    if not layer.is_event or layer.geometry != "Point":
        return None
    nearby = places_nearby(connection, workspace)
    return None if nearby.is_empty else Surroundings(nearby)


def settle_batch(
    connection: Connection,
    workspace: WorkspaceInfo,
    layer: Layer,
    batch_id: int,
    reading: Reading,
    flagged: Counter[str],
    *,
    was_empty: bool,
) -> None:
    """Note what the whole batch tells, and keep what its pseudonyms stand for; ``flagged`` is brought up to date.

    Parameters
    ----------
    was_empty : the layer held nothing before: nobody can have been met.
    """
    before = dict(flagged)
    shared = reading.doubts.shared
    if shared is not None and len(shared.rows):
        for flag in (SHARED_POINT, POSITION_DOUBTFUL):
            flagged[flag] += flag_points(
                connection,
                layer,
                workspace.id,
                batch_id,
                lon_steps=shared.lon_steps.tolist(),
                lat_steps=shared.lat_steps.tolist(),
                flag=flag,
            )
    if layer.is_event and layer.geometry == "Point" and not was_empty:
        flagged["duplicate-suspected"] += flag_met_before(
            connection,
            layer,
            workspace.id,
            batch_id,
            flag="duplicate-suspected",
            within_m=WITHIN_M,
            within_same_day_m=WITHIN_SAME_DAY_M,
        )
    note_areas(connection, workspace, layer, batch_id, flagged)
    for flag in [flag for flag, count in flagged.items() if not count]:
        del flagged[flag]
    if dict(flagged) != before:
        write_flagged(connection, batch_id, flagged)
    if isinstance(reading.source, GuardedSource):
        keep_originals(connection, workspace, layer, batch_id, reading.source.originals)
