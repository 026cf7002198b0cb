"""Sources the layer ``mobile_signal`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-mobile_signal",
    columns={
        name: name
        for name in (
            "technology",
            "operator",
            "signal_dbm",
            "method",
            "measured_on",
        )
    },
    source_id="id",
    signature=frozenset({"technology", "signal_dbm", "operator"}),
)

SOURCES = (OWN,)
