"""What the layer ``crime_counts`` is."""

from layers.catalog.crime_counts.model import CrimeCount
from layers.catalog.crime_counts.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="crime_counts",
    kind=LayerKind.TABLE,
    geometry="Point",
    model=CrimeCount,
    fields=(
        Field(name="area_code"),
        Field(name="area_name"),
        Field(name="period_from", type=FieldType.DATE),
        Field(name="period_to", type=FieldType.DATE),
        Field(name="section"),
        Field(name="line_code", type=FieldType.INTEGER, minimum=0, maximum=100_000_000),
        Field(name="indicator", required=True),
        Field(name="article"),
        Field(name="in_production", type=FieldType.INTEGER, minimum=0, maximum=100_000_000),
        Field(name="registered", type=FieldType.INTEGER, minimum=0, maximum=100_000_000),
        Field(name="registered_women", type=FieldType.INTEGER, minimum=0, maximum=100_000_000),
        Field(name="registered_minors", type=FieldType.INTEGER, minimum=0, maximum=100_000_000),
        Field(name="closed", type=FieldType.INTEGER, minimum=0, maximum=100_000_000),
        Field(name="sent_to_court", type=FieldType.INTEGER, minimum=0, maximum=100_000_000),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(120, 120, 120)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("registered_not_committed", "headings_repeat_articles"),
    enables=True,
    order=96,
)
