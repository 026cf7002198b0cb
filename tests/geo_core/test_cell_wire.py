"""The encoding of cells: what goes in comes out, with h3 as the oracle for what a cell is."""

from __future__ import annotations

import json
import struct

import h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo_core.cell_wire import decode_cells, encode_cells
from geo_core.errors import InvalidInput

PAVLODAR = (52.2873, 76.9674)


def disk(*, resolution: int, rings: int) -> NDArray[np.uint64]:
    """Cells around the centre of Pavlodar, ascending."""
    centre = h3.latlng_to_cell(*PAVLODAR, resolution)
    return np.sort(np.fromiter((h3.str_to_int(c) for c in h3.grid_disk(centre, rings)), dtype=np.uint64))


@pytest.mark.parametrize("resolution", range(16))
def test_cells_of_every_resolution_come_back_bit_for_bit(resolution: int) -> None:
    cells = disk(resolution=resolution, rings=4)
    table = decode_cells(encode_cells(cells, {}, {}, resolution=resolution, units={}))
    assert table.resolution == resolution
    assert table.cells.dtype == np.uint64
    np.testing.assert_array_equal(table.cells, cells)


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(st.tuples(st.floats(-89, 89), st.floats(-180, 180)), min_size=1, max_size=30),
    resolution=st.integers(0, 15),
)
def test_cells_scattered_over_the_globe_come_back_bit_for_bit(
    points: list[tuple[float, float]], resolution: int
) -> None:
    cells = np.unique([np.uint64(h3.str_to_int(h3.latlng_to_cell(lat, lon, resolution))) for lat, lon in points])
    table = decode_cells(encode_cells(cells, {}, {}, resolution=resolution, units={}))
    np.testing.assert_array_equal(table.cells, cells)
    assert all(h3.is_valid_cell(h3.int_to_str(int(cell))) for cell in table.cells)


@pytest.mark.parametrize(
    ("values", "type_name"),
    [
        ([0, 7, 253], "uint8"),
        ([0, 7, 254], "uint16"),  # two codes are kept for unknown and hidden
        ([0, 70_000, np.nan], "uint32"),
        ([-3, 0, 12], "uint8"),  # differences of two periods
        ([0, 5_000_000_000, np.nan], "float64"),
        ([0.1, 1 / 3, np.nan], "float32"),
    ],
)
def test_a_measure_takes_the_smallest_type_that_keeps_it(values: list[float], type_name: str) -> None:
    cells = disk(resolution=9, rings=1)[:3]
    table = decode_cells(encode_cells(cells, {"n": np.array(values)}, {}, resolution=9, units={"n": "1"}))
    assert table.header["measures"][0]["type"] == type_name
    exact = np.array(values, dtype=np.float32 if type_name == "float32" else np.float64)
    np.testing.assert_array_equal(table.values["n"], exact.astype(np.float64))


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whole_numbers_with_unknown_and_hidden_ones_come_back_exactly(data: st.DataObject) -> None:
    cells = disk(resolution=10, rings=2)
    n = len(cells)
    number = st.integers(-(2**33), 2**33) | st.integers(-3, 300)
    values = np.array(data.draw(st.lists(number, min_size=n, max_size=n)), dtype=np.float64)
    unknown = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    hidden = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    values[unknown] = np.nan
    message = encode_cells(cells, {"n": values}, {}, resolution=10, units={"n": "1"}, hidden={"n": hidden})
    table = decode_cells(message)
    np.testing.assert_array_equal(table.values["n"], np.where(hidden, np.nan, values))
    np.testing.assert_array_equal(table.hidden.get("n", np.zeros(n, dtype=bool)), hidden)


def test_a_hidden_number_is_nowhere_in_the_message() -> None:
    cells = disk(resolution=9, rings=1)
    counts = np.array([3, 3, 3, 7_654_321, 3, 3, 3])
    hidden = counts == 7_654_321
    secret = struct.pack("<I", 7_654_321)
    message = encode_cells(cells, {"n": counts}, {}, resolution=9, units={"n": "1"}, hidden={"n": hidden})
    assert decode_cells(message).header["measures"][0]["maximum"] == 3
    assert secret not in message
    assert b"7654321" not in message


def test_zero_unknown_and_hidden_stay_three_different_things_for_shares() -> None:
    cells = disk(resolution=9, rings=1)[:4]
    shares = np.array([0.0, np.nan, 0.25, 0.31])
    hidden = np.array([False, False, True, False])
    table = decode_cells(
        encode_cells(
            cells, {"seen_share": shares}, {}, resolution=9, units={"seen_share": "1"}, hidden={"seen_share": hidden}
        )
    )
    assert table.values["seen_share"][0] == 0.0
    assert np.isnan(table.values["seen_share"][[1, 2]]).all()
    assert table.hidden["seen_share"].tolist() == [False, False, True, False]


