"""A process that has everything imported and forks one import per line it is given: a killed child costs no second start.

``python forking.py`` reads ``file<TAB>mapping id`` lines and writes the child's pid, then ``ended <status>`` when it has ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from etl.importer import ImportRequest, run_import
from layers import registry
from layers.engine import connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject


def child(path: str, mapping: str) -> None:
    engines = connect(os.environ["DATABASE_URL"], loader_url=os.environ["DATABASE_LOADER_URL"], pool_size=2)
    principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
    assert principal is not None
    layer = registry.load()["crimes"]
    how = next(source for source in layer.sources if source.id == mapping)
    run_import(engines, principal, ImportRequest(layer=layer, path=Path(path), mapping=how, workspace="city"))


def main() -> None:
    registry.load()
    print("ready", flush=True)
    for line in sys.stdin:
        path, mapping = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child(path, mapping)
                status = 0
            finally:
                os._exit(status)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("ended", status, flush=True)


main()
