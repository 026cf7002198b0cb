"""What the layer ``traffic_counts`` is."""

from layers.catalog.traffic_counts.model import TrafficCount
from layers.catalog.traffic_counts.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="traffic_counts",
    kind=LayerKind.PLACE,
    geometry="Point",
    model=TrafficCount,
    category_field="method",
    fields=(
        Field(
            name="method",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "counter",
                    "manual",
                    "model",
                    "floating",
                    "unknown",
                )
            ),
            required=True,
        ),
        Field(name="aadt_veh", type=FieldType.REAL, required=True, minimum=0, maximum=1000000),
        Field(name="heavy_share", type=FieldType.REAL, minimum=0, maximum=1, fill=True),
        Field(name="year", type=FieldType.INTEGER, required=True, minimum=1950, maximum=2100),
        Field(name="counted_days", type=FieldType.INTEGER, minimum=1, maximum=366, fill=True),
        Field(
            name="direction",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "both",
                    "forward",
                    "backward",
                    "unknown",
                )
            ),
        ),
        Field(name="road_ref"),
        Field(name="road_name"),
        Field(name="km", type=FieldType.REAL, minimum=0, maximum=5000, fill=True),
    ),
    measures=(Measure(name="count", unit="1", aggregation=Aggregation.SUM),),
    style=Style(palette=QUIET, geometry_rgb=(99, 99, 99)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("years_differ",),
    min_zoom=8,
    tile_fields=(
        "aadt_veh",
        "year",
    ),
    position_optional=True,
    enables=True,
    order=72,
)
