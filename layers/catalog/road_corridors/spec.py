"""What the layer ``road_corridors`` is."""

from layers.catalog.road_corridors.model import RoadCorridor
from layers.catalog.road_corridors.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="road_corridors",
    kind=LayerKind.TABLE,
    geometry="Point",
    model=RoadCorridor,
    category_field="status",
    fields=(
        Field(name="road_ref", required=True),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="via_settlements", required=True),
        Field(name="status", type=FieldType.CODE, codes=Codes(good=("verified", "unverified"))),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(120, 120, 120)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("no_course_and_no_length",),
    enables=True,
    order=98,
)
