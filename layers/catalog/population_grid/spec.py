"""What the layer ``population_grid`` is."""

from layers.catalog.population_grid.model import PopulationPoint
from layers.catalog.population_grid.source import SOURCES
from layers.palettes import QUIET
from layers.spec import Aggregation, Codes, Field, FieldType, Layer, LayerKind, Measure, Role, Style

LAYER = Layer(
    id="population_grid",
    kind=LayerKind.PLACE,
    geometry="Point",
    model=PopulationPoint,
    fields=(
        Field(name="population", type=FieldType.REAL, minimum=0, maximum=1000000, required=True),
        Field(name="children", type=FieldType.REAL, minimum=0, maximum=1000000, fill=True),
        Field(name="population_date", type=FieldType.DATE),
        Field(
            name="method",
            type=FieldType.CODE,
            codes=Codes(
                good=(
                    "census",
                    "register",
                    "modelled",
                    "unknown",
                )
            ),
        ),
    ),
    measures=(
        Measure(name="population", unit="1", aggregation=Aggregation.SUM, column="population"),
        Measure(name="population_per_km2", unit="1/km2", aggregation=Aggregation.DENSITY, column="population"),
    ),
    style=Style(palette=QUIET, geometry_rgb=(84, 39, 143)),
    sources=SOURCES,
    records_role=Role.VIEWER,
    warnings=("grid_is_not_official",),
    min_zoom=12,
    tile_fields=("population",),
    enables=True,
    order=62,
)
