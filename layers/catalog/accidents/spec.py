"""What the layer ``accidents`` is."""

from layers.catalog.accidents.model import Accident
from layers.catalog.accidents.source import SOURCES
from layers.palettes import HARM
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Style

LAYER = Layer(
    id="accidents",
    kind=LayerKind.EVENT,
    geometry="Point",
    model=Accident,
    category_field="category",
    deaths_field="killed",
    fields=(
        Field(
            name="category",
            type=FieldType.CODE,
            codes=Codes(
                good=("collision", "rollover", "parked", "obstacle", "pedestrian", "cyclist", "animal", "other")
            ),
            required=True,
        ),
        Field(name="severity", type=FieldType.CODE, codes=Codes(good=("fatal", "injury", "damage"))),
        Field(name="killed", type=FieldType.INTEGER, minimum=0, maximum=500),
        Field(name="injured", type=FieldType.INTEGER, minimum=0, maximum=1000),
        Field(
            name="light",
            type=FieldType.CODE,
            codes=Codes(good=("day", "dusk", "night"), fixable={"день": "day", "сумерки": "dusk", "ночь": "night"}),
        ),
        Field(
            name="street_light",
            type=FieldType.CODE,
            codes=Codes(
                good=("on", "off", "none"), fixable={"включено": "on", "не включено": "off", "отсутствует": "none"}
            ),
        ),
        Field(name="surface"),
        Field(name="weather"),
        Field(name="defects"),
        Field(name="setting"),
        Field(name="road_ref"),
        Field(name="km", type=FieldType.REAL, minimum=0, maximum=4000, fill=True),
        Field(name="district_code"),
        Field(name="settlement"),
        Field(name="settlement_kato"),
    ),
    measures=(
        Measure(name="count", unit="1", aggregation=Aggregation.SUM),
        Measure(name="killed", unit="1", aggregation=Aggregation.SUM, column="killed"),
        Measure(name="injured", unit="1", aggregation=Aggregation.SUM, column="injured"),
        Measure(name="count_per_km2", unit="1/km2", aggregation=Aggregation.DENSITY),
    ),
    style=Style(palette=HARM, geometry_rgb=(165, 15, 21)),
    sources=SOURCES,
    warnings=("casualty_accidents_only",),
    order=20,
)
