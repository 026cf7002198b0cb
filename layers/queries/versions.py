"""The version of what an answer depends on, as SQL for whoever asks in one round trip with the question itself.

``w`` is the row of the workspace; placeholders: slug, layers (ids).
"""

from __future__ import annotations

# Revisions one by one, never their maximum: two loads that overlap may commit in either order.
VERSION = (
    "(SELECT coalesce(string_agg(r.layer_id || ':' || r.revision, ',' ORDER BY r.layer_id), '') FROM layer_revision r "
    "WHERE r.workspace_id = w.id AND r.layer_id = ANY(%(layers)s))"
)
# Workspace id, stamp of its own row, version, fingerprint of the reader's rights; no row where the reader may not see it.
PASS = f"SELECT w.id, w.xmin::text, {VERSION}, qorgan_fingerprint() FROM workspace w WHERE w.slug = %(slug)s"  # noqa: S608
# The version with what answers say beside the rows: batches (licence, period), derivations, breaks.
FULL_PASS = (
    f"SELECT w.id, w.xmin::text, {VERSION} || '|' || "  # noqa: S608
    "(SELECT count(*) || ' ' || coalesce(max(b.finished_at)::text, '') FROM qorgan_loaded(w.id) b "
    "WHERE b.layer_id = ANY(%(layers)s)) || '|' || "
    "(SELECT coalesce(max(d.made_at)::text, '') FROM derived d WHERE d.workspace_id = w.id AND d.layer_id = ANY(%(layers)s)) "
    "|| '|' || (SELECT count(*) FROM registration_break g WHERE g.workspace_id = w.id AND g.layer_id = ANY(%(layers)s)), "
    "qorgan_fingerprint() FROM workspace w WHERE w.slug = %(slug)s"
)
