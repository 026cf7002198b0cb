"""What telling how complete a period is costs the card of a place, streets and areas: a city of a million events, in one process.

Run: ``PYTHONPATH=. python benchmarks/completeness_city.py [--points 1000000]``. Prints milliseconds (median) of counting the rows, which
the first question after a change does, of completeness of another period each time, and of the card of one cell and of the whole city
with it. The bar is 30 ms more for a card once the rows were counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta

import psycopg

from benchmarks.http_city import CITY, city
from geo_core.cells import index_points
from layers import registry, workspaces
from layers.engine import connect
from layers.identity import Purpose, transaction
from layers.queries import profile, tally
from layers.queries.completeness import completeness
from layers.queries.filters import Filter, Place


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    wanted = parser.parse_args()
    layer = registry.load()["crimes"]
    with city(wanted.points, box=CITY) as (cluster, who):
        with psycopg.connect(str(cluster.urls.owner).replace("+psycopg", ""), autocommit=True) as owner:
            owner.execute("UPDATE layer_crimes SET registered_on = day_from + (id % 45)::int")
            owner.execute("VACUUM (FULL, ANALYZE) layer_crimes")
        engines = connect(str(cluster.urls.app))
        place = Place(cell=int(index_points([76.97], [52.29], 9)[0]))
        with transaction(engines.app, who, purpose=Purpose.AGGREGATE) as connection:
            workspace = workspaces.find(connection, "city")

            def ms(work: Callable[[], object]) -> float:
                began = time.perf_counter()
                work()
                return (time.perf_counter() - began) * 1000

            tally.count(connection, workspace, layer)
            print(
                f"counting the rows: {statistics.median(ms(lambda: tally.count(connection, workspace, layer)) for _ in range(3)):.0f} ms"
            )
            completeness(connection, workspace, layer)
            given = [_period(n) for n in range(wanted.rounds)]
            alone = [
                ms(lambda g=g: completeness(connection, workspace, layer, first=g.first_day, last=g.last_day))
                for g in given
            ]
            print(
                f"completeness of another period each time: {statistics.median(alone):.1f} ms, most {max(alone):.1f} ms"
            )
            for name, at in (("card of one cell", place), ("whole city", Place())):
                profile.profile(connection, workspace, layer, place=at, given=given[0])
                took = [
                    ms(lambda g=g, at=at: profile.profile(connection, workspace, layer, place=at, given=g))
                    for g in given
                ]
                print(f"{name}: {statistics.median(took):.0f} ms, of it completeness {statistics.median(alone):.0f} ms")
        engines.dispose()


def _period(nth: int) -> Filter:
    first = date(2023, 3, 1) + timedelta(days=17 * nth)
    return Filter(first_day=first, last_day=first + timedelta(days=180))


if __name__ == "__main__":
    main()
