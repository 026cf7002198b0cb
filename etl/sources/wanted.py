"""Which attributes of a service a mapping needs: those are asked for, and nothing else ever."""

from __future__ import annotations

from dataclasses import dataclass, replace

from etl.sources.arcgis_layer import ServiceField, ServiceLayer
from geo_core.errors import InvalidInput
from layers.spec import Layer, SourceMapping

# Numbers of cases, streets with houses and free text of the Kazakh services: they point at a person and are never asked for.
IDENTIFIERS = frozenset({"ud", "fz1r18p5", "fz1r18p6", "fd1r17", "fd1r17_descrip"})
# "<attribute>_name" in a mapping is the name the service's code list has for the code in the attribute.
NAME = "_name"


@dataclass(frozen=True)
class Wanted:
    """What to ask a service for.

    Parameters
    ----------
    fields : attributes by the service's own spelling, the object id first.
    named : column made of a code list → the attribute with the codes.
    mapping : as it fits the service's answers: degrees, geometry from the answer, codes known by their names.
    """

    fields: tuple[str, ...]
    named: dict[str, str]
    mapping: SourceMapping


def columns_of(mapping: SourceMapping) -> tuple[str, ...]:
    """Every column of the source a mapping names."""
    time = mapping.time
    given: list[str | None] = [*mapping.columns.values(), mapping.source_id, mapping.lon, mapping.lat, mapping.wkt]
    if time is not None:
        given += [time.local, time.date, time.clock, time.hour, time.epoch_ms, time.month, time.end]
    for made in mapping.made.values():
        given += made.of
    given += [*mapping.struck_off, mapping.refresh_by]
    if mapping.grouping is not None:
        given += mapping.grouping.key
        for counted in mapping.grouping.counts.values():
            given += counted
    for columns in mapping.pseudonyms.values():
        given += columns
    return tuple(dict.fromkeys(name for name in given if name and name not in mapping.made))


def check_identifiers(mapping: SourceMapping) -> None:
    """Refuse a mapping that asks a service for what points at a person.

    Raises
    ------
    InvalidInput : ``service-identifier-column``.
    """
    pointing = sorted(name for name in columns_of(mapping) if name.casefold() in IDENTIFIERS)
    if pointing:
        raise InvalidInput("service-identifier-column", columns=pointing)


def choose(layer: Layer, mapping: SourceMapping, service: ServiceLayer) -> Wanted:
    """What to ask for with this mapping.

    Raises
    ------
    InvalidInput : ``service-identifier-column``: the mapping names a column that points at a person; ``missing-columns``: the
        service has none of the attributes a required field, or the time of an event, comes from; ``no-position-columns``.
    """
    check_identifiers(mapping)
    columns = columns_of(mapping)
    fields, named, absent = [service.object_id], {}, []
    for name in columns:
        found = service.field(name)
        base = service.field(name[: -len(NAME)]) if found is None and name.endswith(NAME) else None
        if found is not None:
            fields.append(found.name)
        elif base is not None and base.domain:
            fields.append(base.name)
            named[name] = base.name
        else:
            absent.append(name)
    _require(layer, mapping, service, set(absent))
    fitting = replace(
        mapping,
        codes=_codes(layer, mapping, service),
        attribution=mapping.attribution or service.attribution,
    )
    if service.geometry is not None and mapping.wkt is None:
        fitting = replace(fitting, lon=None, lat=None, crs="EPSG:4326")
    return Wanted(tuple(dict.fromkeys(fields)), named, fitting)


def refresh_field(mapping: SourceMapping, service: ServiceLayer) -> ServiceField | None:
    """The date attribute a refresh asks by: of entry, else of the event."""
    time = mapping.time.epoch_ms if mapping.time is not None else None
    for name in (mapping.refresh_by, time):
        found = service.field(name) if name else None
        if found is not None and found.type == "esriFieldTypeDate":
            return found
    return None


def _require(layer: Layer, mapping: SourceMapping, service: ServiceLayer, absent: set[str]) -> None:
    needed = {c for f, c in mapping.columns.items() if layer.field_named(f).required and f not in mapping.constants}
    missing = {
        column for need in needed for column in (mapping.made[need].of[:1] if need in mapping.made else (need,))
    } & absent
    time = mapping.time
    if layer.is_event and time is not None:
        starts = {
            c for c in (time.local, time.date, time.epoch_ms, time.month) if c is not None and c not in mapping.made
        }
        if starts and starts <= absent:
            missing |= starts
    if missing:
        raise InvalidInput("missing-columns", columns=sorted(missing), header=list(service.header)[:50])
    if layer.geometry == "Point" and service.geometry is None and mapping.lon is None and mapping.wkt is None:
        raise InvalidInput("no-position-columns", mapping=mapping.id, header=list(service.header)[:50])


def _codes(layer: Layer, mapping: SourceMapping, service: ServiceLayer) -> dict[str, dict[str, str]]:
    """The mapping's codes, and for codes it does not know those whose name in the service's own list is known."""
    out = {name: dict(table) for name, table in mapping.codes.items()}
    for name, column in mapping.columns.items():
        own, found = layer.field_named(name).codes, service.field(column)
        if own is None or found is None or not found.domain:
            continue
        table = out.setdefault(name, {})
        known = {code.casefold() for code in table} | set(own.fixable) | own.unknown
        by_name = {**dict(own.fixable), **{code.casefold(): ours for code, ours in table.items() if code != "*"}}
        for code, title in found.domain.items():
            key = title.strip().casefold()
            if code.casefold() in known:
                continue
            if key in by_name:
                table[code] = by_name[key]
            elif key in own.unknown:
                table[code] = ""
    return {name: table for name, table in out.items() if table}
