"""Files made to break readers: each is read to the last row or refused with a sentence, and no row is lost in silence."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

import i18n
from etl.intake import read_batches
from geo_core.errors import QorganError
from layers.spec import LayerKind
from tests.etl.hostile import cut, features, tables, texts, workbooks
from tests.etl.hostile.case import Case
from tests.fixtures.intake import layer, surroundings

CASES = [*texts.cases(), *workbooks.cases(), *features.cases(), *tables.cases(), *cut.cases()]
BY_NAME = {case.name: case for case in CASES}


def test_the_corpus_is_large_and_its_files_are_told_apart():
    assert len(CASES) >= 300
    assert [name for name, times in Counter(c.name for c in CASES).items() if times > 1] == []


def check_error(case: Case, error: QorganError) -> None:
    assert case.code is not None, f"refused with {error}"
    assert case.code in {"?", error.code}, f"refused with {error}"
    assert error.code != "internal"
    json.dumps(error.params)
    for language in i18n.LANGUAGES:
        assert i18n.texts().has(f"error.{error.code}", language)
        i18n.texts().error(error.code, language, error.params)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", BY_NAME)
def test_a_hostile_file_is_read_or_refused_and_loses_nothing(tmp_path, name):
    case = BY_NAME[name]
    path = case.put(tmp_path)
    into = layer(LayerKind.PLACE) if case.where else layer()
    try:
        reading = read_batches(path, layer=into, mapping=case.mapping(), context=surroundings())
        batches = list(reading)
    except QorganError as error:
        check_error(case, error)
        return
    finally:
        left = [p.name for p in tmp_path.iterdir() if p != path]
    assert left == []
    assert case.code in {None, "?"}, "it was read"
    report = reading.report
    rejected = [row for batch in batches for row in batch.rejected]
    assert report.read == report.accepted + report.rejected
    assert (report.accepted, report.rejected) == (sum(map(len, batches)), len(rejected))
    numbers = np.concatenate([b.row_number for b in batches] + [[r.row_number for r in rejected]])
    assert sorted(numbers) == list(range(1, report.read + 1))
    assert (case.rows or report.read) == report.read, report.reasons
    told = {(row.row_number, code) for row in rejected for code, _ in row.reasons}
    assert case.accepted in {None, report.accepted}, (report.reasons, sorted(told)[:5])
    for code in report.reasons:
        assert i18n.texts().has(f"reject.{code}", "ru") or i18n.texts().has(f"error.{code}", "ru"), code
    if case.flag is not None:
        assert any(b.flags.mask(case.flag).any() for b in batches)
    if case.notes is not None:
        found = {n for b in batches for n in b.columns["note"].to_pylist() if n is not None}
        assert found <= set(case.notes)
        assert found
