"""A process that has everything imported and forks one import per line it is given: a killed child costs no second start.

``python forking.py`` reads ``file<TAB>mapping id[<TAB>rows in a part]`` lines and writes the child's pid, then ``ended <status>`` when it
has ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from etl.importer import ImportRequest, run_import
from etl.readers import Limits
from layers import registry, resuming
from layers.engine import connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject


def child(path: str, mapping: str, part_rows: int | None) -> None:
    engines = connect(os.environ["DATABASE_URL"], loader_url=os.environ["DATABASE_LOADER_URL"], pool_size=2)
    principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
    assert principal is not None
    layer = registry.load()["crimes"]
    how = next(source for source in layer.sources if source.id == mapping)
    limits = Limits()
    if part_rows is not None:
        resuming.FIRST_PART_ROWS = resuming.PART_ROWS = part_rows
        limits = Limits(chunk_rows=part_rows // 2, block_bytes=64 << 10)
    run_import(
        engines,
        principal,
        ImportRequest(layer=layer, path=Path(path), mapping=how, workspace="city", limits=limits),
    )


def main() -> None:
    registry.load()
    print("ready", flush=True)
    for line in sys.stdin:
        path, mapping, *parts = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child(path, mapping, int(parts[0]) if parts else None)
                status = 0
            finally:
                os._exit(status)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("ended", status, flush=True)


main()
