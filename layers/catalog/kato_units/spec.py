"""What the layer ``kato_units`` is."""

from layers.catalog.kato_units.model import KatoUnit
from layers.catalog.kato_units.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="kato_units",
    kind=LayerKind.TABLE,
    geometry="Point",
    model=KatoUnit,
    category_field="level",
    fields=(
        Field(name="code", required=True),
        Field(
            name="level",
            type=FieldType.CODE,
            codes=Codes(good=("oblast", "district", "sub_district", "settlement")),
        ),
        Field(name="name_ru"),
        Field(name="name_kk"),
        Field(name="edition"),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(120, 120, 120)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    enables=True,
    order=97,
)
