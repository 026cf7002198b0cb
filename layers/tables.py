"""Tables beside the layers: workspaces, rights, batches, history, audit, jobs, derived links, plans."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from layers.rows import Base

FEATURE_IDS = Sequence("feature_id_seq", metadata=Base.metadata, data_type=BigInteger)
REVISIONS = Sequence("revision_seq", metadata=Base.metadata, data_type=BigInteger)


class Workspace(Base):
    """A territory with its time zone, projection and settings; everything belongs to one."""

    __tablename__ = "workspace"
    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    titles: Mapped[dict[str, str]] = mapped_column(JSONB)
    zone: Mapped[str] = mapped_column(Text, comment="IANA time zone; it knows its own changes by date")
    metric_crs: Mapped[str] = mapped_column(Text, comment="local metric projection as a PROJ string")
    languages: Mapped[list[str]] = mapped_column(JSONB, server_default=text("""'["kk", "ru", "en"]'"""))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    is_synthetic: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    root_territory_id: Mapped[int | None] = mapped_column(Integer)


class Territory(Base):
    """A polygon rights are granted for; a territory includes its descendants."""

    __tablename__ = "territory"
    __table_args__ = (
        Index("ix_territory_geom", "geom", postgresql_using="gist"),
        UniqueConstraint("workspace_id", "code"),
    )
    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(Text)
    titles: Mapped[dict[str, str]] = mapped_column(JSONB)
    geom: Mapped[Any] = mapped_column(Geometry("MultiPolygon", srid=4326, spatial_index=False))


class RegistrationBreak(Base):
    """A date across which counts of a layer must not be compared."""

    __tablename__ = "registration_break"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))


class Principal(Base):
    """Who asks: a person, a service, or the local administrator of a one-machine installation."""

    __tablename__ = "principal"
    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    subject: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text)
    token_sha256: Mapped[str | None] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class RoleGrant(Base):
    """A role in a territory. ``rank``: 1 viewer, 2 analyst, 3 editor, 4 administrator."""

    __tablename__ = "role_grant"
    principal_id: Mapped[int] = mapped_column(ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True)
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    rank: Mapped[int] = mapped_column(SmallInteger)


class LayerRevision(Base):
    """The change counter of one layer in one workspace; part of every ETag and cache key."""

    __tablename__ = "layer_revision"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Batch(Base):
    """One import: where it came from, what became of it."""

    __tablename__ = "batch"
    __table_args__ = (Index("ix_batch_workspace", "workspace_id", "layer_id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    layer_id: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, comment="loading | loaded | failed | undone")
    principal_id: Mapped[int] = mapped_column(Integer)
    source_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    licence: Mapped[str] = mapped_column(Text)
    attribution: Mapped[str] = mapped_column(Text)
    retrieved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_synthetic: Mapped[bool] = mapped_column(Boolean)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    day_from: Mapped[date | None] = mapped_column(Date)
    day_to: Mapped[date | None] = mapped_column(Date)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RejectedRow(Base):
    """A row that was not loaded, as it was read, with every reason; and, once it was mended and loaded, what became of it."""

    __tablename__ = "rejected_row"
    __table_args__ = (
        Index("ix_rejected_row_mended", "mended_batch_id", postgresql_where=text("mended_batch_id IS NOT NULL")),
    )
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    row_number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(Integer)
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reasons: Mapped[list[Any]] = mapped_column(JSONB)
    mended_batch_id: Mapped[int | None] = mapped_column(BigInteger)
    mended_by: Mapped[int | None] = mapped_column(Integer)
    mended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mended_reason: Mapped[str] = mapped_column(Text, server_default=text("''"))
    mended_raw: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class IdentityOriginal(Base):
    """What a pseudonym stands for, where an administrator's mapping keeps it; read by administrators of the whole workspace only."""

    __tablename__ = "identity_original"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    target: Mapped[str] = mapped_column(Text, primary_key=True)
    pseudonym: Mapped[str] = mapped_column(Text, primary_key=True)
    original: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"))
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class RowHistory(Base):
    """What a row was before an edit or an import changed it. ``before`` is NULL for a row an edit created."""

    __tablename__ = "row_history"
    __table_args__ = (
        Index("ix_row_history_row", "workspace_id", "layer_id", "row_id"),
        Index("ix_row_history_batch", "batch_id"),
        Index("ix_row_history_removed", "workspace_id", "layer_id", postgresql_where=text("deed = 'removed'")),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(Integer)
    layer_id: Mapped[str] = mapped_column(Text)
    row_id: Mapped[int] = mapped_column(BigInteger)
    territory_id: Mapped[int] = mapped_column(Integer)
    batch_id: Mapped[int | None] = mapped_column(BigInteger, comment="the batch that changed it; NULL for an edit")
    principal_id: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text, server_default=text("''"))
    deed: Mapped[str] = mapped_column(Text, server_default=text("'changed'"), comment="changed | added | removed")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Audit(Base):
    """Append-only: who read records or changed anything, when. Nobody can update or delete it."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "at"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    principal_id: Mapped[int] = mapped_column(Integer)
    workspace_id: Mapped[int | None] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(Text)
    layer_id: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class Job(Base):
    """Long work: what, for whom, how far. The queue itself is procrastinate's; this is what a reader sees."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_workspace", "workspace_id", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    principal_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text, server_default=text("'queued'"))
    progress: Mapped[float] = mapped_column(Double, server_default=text("0"))
    doing: Mapped[str] = mapped_column(Text, server_default=text("''"), comment="text key of the current step")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    time_limit_s: Mapped[int] = mapped_column(Integer, server_default=text("3600"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    heartbeat_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SourceConnection(Base):
    """A service a layer is brought up to date from, by a schedule, with the rights of whoever connected it."""

    __tablename__ = "source_connection"
    __table_args__ = (UniqueConstraint("workspace_id", "layer_id", "url", "condition"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    layer_id: Mapped[str] = mapped_column(Text)
    principal_id: Mapped[int] = mapped_column(Integer)
    url: Mapped[str] = mapped_column(Text)
    condition: Mapped[str] = mapped_column(Text, server_default=text("''"))
    source_name: Mapped[str] = mapped_column(Text, server_default=text("''"))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    is_synthetic: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    every_hours: Mapped[int] = mapped_column(Integer)
    at_local: Mapped[str | None] = mapped_column(Text, comment="HH:MM in the workspace's zone; NULL = whenever")
    overlap_days: Mapped[float] = mapped_column(Double)
    full_every_days: Mapped[int] = mapped_column(Integer)
    next_run_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(
        Text, server_default=text("'waiting'"), comment="waiting | queued | running | done | failed"
    )
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    full_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), comment="when everything was last read")
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="in a row")
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    newest_ms: Mapped[int | None] = mapped_column(
        BigInteger, comment="greatest date of entry met, as the service counts"
    )
    newest_id: Mapped[int | None] = mapped_column(BigInteger, comment="greatest object id met")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class EventUnit(Base):
    """The street segment an event lies on (nearest within reach), kept incrementally by the derivation."""

    __tablename__ = "event_unit"
    __table_args__ = (Index("ix_event_unit_unit", "workspace_id", "layer_id", "unit_id"),)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    unit_id: Mapped[int | None] = mapped_column(BigInteger, comment="NULL = no segment within reach")
    distance_m: Mapped[float | None] = mapped_column(Double)
    territory_id: Mapped[int] = mapped_column(Integer)
    row_version: Mapped[int] = mapped_column(Integer, comment="of the event when it was linked")


class CellShare(Base):
    """A derived area measure of a res-11 cell, as numerator and denominator so that parents are exact sums."""

    __tablename__ = "cell_share"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    cell: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    numerator: Mapped[float | None] = mapped_column(Double, comment="NULL = unknown")
    denominator: Mapped[float] = mapped_column(Double)
    territory_id: Mapped[int] = mapped_column(Integer)


class SegmentShare(Base):
    """A derived length measure of a street segment (seen length, potential length)."""

    __tablename__ = "segment_share"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    segment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    numerator: Mapped[float | None] = mapped_column(Double)
    denominator: Mapped[float] = mapped_column(Double)
    territory_id: Mapped[int] = mapped_column(Integer)


class Derived(Base):
    """When a derived layer was last made, and from which revisions of its inputs."""

    __tablename__ = "derived"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    inputs: Mapped[dict[str, int]] = mapped_column(JSONB)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class SearchName(Base):
    """A name by which something is found: kept by ``layers.naming``, read through ``qorgan_search`` alone.

    ``part``: 0 = a row or a street of one name, 1 = the number of a road. ``row_id``: the row, or one of its rows. ``language``: of
    the name, "" = not said. ``fold``: ``geo_core.names.fold`` of it. ``rank``: least role that may read the layer's records.
    ``stamp``: of the rows it was made from.
    """

    __tablename__ = "search_name"
    __table_args__ = (
        Index("ix_search_name_start", "workspace_id", "fold"),
        # the shortest names that begin with one or two letters
        Index("ix_search_name_short", "workspace_id", text('"left"(fold, 1)'), text("length(fold)"), "fold"),
        Index("ix_search_name_fold", "fold", postgresql_using="gin", postgresql_ops={"fold": "gin_trgm_ops"}),
    )
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    nth: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    fold: Mapped[str] = mapped_column(Text(collation="C"))
    lon: Mapped[float] = mapped_column(Double)
    lat: Mapped[float] = mapped_column(Double)
    west: Mapped[float] = mapped_column(Double)
    south: Mapped[float] = mapped_column(Double)
    east: Mapped[float] = mapped_column(Double)
    north: Mapped[float] = mapped_column(Double)
    territory_id: Mapped[int] = mapped_column(Integer)
    rank: Mapped[int] = mapped_column(SmallInteger)
    stamp: Mapped[int] = mapped_column(BigInteger)


class Plan(Base):
    """A placement plan with its certificate."""

    __tablename__ = "plan"
    __table_args__ = (Index("ix_plan_workspace", "workspace_id", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    territory_id: Mapped[int] = mapped_column(Integer)
    principal_id: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    certificate: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sites: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="GeoJSON of the chosen sites")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
