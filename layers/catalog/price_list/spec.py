"""What the layer ``price_list`` is."""

from layers.catalog.price_list.model import Price
from layers.catalog.price_list.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="price_list",
    kind=LayerKind.TABLE,
    geometry="Point",
    model=Price,
    category_field="item",
    fields=(
        Field(
            name="item",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "camera_fixed",
                    "camera_dome",
                    "camera_ptz",
                    "camera_anpr",
                    "lamp",
                    "lamp_pole",
                    "speed_camera_stationary",
                    "speed_camera_average",
                    "speed_camera_in_car",
                    "rescue_post",
                    "police_post",
                    "cable",
                    "other",
                )
            ),
            required=True,
        ),
        Field(
            name="unit",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "piece",
                    "metre",
                    "set",
                )
            ),
            required=True,
        ),
        Field(name="price_kzt", type=FieldType.REAL, required=True, minimum=0, maximum=1000000000000),
        Field(name="yearly_cost_kzt", type=FieldType.REAL, minimum=0, maximum=1000000000000, fill=True),
        Field(name="valid_from", type=FieldType.DATE, required=True),
        Field(name="valid_to", type=FieldType.DATE),
        Field(name="source", required=True),
        Field(name="is_verified", type=FieldType.BOOLEAN),
        Field(name="note"),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(120, 120, 120)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("price_has_a_date",),
    enables=True,
    order=95,
)
