"""The registry is frozen and whole; every layer keeps the rules all others rely on."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Date, Double, Integer, SmallInteger, Text

from geo_core.errors import NotFound
from layers import highway_classes, registry
from layers.registry import Registry
from layers.rows import EventRow, FeatureRow
from layers.spec import Aggregation, FieldType, LayerKind, Role
from layers.staging import DEFAULTED, copied_columns, kind_of

LAYERS = registry.load()
EACH = pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
STORED = {
    FieldType.TEXT: Text,
    FieldType.CODE: Text,
    FieldType.INTEGER: Integer,
    FieldType.REAL: Double,
    FieldType.BOOLEAN: Boolean,
    FieldType.DATE: Date,
}


def test_every_folder_of_the_catalogue_is_a_layer():
    folders = {p.parent.name for p in Path(registry.catalog.__path__[0]).glob("*/spec.py")}
    assert set(LAYERS) == folders
    assert len(LAYERS) == len(folders)


def test_layers_come_in_the_order_of_the_picker():
    assert [layer.order for layer in LAYERS.values()] == sorted(layer.order for layer in LAYERS.values())


def test_an_unknown_layer_is_refused_by_name():
    with pytest.raises(NotFound) as refused:
        LAYERS["crime"]
    assert refused.value.code == "unknown-layer"
    assert "crimes" in refused.value.params["known"]
    assert "crime" not in LAYERS


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        LAYERS["crimes"] = LAYERS["lamps"]
    with pytest.raises(TypeError):
        LAYERS._layers["x"] = LAYERS["lamps"]
    with pytest.raises(AttributeError):
        LAYERS["crimes"].order = 1


def test_two_layers_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two layers are called 'lamps'"):
        Registry([LAYERS["lamps"], LAYERS["lamps"]])


def test_a_layer_that_depends_on_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="which is not a layer"):
        Registry([LAYERS["street_segments"]])


def test_layers_that_depend_on_each_other_are_refused():
    segments, coverage = LAYERS["street_segments"], LAYERS["camera_coverage"]
    ring = replace(segments, derivation=replace(segments.derivation, depends_on=("camera_coverage",)))
    others = [layer for layer in LAYERS.values() if layer is not segments]
    with pytest.raises(ValueError, match="in a ring"):
        Registry([*others, ring]).derived_in_order()
    assert [layer.id for layer in LAYERS.derived_in_order()] == [segments.id, "completeness", coverage.id]


@EACH
def test_every_field_has_a_column_of_its_kind_and_unknown_is_null(layer):
    columns = layer.model.__table__.columns
    assert layer.model.__tablename__ == layer.table
    for field in layer.fields:
        column = columns[field.name]
        assert isinstance(column.type, STORED[field.type]), field.name
        assert column.server_default is None, f"{field.name}: unknown must not become a default"
        if not field.required and layer.kind is not LayerKind.DERIVED:
            assert column.nullable, field.name
        if field.minimum is not None and field.maximum is not None:
            assert field.minimum < field.maximum


@EACH
def test_every_column_is_a_field_or_common_to_all(layer):
    base = EventRow if layer.is_event else FeatureRow
    assert issubclass(layer.model, base)
    common = {name for cls in (FeatureRow, EventRow) for name in cls.__annotations__} | {"geom"}
    own = {column.name for column in layer.model.__table__.columns} - common
    links = {"camera_id"} if layer.id == "camera_coverage" else set()
    assert own == {field.name for field in layer.fields} | links


@EACH
def test_the_geometry_of_the_table_is_the_declared_one(layer):
    column = layer.model.__table__.columns["geom"]
    assert column.type.geometry_type == layer.geometry.upper()
    assert column.type.srid == 4326
    if layer.kind is not LayerKind.DERIVED:
        assert column.nullable == layer.keeps_unplaced, (
            "only events, tables and layers that say so may have no position"
        )


@EACH
def test_measures_are_made_of_what_is_there(layer):
    names = [field.name for field in layer.fields]
    for measure in layer.measures:
        if measure.aggregation is Aggregation.SHARE:
            assert measure.numerator
            assert measure.denominator
        elif measure.column is not None:
            assert measure.column in names
            assert layer.field_named(measure.column).type in {FieldType.INTEGER, FieldType.REAL}
    assert len({m.name for m in layer.measures}) == len(layer.measures)


@EACH
def test_tiles_and_zooms_name_only_what_may_be_shown(layer):
    for name in layer.tile_fields:
        assert not layer.field_named(name).restricted
    if layer.category_min_zoom:
        good = layer.field_named(layer.category_field).codes.good
        assert set(layer.category_min_zoom) <= set(good)
    if layer.category_field is not None:
        assert layer.field_named(layer.category_field).codes is not None


@EACH
def test_sources_give_every_required_field_and_their_codes_are_ours(layer):
    if layer.kind is LayerKind.DERIVED:
        assert layer.sources == ()
        return
    own = layer.sources[0]
    assert own.id == f"qorgan-{layer.id}"
    assert set(own.columns) == {field.name for field in layer.fields}, "our own format carries every field"
    assert len({source.id for source in layer.sources}) == len(layer.sources)
    for source in layer.sources:
        given = set(source.columns) | set(source.constants)
        assert {field.name for field in layer.fields if field.required} <= given, source.id
        for name, table in source.codes.items():
            assert set(table.values()) - {""} <= set(layer.field_named(name).codes.good)
        assert source.signature or source.where, f"{source.id} could not be proposed"
        assert source.licence


@EACH
def test_derived_layers_name_a_function_that_exists(layer):
    if layer.derivation is None:
        return
    module, function = layer.derivation.run.split(":")
    assert callable(getattr(importlib.import_module(module), function))
    assert module.startswith(f"layers.catalog.{layer.id}.")


@EACH
def test_the_style_colours_every_class(layer):
    assert all(0 <= part <= 255 for colour in layer.style.palette for part in colour)
    assert len(set(layer.style.palette)) == len(layer.style.palette)


@EACH
def test_a_load_writes_every_column_that_has_no_default(layer):
    columns = layer.model.__table__.columns
    assert set(copied_columns(layer)) == {column.name for column in columns} - DEFAULTED
    kinds = {kind_of(column.type) for column in columns if column.name != "geom"}
    assert kinds <= {"int2", "int4", "int8", "float8", "bool", "date", "timestamptz", "text", "text[]"}
    assert not any(isinstance(c.type, SmallInteger) and kind_of(c.type) != "int2" for c in columns)


def test_records_that_may_point_at_people_are_for_analysts():
    open_ = {layer.id for layer in LAYERS.values() if layer.records_role is Role.VIEWER}
    assert open_.isdisjoint({"crimes", "accidents", "cameras", "camera_coverage"})


def test_roads_and_segments_speak_of_the_same_classes():
    for layer_id in ("roads", "street_segments"):
        assert LAYERS[layer_id].field_named("highway_class").codes is highway_classes.HIGHWAY_CLASSES
