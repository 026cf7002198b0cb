"""Sources the layer ``accidents`` knows."""

from layers.spec import How, Made, Settlement, SourceMapping, TimeSource

_SAME = (
    "category",
    "severity",
    "killed",
    "injured",
    "light",
    "street_light",
    "surface",
    "weather",
    "defects",
    "setting",
    "road_ref",
    "km",
    "district_code",
    "settlement",
    "settlement_kato",
)

OWN = SourceMapping(
    id="qorgan-accidents",
    columns={name: name for name in _SAME},
    lon="lon",
    lat="lat",
    source_id="id",
    time=TimeSource(local="occurred_local", end="occurred_local_to"),
    signature=frozenset({"category", "killed", "injured", "occurred_local"}),
)

# KPSSU/DTP: positions in Web Mercator, the date as midnight at a fixed UTC+6 also after 2024-03-01, the clock in its own
# column, null killed or injured documented as none. Of the accident types only 05 (pedestrian) is sourced; 01-04 and 06-09 follow
# the order of the CIS accident card and agree with it; 10 and above are not documented and stay "other".
KPSSU = SourceMapping(
    id="kpssu-accidents",
    columns={
        "category": "fd1r08p1",
        "killed": "fd1r13p2",
        "injured": "fd1r13p1",
        "light": "fd1r07p2",
        "street_light": "fd1r07p3",
        "surface": "fd1r07p1",
        "weather": "fd1r072p1",
        "defects": "fd1r071p1",
        "setting": "fd1r06p1",
        "road_ref": "fd1r061p1",
        "km": "fd1r061p2",
        "district_code": "fd1r06p2",
        "settlement": "fd1r06p3",
    },
    settlements={"settlement_kato": Settlement(name="fd1r06p3", oblast="area_code")},
    lon="x",
    lat="y",
    crs="EPSG:3857",
    source_id="objectid",
    time=TimeSource(epoch_ms="rta_date", epoch_clock="+06:00", clock="fd1r05p1"),
    codes={
        "category": {
            "01": "collision",
            "02": "rollover",
            "03": "parked",
            "04": "obstacle",
            "05": "pedestrian",
            "06": "cyclist",
            "07": "other",
            "08": "animal",
            "09": "other",
            "10": "other",
            "11": "other",
            "12": "other",
            "13": "other",
            "14": "other",
            "15": "other",
        }
    },
    defaults_zero=frozenset({"killed", "injured"}),
    refresh_by="load_date",
    signature=frozenset({"fd1r08p1", "rta_date", "fd1r05p1"}),
    licence="not stated by the source",
    attribution="КПСиСУ ГП РК, gis.kgp.kz",
)

# Unfallatlas of the German statistical offices: year, month, hour and day of the week, no day; nobody is counted. Kinds follow the key of
# UART, gravity that of UKATEGORIE (1 = somebody died).
UNFALLATLAS = SourceMapping(
    id="unfallatlas",
    columns={
        "category": "UART",
        "severity": "UKATEGORIE",
        "light": "ULICHTVERH",
        "surface": "USTRZUSTAND",
        "district_code": "BEZ",
    },
    made={"@month": Made(how=How.DATE, of=("UJAHR", "UMONAT"))},
    lon="XGCSWGS84",
    lat="YGCSWGS84",
    source_id="OBJECTID",
    time=TimeSource(month="@month", hour="USTUNDE"),
    codes={
        "category": {
            **dict.fromkeys(("1", "2", "3", "4", "5"), "collision"),
            "6": "pedestrian",
            "7": "obstacle",
            **dict.fromkeys(("0", "8", "9"), "other"),
        },
        "severity": {"1": "fatal", "2": "injury", "3": "injury"},
        "light": {"0": "day", "1": "dusk", "2": "night"},
    },
    signature=frozenset({"UJAHR", "UMONAT", "USTUNDE", "UKATEGORIE", "UART", "XGCSWGS84", "YGCSWGS84"}),
    licence="dl-de-by-2.0",
    attribution="Statistische Ämter des Bundes und der Länder, Unfallatlas",
)

SOURCES = (OWN, KPSSU, UNFALLATLAS)
