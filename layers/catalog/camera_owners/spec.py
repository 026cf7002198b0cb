"""What the layer ``camera_owners`` is."""

from layers.catalog.camera_owners.model import CameraOwner
from layers.catalog.camera_owners.source import SOURCES
from layers.device_owners import OWNERS
from layers.palettes import QUIET
from layers.spec import Field, FieldType, Layer, LayerKind, Role, Style

LAYER = Layer(
    id="camera_owners",
    kind=LayerKind.TABLE,
    geometry="Point",
    model=CameraOwner,
    category_field="owner",
    fields=(
        Field(name="owner", type=FieldType.CODE, codes=OWNERS, required=True),
        Field(name="organisation", required=True),
        Field(name="contact", restricted=True),
        Field(name="phone", restricted=True),
        Field(name="email", restricted=True),
        Field(name="cameras", type=FieldType.INTEGER, minimum=0, maximum=1000000, fill=True),
        Field(name="agreement_until", type=FieldType.DATE),
        Field(name="note"),
    ),
    measures=(),
    style=Style(palette=QUIET, geometry_rgb=(120, 120, 120)),
    sources=SOURCES,
    records_role=Role.EDITOR,
    warnings=("contacts_are_personal",),
    enables=True,
    order=96,
)
