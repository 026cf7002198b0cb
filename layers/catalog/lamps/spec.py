"""What the layer ``lamps`` is."""

from layers.catalog.lamps.model import Lamp
from layers.catalog.lamps.source import SOURCES
from layers.device_states import STATES
from layers.palettes import LIGHT
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="lamps",
    kind=LayerKind.DEVICE,
    geometry="Point",
    model=Lamp,
    category_field="status",
    fields=(
        Field(
            name="status",
            type=FieldType.CODE,
            codes=Codes(good=("works", "broken", "unknown"), fixable=STATES),
            required=True,
        ),
        Field(name="height_m", type=FieldType.REAL, minimum=1, maximum=60, fill=True),
        Field(name="power_w", type=FieldType.REAL, minimum=1, maximum=3000, fill=True),
        Field(name="flux_lm", type=FieldType.REAL, minimum=50, maximum=500000, fill=True),
        Field(
            name="light_source", type=FieldType.CODE, codes=Codes(good=("led", "sodium", "mercury", "other", "unknown"))
        ),
        Field(name="part_night", type=FieldType.BOOLEAN),
    ),
    measures=(Measure(name="count", unit="1", aggregation=Aggregation.SUM),),
    style=Style(palette=LIGHT, geometry_rgb=(254, 196, 79)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("unknown_is_not_lit",),
    order=40,
)
