"""The declaration of a layer, from which table, importer, API, legend, texts and docs are made.

A layer's texts are never written here: every title, description and code has a path key in the layer's
``locales`` (``layer.<id>.title``, ``layer.<id>.field.<name>``, ``layer.<id>.code.<field>.<code>``,
``layer.<id>.measure.<name>``, ``layer.<id>.warning.<name>``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class LayerKind(StrEnum):
    """What the rows of a layer are."""

    EVENT = "event"  # happened somewhere at some time
    DEVICE = "device"  # stands somewhere and works or not
    PLACE = "place"  # a kind of place
    AREA = "area"  # a polygon with attributes
    NETWORK = "network"  # lines with topology
    BACKDROP = "backdrop"  # drawn below, no measures
    TABLE = "table"  # rows without a place: prices, contacts
    DERIVED = "derived"  # computed from other layers


class Role(StrEnum):
    """Who may see or change; each includes those before it."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"

    @property
    def rank(self) -> int:
        return list(Role).index(self) + 1


class FieldType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    CODE = "code"  # one of the field's code list; unseen codes are refused by name
    DATE = "date"


@dataclass(frozen=True, kw_only=True)
class Codes:
    """A closed list of codes: good ones, spellings that are mended, values that mean unknown.

    Parameters
    ----------
    good : the codes stored.
    fixable : foreign spelling (compared casefolded and stripped) → good code.
    unknown : foreign spellings that mean "not known" and become NULL.
    sensitive : good ones whose single records may point at a victim: readers below ``Role.EDITOR`` get neither their exact position nor
        their restricted fields. Only the codes of a layer's ``category_field`` are looked at.
    """

    good: tuple[str, ...]
    fixable: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if len(set(self.good)) != len(self.good):
            raise ValueError("codes repeat")
        if not self.sensitive <= set(self.good):
            raise ValueError("a sensitive code is not a code")
        table = {good.casefold(): good for good in self.good}
        for spelling, good in self.fixable.items():
            if good not in self.good:
                raise ValueError(f"{spelling!r} is mended to {good!r}, which is not a code")
            table.setdefault(spelling.strip().casefold(), good)
        object.__setattr__(self, "fixable", MappingProxyType(table))
        object.__setattr__(self, "unknown", frozenset(u.strip().casefold() for u in self.unknown))


@dataclass(frozen=True, kw_only=True)
class Field:
    """One attribute column of a layer.

    Parameters
    ----------
    name : column name; the unit ends it (``height_m``, ``azimuth_deg``).
    type : how it is stored and parsed.
    minimum, maximum : inclusive valid range; a value outside rejects the row with the reason ``out-of-range``.
    required : a row without it is rejected with the reason ``missing-value``.
    restricted : may point at a person or a secret; readers below ``Role.ANALYST`` never get it.
    fill : True where a value out of range is kept as unknown with a flag instead of rejecting the row
        (a camera with a silly height is still a camera).
    """

    name: str
    type: FieldType = FieldType.TEXT
    minimum: float | None = None
    maximum: float | None = None
    codes: Codes | None = None
    required: bool = False
    restricted: bool = False
    fill: bool = False

    def __post_init__(self) -> None:
        if (self.type is FieldType.CODE) != (self.codes is not None):
            raise ValueError(f"{self.name}: a code field, and only that, has codes")


