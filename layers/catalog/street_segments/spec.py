"""What the layer ``street_segments`` is."""

from layers.catalog.street_segments.model import StreetSegment
from layers.highway_classes import HIGHWAY_CLASSES
from layers.palettes import QUIET
from layers.spec import Codes, Derivation, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="street_segments",
    kind=LayerKind.DERIVED,
    geometry="LineString",
    model=StreetSegment,
    category_field="highway_class",
    fields=(
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="highway_class", type=FieldType.CODE, codes=HIGHWAY_CLASSES, required=True),
        Field(name="level", type=FieldType.INTEGER),
        Field(name="lit", type=FieldType.CODE, codes=Codes(good=("yes", "no"))),
        Field(name="oneway", type=FieldType.BOOLEAN),
        Field(name="length_m", type=FieldType.REAL, minimum=0),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(90, 90, 90)),
    derivation=Derivation(depends_on=("roads", "crimes", "accidents"), run="layers.catalog.street_segments.derive:run"),
    records_role=Role.VIEWER,
    min_zoom=11,
    tile_fields=("name", "name_kk", "name_ru", "length_m"),
    order=75,
)
