"""Pseudonyms and values that look like a person's identifier."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

from etl.identifiers import REMOVED, digit_counts, looks_like_identifier, without_identifiers
from etl.pseudonyms import Pseudonymiser, PseudonymKey, load_key, pseudonym_column
from geo_core.errors import InvalidInput
from geo_core.identifiers import identifies, is_iin

KEY = PseudonymKey(bytes(range(32)))


def made_up_iin(rng):
    """Made by the published rule: weights 1…11, then 3…11, 1, 2."""
    while True:
        head = f"{rng.integers(0, 100):02d}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}{rng.integers(1, 7)}{rng.integers(0, 10000):04d}"
        check = sum(int(d) * w for d, w in zip(head, range(1, 12), strict=True)) % 11
        if check == 10:
            check = sum(int(d) * w for d, w in zip(head, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2], strict=True)) % 11
        if check < 10:
            return head + str(check)


def test_numbers_made_by_the_rule_are_recognised_and_a_wrong_digit_is_not():
    rng = np.random.default_rng(1)
    for _ in range(200):
        iin = made_up_iin(rng)
        assert is_iin(iin)
        wrong = iin[:11] + str((int(iin[11]) + 1) % 10)
        assert not is_iin(wrong)


def test_few_arbitrary_numbers_of_twelve_digits_are_taken_for_one():
    rng = np.random.default_rng(2)
    taken = sum(is_iin("".join(map(str, rng.integers(0, 10, 12)))) for _ in range(20_000))
    assert taken / 20_000 < 0.005


@pytest.mark.parametrize(
    "text",
    ["тел. +7 701 555-12-34", "8(701)5551234", "87015551234", "авто 123ABC02", "777 АВС 01", "г/н 045AB17"],
)
def test_telephones_and_plates_are_recognised(text):
    assert identifies(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A-17 км 85",
        "197512 Алматинский район",
        "711110000",
        "ул. Абая, 150",
        "2024-03-01 10:30",
        "1234567890123",
        "ст.188 ч.3",
        "123ABC99",
    ],
)
def test_addresses_codes_and_dates_are_not(text):
    assert not identifies(text)


def test_a_column_is_judged_row_by_row_also_as_a_slice():
    iin = made_up_iin(np.random.default_rng(3))
    column = pa.array(["Абая 150", None, f"водитель {iin}", "тел 87015551234", "", "Абая 150"])
    assert looks_like_identifier(column).tolist() == [False, False, True, True, False, False]
    assert looks_like_identifier(column[2:]).tolist() == [True, True, False, False]
    assert digit_counts(column[1:]).tolist() == [0, 12, 11, 0, 3]
    assert not looks_like_identifier(pa.nulls(3, pa.string())).any()


def test_pseudonyms_are_equal_for_equal_values_and_tell_nothing_without_the_key():
    one, other = KEY.of("123456789"), PseudonymKey(bytes(32)).of("123456789")
    assert one == KEY.of(" 123456789 ")
    assert one != KEY.of("123456780")
    assert one.split("-")[2] != other.split("-")[2]
    assert "123456789" not in one
    assert KEY.of(one) == one  # a kept row is read again
    assert repr(KEY) == "PseudonymKey()"


def test_identifying_columns_leave_only_their_pseudonyms():
    work = Pseudonymiser(KEY, {"source_id": ["ud"], "place_text": ["surname", "name"]}, keep_original=True)
    columns = {
        "ud": pa.array(["1", "2", "1", None]),
        "surname": pa.array(["А", None, "А", None]),
        "name": pa.array(["Б", "В", "Б", None]),
        "kind": pa.array(["x"] * 4),
    }
    out = work.replace(columns)
    assert set(out) == {"kind", pseudonym_column("source_id"), pseudonym_column("place_text")}
    keys = out[pseudonym_column("source_id")].to_pylist()
    assert keys[0] == keys[2] != keys[1]
    assert keys[3] is None
    people = out[pseudonym_column("place_text")].to_pylist()
    assert people[0] == people[2] != people[1]
    assert people[3] is None
    assert work.originals["source_id", keys[0]] == "1"
    assert work.originals["place_text", people[0]] == "А Б"
    again = Pseudonymiser(KEY, work.wanted)
    assert again.replace(columns)[pseudonym_column("source_id")].to_pylist() == keys
    assert not again.originals


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "private" / "pseudonym.key"
    with ThreadPoolExecutor(8) as beside:
        keys = list(beside.map(lambda _: load_key(path), range(8)))
    assert len({key.secret for key in keys}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["pseudonym.key"]
    path.chmod(0o644)
    with pytest.raises(InvalidInput, match="pseudonym-key-open"):
        load_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(InvalidInput, match="pseudonym-key-broken"):
        load_key(path)


def test_the_quick_look_at_a_column_agrees_with_the_look_at_every_value():
    rng = np.random.default_rng(4)
    made = [made_up_iin(rng) for _ in range(200)]
    texts = ["".join(rng.choice(list("0178 -+()АВСabс."), 13)) for _ in range(20_000)]
    texts += [f"x{one}" for one in made] + [f"{one}0" for one in made] + ["8 (701) 555-12-34", "123\u00a0abc\u00a002"]
    assert looks_like_identifier(pa.array(texts)).tolist() == [identifies(text) for text in texts]


def test_coordinates_and_object_numbers_stay_what_they_are_and_identifiers_leave_a_mark():
    iin = made_up_iin(np.random.default_rng(5))
    wrong = iin[:11] + str((int(iin[11]) + 1) % 10)
    kept = {"lon": "76.87015551234", "lat": 52.28, "id": int(wrong), "ok": True, "no": None, "ids": [wrong]}
    assert without_identifiers(kept) == kept
    assert without_identifiers({"id": int(iin), "when": (87015551234.0, f"на {iin}")}) == {
        "id": REMOVED,
        "when": (REMOVED, REMOVED),
    }
