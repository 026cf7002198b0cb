"""What the layer ``water`` is."""

from layers.catalog.water.model import Water
from layers.catalog.water.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="water",
    kind=LayerKind.BACKDROP,
    geometry="Geometry",
    model=Water,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(good=("river", "lake", "stream", "canal", "coast", "other")),
            required=True,
        ),
        Field(name="name"),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(170, 205, 225)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    min_zoom=4,
    tile_fields=("name",),
    order=90,
)
