"""What the layer ``camera_coverage`` is."""

from layers.catalog.camera_coverage.model import CameraCoverage
from layers.palettes import COVER
from layers.spec import Aggregation, Codes, Derivation, Field, FieldType, Layer, LayerKind, Measure, Style

LAYER = Layer(
    id="camera_coverage",
    kind=LayerKind.DERIVED,
    geometry="MultiPolygon",
    model=CameraCoverage,
    category_field="state",
    fields=(
        Field(
            name="state",
            type=FieldType.CODE,
            codes=Codes(good=("counted", "potential", "dead", "ptz", "blind")),
            required=True,
        ),
        Field(name="reason"),
        Field(name="range_m", type=FieldType.REAL),
        Field(name="visible_m2", type=FieldType.REAL),
        Field(name="sector_m2", type=FieldType.REAL),
        Field(name="circle_m2", type=FieldType.REAL),
    ),
    measures=(
        Measure(
            name="covered_share",
            unit="1",
            aggregation=Aggregation.SHARE,
            numerator="seen_m2",
            denominator="area_m2",
        ),
        Measure(
            name="backup_share",
            unit="1",
            aggregation=Aggregation.SHARE,
            numerator="seen_twice_m2",
            denominator="area_m2",
        ),
        Measure(
            name="potential_share",
            unit="1",
            aggregation=Aggregation.SHARE,
            numerator="potential_m2",
            denominator="area_m2",
        ),
    ),
    style=Style(palette=COVER, breaks=(0.05, 0.2, 0.4, 0.6, 0.8), geometry_rgb=(44, 162, 95)),
    derivation=Derivation(
        depends_on=("cameras", "buildings", "street_segments"), run="layers.catalog.camera_coverage.derive:run"
    ),
    warnings=("no_direction_is_potential", "staff_only"),
    order=35,
)
