"""Search over HTTP: a made-up gazetteer of 200,000 names, questions as people type them, one worker.

Run: ``PYTHONPATH=. python benchmarks/search_http.py [--names 200000]``. Prints the milliseconds of answers (p50, p95, most) for each kind
of question, how often the thing that was meant is the first and among the first ten, and how often the first, or one of ten, holds the
longest word of what was meant: about seven names hold the same word, so that a word alone cannot tell which was meant. The bar is 100 ms.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
import shapely

from benchmarks.http_city import CITY, TOKEN, Server, ours
from cli.cluster import Cluster, ensure_started, stop
from geo_core.names import fold
from layers import identity, migrate, naming
from layers.engine import connect
from layers.spec import Role
from layers.workspaces import WorkspaceSpec, create

STEMS = [
    "абай",
    "ауэз",
    "сатпай",
    "торай",
    "байтұр",
    "құрман",
    "назар",
    "жамб",
    "бөген",
    "әйтеке",
    "қазыбек",
    "төле",
    "сейфул",
    "момыш",
    "мәмет",
    "әлия",
    "панфил",
    "достық",
    "бейбіт",
    "жеңіс",
    "көктем",
    "алма",
    "тау",
    "өзен",
    "көл",
    "дала",
    "арқа",
    "ертіс",
    "есіл",
    "шу",
    "іле",
    "талас",
    "сары",
    "ақ",
    "қара",
    "қызыл",
    "жасыл",
    "көк",
    "жаңа",
    "ескі",
    "үлкен",
    "кіші",
    "орта",
    "бас",
]
TAILS = [
    "ов",
    "ова",
    "баев",
    "баева",
    "ұлы",
    "қызы",
    "тау",
    "бұлақ",
    "көл",
    "арал",
    "төбе",
    "сай",
    "қала",
    "ауыл",
    "жол",
    "бай",
    "гүл",
    "дәурен",
    "нұр",
    "стан",
    "абад",
    "кент",
]
SHAPES = ("{} көшесі", "улица {}", "{} даңғылы", "проспект {}", "{} мектебі", "Магазин «{}»", "{} саябағы", "{}")
LATIN = str.maketrans(dict(zip("абвгдезийклмнопрстуфхыэәғқңөұүһі", "abvgdeziiklmnoprstufhyeagqnouuhi", strict=True)))


def name(rng: np.random.Generator) -> str:
    """A name no two of which are alike often: two stems and a tail, in one of the shapes, some with a number."""
    words = [
        str(rng.choice(STEMS)) + str(rng.choice(STEMS)) + str(rng.choice(TAILS)) for _ in range(int(rng.integers(1, 3)))
    ]
    number = f" {rng.integers(1, 200)}" if rng.random() < 0.4 else ""
    return str(rng.choice(SHAPES)).format(" ".join(word.capitalize() for word in words)) + number


def misspelled(given: str, rng: np.random.Generator) -> str:
    """One letter of the longest word left out, doubled or exchanged."""
    word = max(given.split(), key=len)
    at = int(rng.integers(1, len(word) - 1))
    how = int(rng.integers(0, 3))
    wrong = (
        word[:at]
        + ("" if how == 0 else word[at] * 2 if how == 1 else str(rng.choice(list("аеиокрт"))))
        + word[at + 1 :]
    )
    return given.replace(word, wrong)


@contextmanager
def gazetteer(count: int) -> Iterator[tuple[Cluster, list[str]]]:
    """A throwaway cluster with places of so many names."""
    home = Path(tempfile.mkdtemp(prefix="qorgan-bench-"))
    home.chmod(0o711)
    try:
        cluster = ensure_started(home, throwaway=True)
        migrate.upgrade(str(cluster.urls.owner))
        engines = connect(str(cluster.urls.app), owner_url=str(cluster.urls.owner))
        assert engines.owner is not None
        with engines.owner.begin() as owner:
            spec = WorkspaceSpec(slug="city", titles={"en": "City"}, territory=shapely.box(*CITY), zone="Asia/Almaty")
            made = create(owner, spec)
            who = identity.add_principal(owner, "bench", token=TOKEN)
            identity.grant(owner, who, territory_id=made.root_territory_id, role=Role.ADMINISTRATOR)
        rng = np.random.default_rng(7)
        names = [name(rng) for _ in range(count)]
        west, south, east, north = CITY
        lon, lat = rng.uniform(west, east, count), rng.uniform(south, north, count)
        with psycopg.connect(str(cluster.urls.owner).replace("+psycopg", "")) as owner:
            owner.execute("SELECT qorgan_ensure_partition('layer_places', %s)", (made.id,))
            owner.execute("CREATE TEMP TABLE given (i int, name text, lon float8, lat float8)")
            with owner.cursor().copy("COPY given FROM STDIN") as copy:
                for i in range(count):
                    copy.write_row((i, names[i], float(lon[i]), float(lat[i])))
            owner.execute(
                "INSERT INTO layer_places (workspace_id, id, source_id, cell, territory_id, batch_id, row_hash, geom, kind, name) "
                "SELECT %s, i + 1, i::text, NULL, %s, 1, 0, ST_SetSRID(ST_MakePoint(lon, lat), 4326), 'other', name FROM given",
                (made.id, made.root_territory_id),
            )
            owner.commit()
        began = time.perf_counter()
        naming.freshen(engines.app, made)
        print(f"{count} names made findable in {time.perf_counter() - began:.1f} s")
        with psycopg.connect(str(cluster.urls.owner).replace("+psycopg", ""), autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE search_name")
            size = owner.execute("SELECT pg_size_pretty(pg_total_relation_size('search_name'))").fetchone()
            owner.execute("UPDATE layer_places SET name = 'Жаңа атау', version = 2, updated_at = now() WHERE id = 1")
        print(f"size {size[0] if size else '?'}")
        began = time.perf_counter()
        naming.freshen(engines.app, made)
        print(f"one edit made findable in {time.perf_counter() - began:.2f} s")
        engines.dispose()
        yield cluster, names
    finally:
        stop(home)
        subprocess.run(["rm", "-rf", str(home)], check=False)


def ask(our: Server, wanted: str) -> tuple[float, list[str]]:
    """Milliseconds, and the names that came."""
    url = f"{our.address}/w/city/search?{urllib.parse.urlencode({'q': wanted, 'limit': 10})}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
    spent = (time.perf_counter() - began) * 1000
    return spent, [one["name"] for one in json.loads(body)["results"]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=200_000)
    parser.add_argument("--questions", type=int, default=200)
    wanted = parser.parse_args()
    rng = np.random.default_rng(11)
    with gazetteer(wanted.names) as (cluster, names), ours(cluster, cache_bytes=0) as our:
        chosen = [names[int(i)] for i in rng.integers(1, len(names), wanted.questions)]
        longest = [max(one.split(), key=len) for one in chosen]
        kinds = {
            "as written": chosen,
            "in Latin letters": [one.casefold().translate(LATIN) for one in chosen],
            "misspelled": [misspelled(one, rng) for one in chosen],
            "longest word": longest,
            "longest word, misspelled": [misspelled(one, rng) for one in longest],
            "four letters": [one[:4] for one in longest],
            "three letters": [one[:3] for one in longest],
            "two letters": [one[:2] for one in longest],
            "one letter": [one.split()[-1][:1] for one in chosen],
        }
        for question in chosen[:20]:
            ask(our, question)
        for kind, questions in kinds.items():
            answers = [ask(our, question) for question in questions]
            spent = np.array([milliseconds for milliseconds, _ in answers])
            told = f"{kind:26} p50 {np.percentile(spent, 50):6.1f} ms  p95 {np.percentile(spent, 95):6.1f} ms  most {spent.max():6.1f} ms"
            if not kind.endswith(("letters", "letter")) or "Latin" in kind:
                told += accuracy([got for _, got in answers], chosen, longest)
            print(told, flush=True)


def accuracy(answers: list[list[str]], chosen: list[str], longest: list[str]) -> str:
    """How often what was meant came first and among ten, and so the longest word of it."""
    first = np.mean([bool(got) and got[0] == meant for got, meant in zip(answers, chosen, strict=True)])
    ten = np.mean([meant in got for got, meant in zip(answers, chosen, strict=True)])
    held = [[fold(word) in fold(one).split() for one in got] for got, word in zip(answers, longest, strict=True)]
    word_first, word_ten = np.mean([any(one[:1]) for one in held]), np.mean([any(one) for one in held])
    return f"  first {first:.0%}  in ten {ten:.0%}  its word first {word_first:.0%}  in ten {word_ten:.0%}"


if __name__ == "__main__":
    main()
