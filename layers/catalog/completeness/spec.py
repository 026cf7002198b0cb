"""What the layer ``completeness`` is."""

from layers.catalog.completeness.model import Completeness
from layers.palettes import QUIET
from layers.spec import Codes, Derivation, Field, FieldType, Layer, LayerKind, Role, Style

# What is measured of which layer: ``months`` of layers of events, and every aspect of ``layers.aspects`` that can be told by area.
SUBJECTS = (
    "crimes_months",
    "crimes_hour",
    "accidents_months",
    "accidents_hour",
    "calls_months",
    "calls_hour",
    "cameras_direction",
    "cameras_state",
    "speed_cameras_direction",
    "speed_cameras_state",
    "posts_state",
    "lamps_state",
    "buildings_height",
)

LAYER = Layer(
    id="completeness",
    kind=LayerKind.DERIVED,
    geometry="MultiPolygon",
    model=Completeness,
    category_field="subject",
    fields=(
        Field(name="subject", type=FieldType.CODE, codes=Codes(good=SUBJECTS), required=True),
        Field(
            name="level",
            type=FieldType.CODE,
            codes=Codes(good=("complete", "partial", "poor", "unknown")),
            required=True,
        ),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="name_en"),
        Field(name="total", type=FieldType.INTEGER, minimum=0),
        Field(name="missing", type=FieldType.INTEGER, minimum=0),
        Field(name="missing_share", type=FieldType.REAL, minimum=0, maximum=1),
        Field(name="months"),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(140, 81, 10)),
    derivation=Derivation(
        depends_on=(
            "areas",
            "crimes",
            "accidents",
            "calls",
            "cameras",
            "speed_cameras",
            "posts",
            "lamps",
            "buildings",
        ),
        run="layers.catalog.completeness.derive:run",
    ),
    records_role=Role.VIEWER,
    warnings=("registered_only",),
    min_zoom=5,
    tile_fields=("level", "missing_share", "name", "name_kk", "name_ru"),
    order=95,
)
