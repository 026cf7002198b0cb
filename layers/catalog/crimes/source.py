"""Sources the layer ``crimes`` knows."""

from layers.spec import SourceMapping, TimeSource

OWN = SourceMapping(
    id="qorgan-crimes",
    columns={
        "category": "category",
        "severity": "severity",
        "article": "article",
        "public_place": "public_place",
        "registered_on": "registered_on",
        "place_text": "place_text",
    },
    lon="lon",
    lat="lat",
    source_id="id",
    time=TimeSource(local="occurred_local", end="occurred_local_to"),
    signature=frozenset({"category", "occurred_local", "lon", "lat"}),
)

# data.police.uk: month only, positions snapped to anchors, anti-social behaviour without an id.
POLICE_UK = SourceMapping(
    id="police-uk",
    columns={"category": "Crime type", "place_text": "Location"},
    lon="Longitude",
    lat="Latitude",
    source_id="Crime ID",
    time=TimeSource(month="Month"),
    codes={
        "category": {
            "Anti-social behaviour": "antisocial",
            "Bicycle theft": "theft",
            "Burglary": "burglary",
            "Criminal damage and arson": "vandalism",
            "Drugs": "drugs",
            "Other crime": "other",
            "Other theft": "theft",
            "Possession of weapons": "weapons",
            "Public order": "hooliganism",
            "Robbery": "robbery",
            "Shoplifting": "theft",
            "Theft from the person": "theft",
            "Vehicle crime": "vehicle_crime",
            "Violence and sexual offences": "violence",
        }
    },
    signature=frozenset({"Crime ID", "Month", "Crime type", "LSOA code"}),
    licence="OGL-3.0",
    attribution="data.police.uk, Open Government Licence v3.0",
)

SOURCES = (OWN, POLICE_UK)
