"""What the layer ``population_by_area`` is."""

from layers.catalog.population_by_area.model import AreaPopulation
from layers.catalog.population_by_area.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Codes, Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="population_by_area",
    kind=LayerKind.TABLE,
    geometry="Point",
    model=AreaPopulation,
    category_field="level",
    fields=(
        Field(
            name="level",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "country",
                    "oblast",
                    "city",
                    "district",
                    "rural_district",
                    "settlement",
                    "other",
                )
            ),
            required=True,
        ),
        Field(name="code"),
        Field(name="name"),
        Field(name="name_kk"),
        Field(name="name_ru"),
        Field(name="population", type=FieldType.INTEGER, required=True, minimum=0, maximum=2000000000),
        Field(name="population_date", type=FieldType.DATE),
        Field(
            name="accuracy",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "official",
                    "news",
                    "rounded",
                    "lower_bound",
                    "unknown",
                ),
                fixable={
                    "official document": "official",
                    "district page": "official",
                    "official news": "news",
                    "rounded news": "rounded",
                    "lower bound": "lower_bound",
                },
            ),
        ),
        Field(name="source"),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(84, 39, 143)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("missing_is_unknown",),
    enables=True,
    order=63,
)