class Aggregation(StrEnum):
    """How a measure of cells becomes the measure of their parent."""

    SUM = "sum"
    SHARE = "share"  # sum of numerators / sum of denominators
    DENSITY = "density"  # sum / sum of geodesic areas


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number of a cell, segment or area.

    Parameters
    ----------
    name : the unit ends it; the same name is the same quantity in every layer.
    unit : UCUM-like unit shown to readers ("1", "1/km2", "m").
    aggregation : how it goes up the cell tree.
    column : for sums over rows, the column summed; None counts rows.
    numerator, denominator : for a share, the stored columns.
    """

    name: str
    unit: str
    aggregation: Aggregation
    column: str | None = None
    numerator: str | None = None
    denominator: str | None = None


@dataclass(frozen=True, kw_only=True)
class Style:
    """How the map and the legend draw a layer: both from the same breaks.

    Parameters
    ----------
    breaks : upper bounds of all classes but the last, increasing; empty = from the data's quantiles.
    palette : one RGB per class (len(breaks) + 1), or the ramp quantile classes are taken from.
    geometry_rgb : colour of single features.
    """

    palette: tuple[tuple[int, int, int], ...]
    breaks: tuple[float, ...] = ()
    geometry_rgb: tuple[int, int, int] = (90, 90, 90)

    def __post_init__(self) -> None:
        if self.breaks and len(self.palette) != len(self.breaks) + 1:
            raise ValueError("a palette has one colour more than it has breaks")
        if list(self.breaks) != sorted(set(self.breaks)):
            raise ValueError("breaks must increase")
        if not 2 <= len(self.palette) <= 7:
            raise ValueError("two to seven classes")


@dataclass(frozen=True, kw_only=True)
class TimeSource:
    """How a source writes the time of an event. Give the columns that exist; order of trust is as below.

    Parameters
    ----------
    local : text column with local wall-clock date and time (``formats`` are strptime patterns; ISO 8601 always tried).
    date, clock : a date column and a column with HH:MM (or HHMM without leading zeros).
    hour : a column that knows only the hour ("14", "14:00-15:00"); with a date the time is known to the hour, with a month
        only the hour of the day is known.
    epoch_ms : epoch in milliseconds (seconds are recognised by size and reported).
    epoch_clock : what the epoch counts: "utc", "local" (wall clock stored as if UTC: the KPSSU crime layer) or a fixed
        offset such as "+06:00" (midnight there: the KPSSU accident layer; only the day is taken, with ``clock`` for the time).
    month : a column with YYYY-MM: the day and hour stay unknown.
    end : column with the end of an interval, same format as ``local``.
    zone : the zone of ``local`` when it is not the workspace's.
    """

    local: str | None = None
    date: str | None = None
    clock: str | None = None
    hour: str | None = None
    epoch_ms: str | None = None
    epoch_clock: str = "utc"
    month: str | None = None
    end: str | None = None
    formats: tuple[str, ...] = ()
    zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class TableReading:
    """How a file is cut into rows and columns, where it must be said; what is None is found out from the file.

    Parameters
    ----------
    encoding : of a text file, as Python names it ("cp1251", "utf-8"), or of the values of a shapefile.
    delimiter : one character; two blanks stand for runs of two or more, one blank for runs of any length.
    decimal : "," or "."; the other one and blanks then part thousands.
    sheet : of a workbook, or the table of a GeoPackage.
    header_row : line of the column names (of their first line), 1 = the first of the file or sheet, blank ones counted.
    header_rows : how many lines the column names take.
    member : the file inside an archive, by its path there or by its name.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    header_rows: int | None = None
    member: str | None = None


class How(StrEnum):
    """How a column is made out of others."""

    JOINED = "joined"  # texts one after another, blanks left out
    DATE = "date"  # year, month and perhaps day as numbers
    FIRST_OF_PAIR = "first-of-pair"  # "52.28, 76.95" → 52.28
    SECOND_OF_PAIR = "second-of-pair"
    DEGREES = "degrees"  # 52°17′06″ N → 52.285
    KILOMETRES = "kilometres"  # "85+300" → 85.3
    BEARING = "bearing"  # "NE", "С-В" → 45
    NUMBER = "number"  # the first number of a text
    BEFORE = "before"  # what stands before the first ``by``: "Алатау ауданы, Алматы" → "Алатау ауданы"
    LAST = "last"  # the last column that has something: names of a table whose rows are indented by columns
    ARTICLE = "article"  # "ст.188 ч.3 п.2", "1880" → 188/3/2
    ARTICLE_CATEGORY = "article-category"  # the category of the layer crimes
    ARTICLE_IN_TEXT = (
        "article-in-text"  # the article the last text names, "Кража (ст.188)" → 188; nothing where it names none
    )
    GRAVITY = "gravity"  # hard_code, transgression → gravity


