"""Sources the layer ``camera_owners`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-camera_owners",
    columns={
        name: name
        for name in (
            "owner",
            "organisation",
            "contact",
            "phone",
            "email",
            "cameras",
            "agreement_until",
            "note",
        )
    },
    source_id="id",
    signature=frozenset({"owner", "organisation", "phone"}),
)

SOURCES = (OWN,)
