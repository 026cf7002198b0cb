"""Classes of roads."""

from layers.spec import Codes

# OSM's own values of `highway` that are a way somebody can move along; the rest is refused by name at import or left out by
# the source's filter.
HIGHWAY_CLASSES = Codes(
    good=(
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "service",
        "pedestrian",
        "track",
        "footway",
        "cycleway",
        "path",
        "steps",
        "road",
    )
)
