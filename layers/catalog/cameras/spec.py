"""What the layer ``cameras`` is."""

from layers.catalog.cameras.model import Camera
from layers.catalog.cameras.source import SOURCES
from layers.device_owners import OWNERS
from layers.device_states import STATES
from layers.palettes import COVER
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Style

LAYER = Layer(
    id="cameras",
    kind=LayerKind.DEVICE,
    geometry="Point",
    model=Camera,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(
                good=("fixed", "dome", "ptz", "panning", "anpr", "unknown"),
                fixable={"alpr": "anpr", "camera": "unknown"},
            ),
            required=True,
        ),
        Field(
            name="status",
            type=FieldType.CODE,
            codes=Codes(good=("works", "broken", "planned", "unknown"), fixable=STATES),
            required=True,
        ),
        Field(name="azimuth_deg", type=FieldType.REAL, minimum=0, maximum=360, fill=True),
        Field(name="hfov_deg", type=FieldType.REAL, minimum=1, maximum=360, fill=True),
        Field(name="tilt_deg", type=FieldType.REAL, minimum=-90, maximum=90, fill=True),
        Field(name="height_m", type=FieldType.REAL, minimum=0.5, maximum=100, fill=True),
        Field(name="width_px", type=FieldType.INTEGER, minimum=100, maximum=20000, fill=True),
        Field(name="range_m", type=FieldType.REAL, minimum=1, maximum=5000, fill=True),
        Field(name="ir_range_m", type=FieldType.REAL, minimum=0, maximum=5000, fill=True),
        Field(name="owner", type=FieldType.CODE, codes=OWNERS),
        Field(name="connected", type=FieldType.BOOLEAN),
        Field(name="installed_on", type=FieldType.DATE),
        Field(name="verified_on", type=FieldType.DATE),
    ),
    measures=(Measure(name="count", unit="1", aggregation=Aggregation.SUM),),
    style=Style(palette=COVER, geometry_rgb=(0, 109, 44)),
    sources=SOURCES,
    warnings=("no_direction_is_potential",),
    tile_fields=("status", "azimuth_deg", "hfov_deg"),
    order=30,
)
