"""What the layer ``crimes`` is."""

from geo_core.criminal_code.meaning import SENSITIVE_CATEGORIES
from layers.catalog.crimes.model import Crime
from layers.catalog.crimes.source import SOURCES
from layers.palettes import HARM
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Style

CATEGORIES = Codes(
    good=(
        "theft",
        "petty_theft",
        "vehicle_crime",
        "burglary",
        "livestock_theft",
        "robbery",
        "assault_robbery",
        "fraud",
        "embezzlement",
        "extortion",
        "hooliganism",
        "vandalism",
        "bodily_harm",
        "violence",
        "threat",
        "trespass",
        "murder",
        "domestic",
        "sexual",
        "drugs",
        "weapons",
        "antisocial",
        "other",
    ),
    fixable={"vehicle_theft": "vehicle_crime"},
    sensitive=SENSITIVE_CATEGORIES,
)
# Gravity by article 11 of the Criminal Code of 2014; misdemeanours (проступки) stand below it.
SEVERITIES = Codes(good=("misdemeanour", "minor", "medium", "grave", "very_grave"))

LAYER = Layer(
    id="crimes",
    kind=LayerKind.EVENT,
    geometry="Point",
    model=Crime,
    category_field="category",
    fields=(
        Field(name="category", type=FieldType.CODE, codes=CATEGORIES, required=True),
        Field(name="severity", type=FieldType.CODE, codes=SEVERITIES),
        Field(name="article"),
        Field(name="public_place", type=FieldType.BOOLEAN),
        Field(name="registered_on", type=FieldType.DATE),
        Field(name="place_text", restricted=True),
    ),
    measures=(
        Measure(name="count", unit="1", aggregation=Aggregation.SUM),
        Measure(name="count_per_km2", unit="1/km2", aggregation=Aggregation.DENSITY),
    ),
    style=Style(palette=HARM, geometry_rgb=(203, 24, 29)),
    sources=SOURCES,
    warnings=("registered_not_committed", "position_may_be_anchor"),
    order=10,
)
