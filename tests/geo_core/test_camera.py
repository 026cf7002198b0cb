from __future__ import annotations

import math

import pytest

from geo_core.camera import (
    EN_62676_4_2015,
    Azimuth,
    Camera,
    CameraClass,
    CameraKind,
    CameraStatus,
    DensityTable,
    azimuth_parse,
    blind_foot_m,
    camera_range_m,
    classify,
    ground_range_m,
    level_range_m,
)
from geo_core.errors import InvalidInput


def known(**changes):
    values = {"x_m": 0.0, "y_m": 0.0, "height_m": 4.0, "azimuth_deg": 90.0, "hfov_deg": 90.0, "range_m": 40.0}
    return Camera(**(values | {"status": CameraStatus.WORKS} | changes))


@pytest.mark.parametrize(
    ("level", "range_m"),
    [("identify", 3.84), ("recognise", 7.68), ("observe", 15.36), ("detect", 38.4), ("monitor", 76.8)],
)
def test_ranges_of_a_1920_px_camera_with_90_degrees_are_those_of_the_standard(level, range_m):
    got = level_range_m(width_px=1920, hfov_deg=90, px_per_m=EN_62676_4_2015.density(level))
    assert got == pytest.approx(range_m, rel=1e-12)


def test_a_narrower_lens_reaches_farther():
    # f = 4 mm on a sensor 5.37 mm wide: detect at 57 m (published example)
    hfov_deg = 2 * math.degrees(math.atan(5.37 / 8))
    assert level_range_m(width_px=1920, hfov_deg=hfov_deg, px_per_m=25) == pytest.approx(57.2, abs=0.05)


@pytest.mark.parametrize("hfov_deg", [0, -1, 180, 270, math.nan])
def test_a_range_is_not_computed_for_a_lens_that_cannot_be_rectilinear(hfov_deg):
    with pytest.raises(InvalidInput) as caught:
        level_range_m(width_px=1920, hfov_deg=hfov_deg, px_per_m=25)
    assert caught.value.code == "camera-optics-invalid"


def test_another_edition_is_another_table_and_an_unknown_level_is_named():
    later = DensityTable(edition="another", px_per_m={"outline": 40.0})
    assert camera_range_m(known(sensor_px=1920, range_m=None), level="outline", table=later) == pytest.approx(24.0)
    with pytest.raises(InvalidInput) as caught:
        later.density("detect")
    assert caught.value.params == {"level": "detect", "known": "outline"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("N", (0, None)),
        ("E", (90, None)),
        ("S", (180, None)),
        ("W", (270, None)),
        ("NE", (45, None)),
        ("nnw", (337.5, None)),
        ("south-west", (225, None)),
        ("ЮВ", (135, None)),
        ("90", (90, None)),
        (" 90,5° ", (90.5, None)),
        ("360", (0, None)),
        ("0", (0, None)),
        ("239-284", (261.5, 45)),
        ("338-23", (0.5, 45)),
        ("350 – 10", (0, 20)),
        ("0-360", (180, 360)),
        ("270-0", (315, 90)),
    ],
)
def test_directions_are_read_as_people_write_them(text, expected):
    assert azimuth_parse(text) == Azimuth(*expected)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("400", "azimuth-out-of-range"),
        ("-90", "azimuth-out-of-range"),
        ("10-400", "azimuth-out-of-range"),
        ("90-90", "azimuth-range-empty"),
        ("", "azimuth-unreadable"),
        ("forward", "azimuth-unreadable"),
        ("90;270", "azimuth-unreadable"),
        ("nan", "azimuth-unreadable"),
        ("1e2", "azimuth-unreadable"),
    ],
)
def test_a_direction_that_cannot_be_is_refused_with_its_text(text, code):
    with pytest.raises(InvalidInput) as caught:
        azimuth_parse(text)
    assert caught.value.code == code
    assert caught.value.params["value"] == text


@pytest.mark.parametrize(
    ("changes", "camera_class", "reason"),
    [
        ({}, CameraClass.COUNTED, "pose-known"),
        ({"status": CameraStatus.UNKNOWN}, CameraClass.POTENTIAL, "status-unknown"),
        ({"status": CameraStatus.BROKEN}, CameraClass.DEAD, "broken"),
        ({"status": CameraStatus.PLANNED}, CameraClass.DEAD, "planned"),
        ({"status": CameraStatus.BROKEN, "kind": CameraKind.PTZ}, CameraClass.DEAD, "broken"),
        ({"kind": CameraKind.PTZ}, CameraClass.PTZ, "turns"),
        ({"kind": CameraKind.PANNING, "azimuth_deg": None}, CameraClass.PTZ, "turns"),
        ({"azimuth_deg": None}, CameraClass.POTENTIAL, "azimuth-unknown"),
        ({"azimuth_deg": None, "status": CameraStatus.UNKNOWN}, CameraClass.POTENTIAL, "azimuth-unknown"),
        ({"azimuth_deg": math.nan}, CameraClass.POTENTIAL, "azimuth-unknown"),
        ({"hfov_deg": None}, CameraClass.POTENTIAL, "hfov-unknown"),
        ({"range_m": None}, CameraClass.POTENTIAL, "range-unknown"),
        ({"range_m": None, "sensor_px": 1920}, CameraClass.COUNTED, "pose-known"),
        ({"azimuth_deg": None, "hfov_deg": 360.0}, CameraClass.COUNTED, "pose-known"),
        ({"range_m": None, "sensor_px": 1920, "hfov_deg": 200.0}, CameraClass.POTENTIAL, "range-unknown"),
    ],
)
def test_only_a_working_camera_whose_pose_is_known_is_counted(changes, camera_class, reason):
    assert classify(known(**changes)) == (camera_class, reason)


def test_a_stated_range_shortens_the_optical_one_and_never_lengthens_it():
    assert camera_range_m(known(sensor_px=1920, range_m=20.0)) == 20.0
    assert camera_range_m(known(sensor_px=1920, range_m=500.0)) == pytest.approx(38.4)
    assert camera_range_m(known(range_m=20.0), stated_is_enough=False) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("azimuth_deg", 400.0),
        ("azimuth_deg", -1.0),
        ("hfov_deg", 0.0),
        ("hfov_deg", 361.0),
        ("height_m", -1.0),
        ("x_m", math.nan),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(field, value):
    with pytest.raises(InvalidInput) as caught:
        known(**{field: value})
    assert (caught.value.code, caught.value.params["field"]) == ("camera-value-out-of-range", field)


def test_the_slant_range_shrinks_on_the_ground_with_the_height_of_the_lens():
    assert ground_range_m(50.0, height_m=31.6) == pytest.approx(40.0)
    assert ground_range_m(5.0, height_m=31.6) == 0.0


def test_the_foot_of_a_tilted_camera_is_blind_only_when_its_tilt_is_known():
    tilted = known(height_m=6.6, tilt_deg=25.0, vfov_deg=40.0)
    assert blind_foot_m(tilted, height_m=6.6) == pytest.approx(5.0)
    assert blind_foot_m(known(height_m=6.6), height_m=6.6) == 0.0
    assert blind_foot_m(known(tilt_deg=-30.0, vfov_deg=40.0), height_m=6.6) == math.inf
