"""What the layer ``mobile_signal`` is."""

from layers.catalog.mobile_signal.model import SignalArea
from layers.catalog.mobile_signal.source import SOURCES
from layers.palettes import COVER
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="mobile_signal",
    kind=LayerKind.AREA,
    geometry="MultiPolygon",
    model=SignalArea,
    category_field="technology",
    fields=(
        Field(
            name="technology",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "2g",
                    "3g",
                    "4g",
                    "5g",
                    "unknown",
                ),
                fixable={"lte": "4g", "gsm": "2g", "umts": "3g", "nr": "5g"},
            ),
            required=True,
        ),
        Field(name="operator"),
        Field(name="signal_dbm", type=FieldType.REAL, minimum=-150, maximum=0, fill=True),
        Field(
            name="method",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "drive_test",
                    "crowd",
                    "model",
                    "unknown",
                )
            ),
        ),
        Field(name="measured_on", type=FieldType.DATE),
    ),
    measures=(),
    style=Style(palette=COVER, geometry_rgb=(65, 171, 93)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("outside_is_unknown",),
    min_zoom=5,
    tile_fields=("operator",),
    enables=True,
    order=65,
)
