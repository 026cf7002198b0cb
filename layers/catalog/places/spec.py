"""What the layer ``places`` is."""

from layers.catalog.places.model import Place
from layers.catalog.places.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="places",
    kind=LayerKind.PLACE,
    geometry="Point",
    model=Place,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "school",
                    "kindergarten",
                    "venue",
                    "alcohol_shop",
                    "shop",
                    "stop",
                    "garage",
                    "wasteland",
                    "park",
                    "hospital",
                    "police",
                    "market",
                    "parking",
                    "playground",
                    "crossing",
                    "signals",
                    "settlement",
                    "street",
                    "junction",
                    "other",
                )
            ),
            required=True,
        ),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
    ),
    measures=(Measure(name="count", unit="1", aggregation=Aggregation.SUM),),
    style=Style(palette=QUIET, geometry_rgb=(117, 107, 177)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    min_zoom=13,
    tile_fields=("name", "name_kk", "name_ru"),
    order=50,
)
