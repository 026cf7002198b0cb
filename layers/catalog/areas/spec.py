"""What the layer ``areas`` is."""

from layers.catalog.areas.model import Area
from layers.catalog.areas.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="areas",
    kind=LayerKind.AREA,
    geometry="MultiPolygon",
    model=Area,
    category_field="kind",
    fields=(
        Field(
            name="kind",
            type=FieldType.CODE,
            codes=Codes(good=("district", "microdistrict", "beat", "oblast", "city", "other")),
            required=True,
        ),
        Field(name="code"),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="name_en"),
        Field(name="population", type=FieldType.INTEGER, minimum=0, maximum=30000000),
        Field(name="population_date", type=FieldType.DATE),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(110, 110, 110)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    min_zoom=5,
    tile_fields=("name", "name_kk", "name_ru"),
    order=60,
)
