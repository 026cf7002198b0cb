"""Ten million rows of CSV through the product's import, in bounded memory.

    PYTHONPATH=.:benchmarks python benchmarks/load_ten_million.py [--millions 10] [--folder /tmp]

Prints, each import in a process of its own so that memory is its alone:

* 1 M rows and the whole file into an empty layer: seconds, rows a second for each million as it is read, the highest resident memory,
  and seconds per million against the single million (1.0 = linear);
* 1 M rows of which every second one differs, imported again over the filled layer: the merged path;
* the whole file killed half way and started again: how much of it was not sent again.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
from bench_database import database, drop, workspace
from load_points import make
from sqlalchemy import text

from etl.importer import ImportRequest, run_import
from layers import copy_binary, registry
from layers.engine import connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject
from layers.jobs import doing_told

MILLION = 1_000_000


def write(path, millions, *, changed=False):
    """``millions`` times the million of ``load_points`` with ids of their own; changed: every second row has another article."""
    frame = make(MILLION)
    for number in range(millions):
        part = frame.assign(id=frame["id"] + number * MILLION)
        if changed:
            part.loc[part.index % 2 == 0, "article"] = 1
        table = pa.Table.from_pandas(part, preserve_index=False)
        with path.open("ab") as file:
            pa.csv.write_csv(table, file, pa.csv.WriteOptions(include_header=number == 0))


def child(app, loader, path, slug):
    """One import; a line of JSON with each million's seconds, the report and the highest resident memory in GB."""
    copy_binary.warm_up()
    engines = connect(app, loader_url=loader, pool_size=3)
    layer = registry.load()["crimes"]
    mapping = next(one for one in layer.sources if one.id == "qorgan-crimes")
    began, marks = time.perf_counter(), []

    def progress(_share, doing):
        step, facts = doing_told(doing)
        rows = facts.get("rows", 0)
        if step == "job.doing.indexing":
            marks.append((None, time.perf_counter() - began))
        elif rows // MILLION > len(marks):
            marks.append((rows, time.perf_counter() - began))

    wanted = ImportRequest(layer=layer, path=Path(path), mapping=mapping, workspace=slug, is_synthetic=True)
    report = run_import(engines, find_by_subject(engines.app, LOCAL_ADMINISTRATOR), wanted, progress=progress)
    engines.dispose()
    told = {
        "seconds": time.perf_counter() - began,
        "marks": marks,
        "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        **{name: getattr(report, name) for name in ("read", "loaded", "updated", "unchanged", "rejected")},
    }
    print(json.dumps(told))


def started(urls, path, slug):
    return subprocess.Popen(
        [sys.executable, __file__, "--child", urls[0], urls[1], str(path), slug], stdout=subprocess.PIPE, text=True
    )


def imported(urls, path, slug):
    with started(urls, path, slug) as process:
        said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"the import of {path} failed")
    return json.loads(said.splitlines()[-1])


def show(name, told):
    before, rates = (0, 0.0), []
    for rows, at in told["marks"]:
        if rows is not None:
            rates.append(round((rows - before[0]) / (at - before[1]) / 1000))
            before = (rows, at)
    print(
        f"{name}: {told['seconds']:.1f} s, {told['read'] / told['seconds']:,.0f} rows/s, highest memory {told['gb']:.2f} GB"
    )
    print(
        f"  loaded {told['loaded']:,} updated {told['updated']:,} unchanged {told['unchanged']:,} rejected {told['rejected']:,}"
    )
    if rates:
        print(f"  thousand rows/s read and sent, million by million: {' '.join(map(str, rates))}")


def aside_rows(engines):
    with engines.owner.connect() as connection:
        found = connection.execute(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^bulk_[0-9]+$'")
        ).scalars()
        return sum(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in list(found))


def killed_half_way(engines, urls, path, slug, whole):
    process = started(urls, path, slug)
    indexing = next((at for rows, at in whole["marks"] if rows is None), whole["seconds"])
    time.sleep(0.6 * indexing)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    stored = aside_rows(engines)
    again = imported(urls, path, slug)
    show("killed half way and started again", again)
    print(f"  {stored:,} rows were stored already and not sent again; seconds of the whole: {whole['seconds']:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--child", nargs=4)
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, database() as (engines, principal):
        urls = [engine.url.render_as_string(hide_password=False) for engine in (engines.app, engines.loader)]
        one, all_of_it, changed = (Path(folder) / f"{name}.csv" for name in ("one", "all", "changed"))
        write(one, 1)
        write(all_of_it, given.millions)
        write(changed, 1, changed=True)
        print(f"{given.millions} M rows, {all_of_it.stat().st_size / 1e9:.2f} GB of CSV")
        workspace(engines, principal, "one")
        imported(urls, one, "one")
        drop(engines, "one")
        workspace(engines, principal, "one")
        single = imported(urls, one, "one")
        show("1 M rows", single)
        drop(engines, "one")
        workspace(engines, principal, "all")
        whole = imported(urls, all_of_it, "all")
        show(f"{given.millions} M rows", whole)
        print(f"  seconds per million against 1 M alone: {whole['seconds'] / given.millions / single['seconds']:.2f}")
        show("1 M rows over the filled layer, half of them changed", imported(urls, changed, "all"))
        drop(engines, "all")
        workspace(engines, principal, "again")
        killed_half_way(engines, urls, all_of_it, "again", whole)


if __name__ == "__main__":
    main()