@dataclass(frozen=True, kw_only=True)
class Made:
    """A column made out of columns of the source, before anything else is read.

    Parameters
    ----------
    how : the rule. of : source columns in the order of the rule. by : what joins or parts texts.
    """

    how: How
    of: tuple[str, ...]
    by: str = " "


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """How several rows of a source become one record: a crash with a row per casualty.

    Rows with equal values in all ``key`` columns are one record, wherever they stand in the file. A row that has none of them is a
    record of its own. What is neither counted nor ranked is taken from the first row that has it; where rows of a group
    say different things the record carries the flag ``group-conflict``.

    Parameters
    ----------
    key : source columns that are the same in every row of a record.
    counts : integer field → {source column: values}; the field is how many rows of the group have one of the values there.
    worst : field → values of its source column as the source writes them, worst first; the worst of the group is taken. A value
        that is not listed comes after those that are.
    together : source column → what joins the different values its rows have, in the order they come.
    first : source columns of which the first row's value is meant, though rows differ (a street by the first of its points).
    """

    key: tuple[str, ...]
    counts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    worst: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    together: Mapping[str, str] = field(default_factory=dict)
    first: tuple[str, ...] = ()


class NearDuplicates(StrEnum):
    """What becomes of a row that looks like an earlier one of the same file under another key (see ``etl.near_duplicates``)."""

    FLAG = "flag"  # loaded with the flag ``duplicate-suspected``
    REJECT_LATER = "reject-later"  # the later row goes to the quarantine as ``near-duplicate``


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """A settlement's name, resolved to its code of the classifier (layer ``kato_units``).

    Parameters
    ----------
    name : source column with the name as people typed it.
    oblast : source column with a code whose last two digits are those of the oblast in the classifier (KPSSU: "1971" → 71).
    """

    name: str
    oblast: str | None = None