def test_a_stated_precision_rounds_to_its_step_and_no_further() -> None:
    rng = np.random.default_rng(4)
    cells = disk(resolution=9, rings=10)
    shares = rng.random(len(cells))
    shares[::7] = np.nan
    table = decode_cells(
        encode_cells(cells, {"s": shares}, {}, resolution=9, units={"s": "1"}, precision={"s": 0.0001})
    )
    assert table.header["measures"][0]["type"] == "uint16"
    np.testing.assert_allclose(table.values["s"], shares, atol=0.000_050_001)
    assert np.isnan(table.values["s"]).sum() == np.isnan(shares).sum()


def test_what_the_sender_adds_to_the_header_arrives() -> None:
    header = {"provenance": "batch 17", "note": "Павлодар қаласы"}
    table = decode_cells(encode_cells(disk(resolution=8, rings=1), {}, header, resolution=8, units={}))
    assert {key: table.header[key] for key in header} == header


def test_bounds_of_classes_travel_with_their_measure() -> None:
    cells = disk(resolution=8, rings=1)
    measures = {"n": np.arange(7), "m": np.arange(7)}
    units = dict.fromkeys(measures, "1")
    table = decode_cells(encode_cells(cells, measures, {}, resolution=8, units=units, breaks={"n": [1, 3]}))
    assert [m.get("breaks") for m in table.header["measures"]] == [[1.0, 3.0], None]


def test_no_cells_at_all_are_a_message_too() -> None:
    empty = np.array([], dtype=np.uint64)
    table = decode_cells(encode_cells(empty, {"n": np.array([])}, {}, resolution=9, units={"n": "1"}))
    assert (table.resolution, len(table.cells), len(table.values["n"])) == (9, 0, 0)


def test_only_the_measures_asked_for_are_decoded() -> None:
    cells = disk(resolution=9, rings=1)
    measures = {"a": np.arange(7), "b": np.arange(7) / 7, "c": np.arange(7) + 1000}
    message = encode_cells(cells, measures, {}, resolution=9, units=dict.fromkeys(measures, "1"))
    table = decode_cells(message, only={"c"})
    assert list(table.values) == ["c"]
    np.testing.assert_array_equal(table.values["c"], measures["c"])


def test_the_layout_is_the_one_written_down() -> None:
    """Decoded by hand from the format's description, not by our decoder."""
    cells = disk(resolution=9, rings=1)
    message = encode_cells(cells, {"n": np.arange(7) * 1000}, {}, resolution=9, units={"n": "1"})
    assert message[:8] == b"QCEL\x01\0\0\0"
    (length,) = struct.unpack_from("<I", message, 8)
    header = json.loads(message[12 : 12 + length])
    at = 12 + length
    path, decoded = header["first"], []
    for i in range(7):
        path += sum(message[at + 7 * plane + i] << 8 * plane for plane in range(header["delta_bytes"]))
        decoded.append((1 << 59) | (9 << 52) | (path << 18) | (1 << 18) - 1)
    assert decoded == cells.tolist()
    at += 7 * header["delta_bytes"]
    assert [message[at + i] + (message[at + 7 + i] << 8) for i in range(7)] == [i * 1000 for i in range(7)]
    assert len(message) == at + 14


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cells: cells[::-1],
        lambda cells: np.repeat(cells, 2),
        lambda cells: cells.astype(np.int64),
        lambda cells: np.append(cells, np.uint64(h3.str_to_int(h3.latlng_to_cell(*PAVLODAR, 10)))),
    ],
    ids=["descending", "twice", "signed", "two-resolutions"],
)
def test_cells_that_break_the_rules_are_refused(spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="cells"):
        encode_cells(spoil(disk(resolution=9, rings=2)), {}, {}, resolution=9, units={})


@pytest.mark.parametrize("values", [np.array([1.0, np.inf]), np.array([1.0]), np.array(["a", "b"])])
def test_measures_that_break_the_rules_are_refused(values: NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match=r"^n: "):
        encode_cells(disk(resolution=9, rings=1)[:2], {"n": values}, {}, resolution=9, units={"n": "1"})


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: b"", "magic"),
        (lambda m: b"PK" + m[2:], "magic"),
        (lambda m: m[:4] + b"\x09" + m[5:], "version"),
        (lambda m: m[:12] + b"[" + m[13:], "header"),
        (lambda m: m[:-1], "length"),
        (lambda m: m + b"\0", "length"),
        (lambda m: m[:20], "header"),
    ],
)
def test_a_damaged_message_is_refused_with_its_reason(spoil, reason: str) -> None:  # type: ignore[no-untyped-def]
    cells = disk(resolution=9, rings=1)
    message = encode_cells(cells, {"n": np.arange(7)}, {}, resolution=9, units={"n": "1"})
    with pytest.raises(InvalidInput) as caught:
        decode_cells(spoil(message))
    assert caught.value.code == "cell-wire-unreadable"
    assert caught.value.params == {"reason": reason}
