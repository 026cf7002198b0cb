"""Sources the layer ``price_list`` knows."""

from layers.spec import SourceMapping

OWN = SourceMapping(
    id="qorgan-price_list",
    columns={
        name: name
        for name in (
            "item",
            "unit",
            "price_kzt",
            "yearly_cost_kzt",
            "valid_from",
            "valid_to",
            "source",
            "is_verified",
            "note",
        )
    },
    source_id="id",
    signature=frozenset({"item", "price_kzt", "valid_from"}),
)

SOURCES = (OWN,)
