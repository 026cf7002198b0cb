"""What the layer ``speed_cameras`` is."""

from layers.catalog.speed_cameras.model import SpeedCamera
from layers.catalog.speed_cameras.source import SOURCES
from layers.device_owners import OWNERS
from layers.palettes import COVER
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Style

LAYER = Layer(
    id="speed_cameras",
    kind=LayerKind.DEVICE,
    geometry="Point",
    model=SpeedCamera,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "stationary",
                    "average",
                    "in_car",
                    "red_light",
                    "other",
                    "unknown",
                )
            ),
            required=True,
        ),
        Field(
            name="status",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "works",
                    "broken",
                    "planned",
                    "unknown",
                )
            ),
            required=True,
        ),
        Field(name="azimuth_deg", type=FieldType.REAL, minimum=0, maximum=360, fill=True),
        Field(name="speed_limit_kmh", type=FieldType.REAL, minimum=5, maximum=200, fill=True),
        Field(name="road_ref"),
        Field(name="road_name"),
        Field(name="km", type=FieldType.REAL, minimum=0, maximum=5000, fill=True),
        Field(name="section_id"),
        Field(
            name="section_role",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "start",
                    "end",
                )
            ),
        ),
        Field(name="owner", type=FieldType.CODE, codes=OWNERS),
        Field(name="installed_on", type=FieldType.DATE),
        Field(name="verified_on", type=FieldType.DATE),
    ),
    measures=(Measure(name="count", unit="1", aggregation=Aggregation.SUM),),
    style=Style(palette=COVER, geometry_rgb=(37, 52, 148)),
    sources=SOURCES,
    warnings=("no_direction_is_both",),
    tile_fields=(
        "status",
        "azimuth_deg",
        "speed_limit_kmh",
    ),
    position_optional=True,
    enables=True,
    order=35,
)
