"""Streamed formats stay in bounded memory whatever their size."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from cli.settings import ROOT
from tests.etl.hostile import features, texts

READ = """
import resource, sys
from etl.readers import open_source
with open_source(sys.argv[1]) as source:
    rows = sum(len(chunk) for chunk in source.chunks())
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""
ROWS = {"sequence": 600_000, "csv-mixed": 1_500_000, "kml": 60_000}


def written(kind: str, path) -> None:
    part = 5000
    one = {
        "sequence": features.lines,
        "kml": features.kml,
        "csv-mixed": lambda n: texts.text(texts.records(n)).encode(),
    }[kind](part)
    start, end = {
        "sequence": (0, len(one)),
        "kml": (one.find(b"<Placemark>"), one.rfind(b"</Folder>")),
        "csv-mixed": (one.find(b"\n") + 1, len(one)),
    }[kind]
    with path.open("wb") as file:
        file.write(one[:start])
        for _ in range(ROWS[kind] // part):
            file.write(one[start:end])
        file.write(one[end:])
        if kind == "csv-mixed":
            file.write("last,2024-05-01,76.9,52.3,theft,двор школы\n".encode("cp1251"))


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(resource, "RUSAGE_SELF"), reason="no resource usage here")
@pytest.mark.parametrize("kind", ROWS)
def test_memory_does_not_grow_with_the_file(tmp_path, kind):
    path = tmp_path / "in.dat"
    written(kind, path)
    told = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert int(told[0]) == ROWS[kind] + (kind == "csv-mixed")
    assert int(told[1]) < 700  # megabytes, of which Python and its libraries take 200
