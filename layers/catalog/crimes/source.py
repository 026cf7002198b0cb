"""Sources the layer ``crimes`` knows."""

from layers.spec import How, Made, SourceMapping, TimeSource

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

# KPSSU/crime, current names and (in capitals) those of the older service; positions come with the service's answer. The epoch is local
# wall-clock time written as if it were UTC. Numbers of cases (ud), streets and houses (fz1r18p5, fz1r18p6) are not named here, and so
# are never asked for. A case that was dropped stays in the register as discontinued.
KPSSU = SourceMapping(
    id="kpssu-crimes",
    columns={
        "category": "article_category",
        "severity": "gravity",
        "article": "article_text",
        "registered_on": "dat_vozb_str",
        "place_text": "fe1r32p1",
    },
    made={
        "article_category": Made(how=How.ARTICLE_CATEGORY, of=("stat", "crime_code")),
        "article_text": Made(how=How.ARTICLE, of=("stat", "crime_code")),
        "gravity": Made(how=How.GRAVITY, of=("hard_code", "transgression")),
    },
    source_id="objectid",
    time=TimeSource(
        local="dat_sover_str", epoch_ms="dat_sover", epoch_clock="local", formats=("%d.%m.%Y %H:%M", "%d.%m.%Y")
    ),
    struck_off={"discontinued": ("1",)},
    refresh_by="dat_vozb",
    signature=frozenset({"crime_code", "dat_sover", "hard_code"}),
    licence="not stated by the source",
    attribution="КПСиСУ ГП РК, gis.kgp.kz",
)

SOURCES = (OWN, POLICE_UK, KPSSU)
