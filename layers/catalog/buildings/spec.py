"""What the layer ``buildings`` is."""

from layers.catalog.buildings.model import Building
from layers.catalog.buildings.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="buildings",
    kind=LayerKind.BACKDROP,
    geometry="MultiPolygon",
    model=Building,
    fields=(
        Field(name="height_m", type=FieldType.REAL, minimum=0.5, maximum=500, fill=True),
        Field(name="levels", type=FieldType.REAL, minimum=0.5, maximum=150, fill=True),
        Field(
            name="use",
            type=FieldType.CODE,
            codes=Codes(good=("apartments", "house", "school", "industrial", "garage", "retail", "other")),
        ),
        Field(name="name"),
        Field(name="street"),
        Field(name="house_number"),
        Field(name="addresses", type=FieldType.INTEGER, minimum=0, maximum=5000, fill=True),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(200, 196, 188)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    min_zoom=14,
    tile_fields=("use", "height_m", "levels"),
    order=80,
)