@dataclass(frozen=True, kw_only=True)
class SourceMapping:
    """How one kind of source becomes rows of a layer. A ``--mapping`` file is this, as JSON.

    Parameters
    ----------
    id : stable name (``kpssu-accidents``, ``police-uk``).
    columns : field name → source column.
    constants : field name → value for every row.
    lon, lat : source columns; None when the file carries geometry.
    crs : EPSG code of the source's coordinates ("EPSG:4326").
    source_id : column with the source's own key; None = content hash + ordinal among equals.
    time : for events.
    codes : field name → {foreign code: our code}; added to the field's own list. "" as our code means unknown; the foreign
        code "*" stands for every other one.
    made : name → column made out of others; wherever a column of the source may be named, such a name may be.
    wkt : column with geometries as well-known text, in ``crs``.
    units : field name → the unit the source writes ("km", "ft", "mph"), where nothing stands behind the number.
    scale, offset : field name → factor and what is added after it, for units without a name.
    signature : columns that, when all present, propose this mapping.
    defaults_zero : fields where the source's empty value is documented to mean 0.
    where : OSM tag filter, ``{"highway": ("street_lamp",)}`` (values empty = any), for PBF sources. Such sources offer, beside
        the tags, the columns ``osm_id`` ("n12", "w7", "r3"), ``osm_kind`` (the tag that passed the filter, "amenity=school")
        and, for networks split at shared nodes, ``from_node`` and ``to_node``.
    struck_off : source column → values that say the record was struck off the register ({"discontinued": ("1",)}): such a row is not
        loaded, and one that is stored already is removed, its former state kept with the batch.
    refresh_by : date column a service is asked by for what is new since the last time (the date of entry, not of the event).
    reading : how the file is cut into rows and columns; None = found out from the file.
    settlements : field name → the name in the source its code is found by.
    licence, attribution : travel with every batch.
    grouping : for sources with several rows per record.
    near_duplicates : what becomes of the same card met twice under two keys.
    pseudonyms : text field, or ``source_id`` → source columns that identify a person or a case directly. A keyed pseudonym of them is
        stored in their place, equal for equal values, so that records can be matched.
    keep_original : the values behind the pseudonyms are kept in the table only administrators of the whole workspace read.
    """

    id: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    lon: str | None = None
    lat: str | None = None
    crs: str = "EPSG:4326"
    made: Mapping[str, Made] = field(default_factory=dict)
    wkt: str | None = None
    source_id: str | None = None
    time: TimeSource | None = None
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    offset: Mapping[str, float] = field(default_factory=dict)
    signature: frozenset[str] = frozenset()
    defaults_zero: frozenset[str] = frozenset()
    where: Mapping[str, tuple[str, ...]] | None = None
    struck_off: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refresh_by: str | None = None
    reading: TableReading | None = None
    settlements: Mapping[str, Settlement] = field(default_factory=dict)
    licence: str = "not stated"
    attribution: str = ""
    grouping: Grouping | None = None
    near_duplicates: NearDuplicates = NearDuplicates.FLAG
    pseudonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep_original: bool = False


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """What a derived layer is made of.

    Parameters
    ----------
    depends_on : layer ids; a batch in one of them makes the derivation stale where it touches.
    run : dotted name ``package.module:function`` of the runner, called as ``run(context)``.
    """

    depends_on: tuple[str, ...]
    run: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """Everything there is to know about a layer but its texts and its rows.

    Parameters
    ----------
    id : snake_case plural, also the folder; the table is ``layer_<id>``.
    geometry : "Point", "MultiLineString", "LineString", "MultiPolygon". Of a table "Point", which no row ever has.
    position_optional : points that are kept, with a flag, when their place is not known (a post known by road and kilometre). Events
        are always so.
    enables : the layer has a text ``layer.<id>.enables``: what its rows make possible, said where it is empty.
    records_role : the least role that may read single records.
    category_field : the code field by which events and places are filtered.
    deaths_field : the field that counts the dead; an event with any is severe, whatever its ``severity`` says.
    warnings : keys of usage warnings that travel to API and legend.
    min_zoom : tiles hold nothing below this zoom. category_min_zoom : category → its own, higher one.
    tile_fields : fields tiles carry beside the category.
    retention_days : None = kept until deleted.
    """

    id: str
    kind: LayerKind
    geometry: str
    fields: tuple[Field, ...]
    measures: tuple[Measure, ...]
    style: Style
    model: type[Any]
    sources: tuple[SourceMapping, ...] = ()
    derivation: Derivation | None = None
    records_role: Role = Role.ANALYST
    category_field: str | None = None
    deaths_field: str | None = None
    warnings: tuple[str, ...] = ()
    retention_days: int | None = None
    min_zoom: int = 12
    category_min_zoom: Mapping[str, int] = field(default_factory=dict)
    tile_fields: tuple[str, ...] = ()
    position_optional: bool = False
    enables: bool = False
    order: int = 100
    folder: str = ""

    def __post_init__(self) -> None:
        names = [f.name for f in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.id}: fields repeat")
        if self.category_field is not None and self.category_field not in names:
            raise ValueError(f"{self.id}: category field {self.category_field!r} is not a field")
        if self.deaths_field is not None and self.deaths_field not in names:
            raise ValueError(f"{self.id}: field of the dead {self.deaths_field!r} is not a field")
        if (self.kind is LayerKind.DERIVED) != (self.derivation is not None):
            raise ValueError(f"{self.id}: derived layers, and only they, have a derivation")
        if self.geometry != "Point" and (self.position_optional or self.kind is LayerKind.TABLE):
            raise ValueError(f"{self.id}: only points may be missing")
        for source in self.sources:
            unknown = set(source.columns) - set(names)
            if unknown:
                raise ValueError(f"{self.id}/{source.id}: maps to unknown fields {sorted(unknown)}")

    @property
    def table(self) -> str:
        """Name of the layer's table."""
        return f"layer_{self.id}"

    @property
    def is_event(self) -> bool:
        return self.kind is LayerKind.EVENT

    @property
    def has_place(self) -> bool:
        """Whether rows may lie somewhere; those of a table do not."""
        return self.kind is not LayerKind.TABLE

    @property
    def keeps_unplaced(self) -> bool:
        """Whether a row without a position is kept (with a flag, unless none could have one)."""
        return self.is_event or self.position_optional or not self.has_place

    def field_named(self, name: str) -> Field:
        """The field of that name.

        Raises
        ------
        KeyError : no such field.
        """
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)
