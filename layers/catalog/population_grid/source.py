"""Sources the layer ``population_grid`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-population_grid",
    columns={
        name: name
        for name in (
            "population",
            "children",
            "population_date",
            "method",
        )
    },
    lon="lon",
    lat="lat",
    source_id="id",
    signature=frozenset({"population", "children", "method"}),
)

# Census blocks as points in the middle of each.
CENSUS_POINTS = SourceMapping(
    id="census-points",
    columns={"population": "population"},
    constants={"method": "census"},
    lon="lon",
    lat="lat",
    source_id="geoid",
    signature=frozenset({"geoid", "population", "lon", "lat"}),
)

# Kontur Population: H3 hexagons of resolution 8, residents modelled from buildings and satellite data.
KONTUR = SourceMapping(
    id="kontur-population",
    columns={"population": "population"},
    constants={"method": "modelled"},
    source_id="h3",
    signature=frozenset({"h3", "population"}),
    licence="CC-BY-4.0",
    attribution="Kontur Population",
)

SOURCES = (OWN, CENSUS_POINTS, KONTUR)
