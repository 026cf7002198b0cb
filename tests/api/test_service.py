"""The service itself: addresses, ids, limits, secrets, its own description, a database that goes away."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import quote, urlencode

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from api.app import create_app
from api.cache import Body, Cache
from api.middleware import language_of
from api.problems import STATUS_BY_BRANCH, STATUS_BY_CODE, status_of
from api.service import service_of
from api.settings import ApiSettings
from geo_core.errors import QorganError, Unavailable
from i18n.languages import LANGUAGES
from layers import registry
from tests.api.conftest import serving, tile_path, token
from tests.layers.city import City

BOSS = token("administrator")
CELLS = "/w/city/layers/crimes/cells?resolution=8"


def test_it_lives_and_is_ready(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    answer = client.get("/ready")
    body = answer.json()
    assert (answer.status_code, body["ready"], body["database"]) == (200, True, True)
    assert body["revision"] == body["head"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_silent_worker_leaves_the_service_ready_and_is_told(client: TestClient, city: City, language: str) -> None:
    def ask() -> dict[str, object]:
        answer = client.get("/ready", headers={"Accept-Language": language})
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        return answer.json()

    def report(ago_s: int) -> None:
        with city.owner() as owner:
            owner.exec_driver_sql("DELETE FROM procrastinate_workers")
            owner.exec_driver_sql(
                f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '{ago_s} s')"
            )

    with city.owner() as owner:
        owner.exec_driver_sql("DELETE FROM procrastinate_workers")
    never = ask()
    assert (never["degraded"], never["worker"]) == (True, {"alive": False, "silent_s": None})
    from i18n import texts

    (note,) = never["notes"]
    assert note == {"key": "warning.worker-silent", "text": texts().text("warning.worker-silent", language)}
    report(61)
    assert (ask()["degraded"], ask()["worker"]["alive"]) == (True, False)
    report(5)
    alive = ask()
    assert (alive["degraded"], alive["notes"], alive["worker"]["alive"]) == (False, [], True)
    with city.owner() as owner:
        owner.exec_driver_sql("DELETE FROM procrastinate_workers")


def test_a_database_without_tables_is_not_ready(test_cluster, tmp_path) -> None:
    with TestClient(
        create_app(ApiSettings(database_url=str(test_cluster.urls.with_database("postgres").app)))
    ) as client:
        answer = client.get("/ready")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/w/city", 404, "not-found"),
        ("GET", "/w/nothing/layers", 404, "unknown-workspace"),
        ("GET", "/w/city/layers/nothing", 404, "unknown-layer"),
        ("DELETE", "/w/city/layers", 405, "method-not-allowed"),
        ("POST", tile_path(12), 405, "method-not-allowed"),
        ("PUT", "/health", 405, "method-not-allowed"),
        ("GET", "/w/city/plans/5", 404, "unknown-plan"),
        ("GET", "/w/city/jobs/5", 404, "unknown-job"),
        ("GET", "/w/city/imports/500", 404, "unknown-batch"),
        ("GET", "/w/city/layers/crimes/features/123456", 404, "unknown-feature"),
    ],
)
def test_whatever_fails_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path, headers=BOSS | {"Accept-Language": "en"})
    body = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (body["code"], body["type"], body["status"]) == (code, f"/problems/{code}", status)
    assert body["instance"] == answer.headers["x-request-id"]
    assert body["detail"].endswith(".")
    assert (status != 405) or answer.headers["allow"]


def test_the_request_id_is_taken_over_when_it_is_clean(client: TestClient) -> None:
    assert client.get("/health", headers={"X-Request-ID": "abc-12345"}).headers["x-request-id"] == "abc-12345"
    for hostile in ("a", "x" * 200, "evil id", "ü" * 10):
        found = client.get("/health", headers={"X-Request-ID": hostile.encode()}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{16}", found)


def test_a_fault_of_ours_is_logged_once_and_told_by_reference_only(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from layers.queries import cells

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(cells, "cells", break_down)
    with caplog.at_level(logging.ERROR):
        answer = client.get(f"{CELLS}&hours=1", headers=BOSS)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    told = [record for record in caplog.records if record.name == "qorgan.api"]
    assert len(told) == 1
    assert answer.json()["instance"] in told[0].getMessage()


def test_refusals_of_readers_are_not_logged_as_errors(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="qorgan.api"):
        assert client.get(f"{CELLS}&hours=99", headers=BOSS).status_code == 422
    assert not [record for record in caplog.records if record.name == "qorgan.api"]


def test_no_refusal_ever_shows_the_databases_password(client: TestClient) -> None:
    running = service_of(client.app)
    password = make_url(running.settings.database_url.get_secret_value()).password
    assert password
    assert password not in repr(running.settings)
    for path in ("/nowhere", "/ready", f"{CELLS}&bbox=x", "/w/%00/layers", "/openapi.json", "/docs"):
        assert password not in client.get(path, headers=BOSS).text


def test_bodies_have_a_limit(city: City, module_database, tmp_path) -> None:
    with serving(city, module_database, tmp_path, body_limit_bytes=2000, upload_limit_bytes=5000) as client:
        large = client.patch(
            "/w/city/layers/crimes/features/1",
            json={"changes": {}, "reason": "x" * 3000},
            headers=BOSS | {"If-Match": '"1"', "Accept-Language": "en"},
        )
        file = client.post(
            "/w/city/imports", files={"file": ("x.csv", b"x" * 9000)}, data={"layer": "crimes"}, headers=BOSS
        )

        def pieces() -> Iterator[bytes]:
            yield b"{"
            for _ in range(100):
                yield b" " * 100

        streamed = client.post("/w/city/plans", content=pieces(), headers=BOSS | {"Content-Type": "application/json"})
    for answer in (large, file, streamed):
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_question_that_takes_too_long_is_ended(city: City, module_database, tmp_path) -> None:
    with serving(city, module_database, tmp_path, query_seconds=0.05) as client:
        running = service_of(client.app)
        with pytest.raises(QorganError) as told:
            running.ask(city.people["administrator"], "city", lambda c, _: c.exec_driver_sql("SELECT pg_sleep(2)"))
    assert (told.value.code, status_of(told.value)) == ("query-too-slow", 503)


def test_mounted_below_a_path_it_gives_addresses_that_work(city: City, module_database, tmp_path) -> None:
    settings_ = ApiSettings(database_url=str(module_database.app), home=tmp_path, local_administrator=False)
    inner = create_app(settings_)

    @asynccontextmanager
    async def closing(_: Starlette) -> AsyncIterator[None]:
        """A mounted application is told of no end: whoever mounts it closes its connections."""
        yield
        await service_of(inner).close()

    outer = Starlette(routes=[Mount("/api", inner)], lifespan=closing)
    with TestClient(outer, base_url="http://127.0.0.1:8501") as client:
        assert client.get("/api/ready").status_code == 200
        style = client.get("/api/w/city/style.json", headers=BOSS).json()
        assert style["sources"]["roads"]["tiles"] == ["/api/w/city/tiles/roads/{z}/{x}/{y}.mvt"]
        assert client.get("/api" + tile_path(14, "roads", lon=76.9501), headers=BOSS).status_code == 200
        page = client.get("/api/w/city/layers/crimes/features?limit=2", headers=BOSS).json()
        assert client.get(page["links"]["next"], headers=BOSS).status_code == 200
        layer = client.get("/api/w/city/layers/crimes", headers=BOSS).json()
        assert client.get(layer["links"]["cells"], headers=BOSS).status_code == 200
        assert client.get("/api/nowhere").json()["code"] == "not-found"
    with serving(city, module_database, tmp_path, public_prefix="/seen") as behind:
        assert behind.get("/w/city/layers/crimes", headers=BOSS).json()["links"]["self"].startswith("/seen/w/city")


def test_the_description_is_whole_and_knows_the_registry(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    tags = {tag["name"] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["tags"][0] in tags
            answers = operation["responses"]
            if path not in ("/health", "/ready", "/session", "/openapi.json"):
                assert "application/problem+json" in answers["401"]["content"], (method, path)
    parameter = next(
        one for one in document["paths"]["/w/{ws}/layers/{layer}/cells"]["get"]["parameters"] if one["name"] == "layer"
    )
    assert parameter["schema"]["enum"] == list(registry.load())


def test_the_page_of_the_description_asks_nobody_outside(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    assert "<script" not in page.text
    assert "/w/{ws}/layers/{layer}/cells" in page.text


def test_every_branch_of_errors_has_a_status_and_every_code_a_sentence() -> None:
    from i18n import texts

    def leaves(branch: type[QorganError]) -> list[type[QorganError]]:
        # the interface, which other tests load, has a child of its own that never passes here
        below = [one for one in branch.__subclasses__() if one.__module__ == "geo_core.errors"]
        return [branch, *(leaf for one in below for leaf in leaves(one))]

    for branch in leaves(QorganError):
        assert any(issubclass(branch, known) for known, _ in STATUS_BY_BRANCH)
        assert 400 <= status_of(branch()) < 600
    for code in STATUS_BY_CODE:
        for language in LANGUAGES:
            assert texts().has(f"error.{code}", language), (code, language)
    assert language_of({"headers": [(b"accept-language", b"kk")]}) == "kk"


OPERATIONS = [
    (method, path)
    for path, methods in create_app(ApiSettings(database_url="postgresql+psycopg://u:p@127.0.0.1:1/x"))
    .openapi()["paths"]
    .items()
    for method in methods
    if path != "/session"
]


def _numbers(body: object) -> list[int]:
    match body:
        case bool():
            return []
        case int():
            return [body]
        case dict():
            return [one for part in body.values() for one in _numbers(part)]
        case list():
            return [one for part in body for one in _numbers(part)]
        case _:
            return []


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_the_description_allows_makes_a_500(client: TestClient, method: str, path: str) -> None:
    operation = schemathesis.openapi.from_dict(client.get("/openapi.json").json())[path][method.upper()]

    @given(case=operation.as_strategy())
    @settings(max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def ask(case) -> None:
        names = {"ws": "city", "layer": case.path_parameters.get("layer", "crimes"), **case.path_parameters}
        names["ws"] = "city"  # what happens elsewhere is another test's
        if method == "delete":  # the city's own are needed by others
            names |= {name: value + 1000 for name, value in names.items() if isinstance(value, int)}
        where = path.format(**{name: quote(str(value), safe="") for name, value in names.items()})
        headers = {k: v for k, v in (case.headers or {}).items() if str(v).isascii() and str(v).isprintable()}
        if not all(abs(one) < 2**63 for one in _numbers(case.body)):
            return  # orjson cannot write it; hostile bodies are written by hand elsewhere
        query = urlencode(
            [
                (name, one)
                for name, value in (case.query or {}).items()
                for one in (value if isinstance(value, list) else [value])
            ]
        )
        body = orjson.dumps(case.body, default=str) if method in ("patch", "post") else None
        answer = client.request(method, f"{where}?{query}", headers={**headers, **BOSS}, content=body)
        assert answer.status_code < 500, (method, where, query, body, answer.text)

    ask()


class Cuttable:
    """A relay to the database that can be cut: connections drop and new ones are refused."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.loop = asyncio.new_event_loop()
        self.open: set[asyncio.StreamWriter] = set()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server: asyncio.Server | None = None
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.join()

    def _do(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def join(self) -> None:
        async def start() -> None:
            self.server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)

        self._do(start())

    def cut(self) -> None:
        async def stop() -> None:
            self.server.close()
            for writer in list(self.open):
                writer.transport.abort()

        self._do(stop())

    def end(self) -> None:
        self.cut()
        time.sleep(0.05)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection(*self.target)
        self.open |= {writer, there}

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.transport.abort()

        await asyncio.gather(pump(reader, there), pump(there_reader, writer))
        self.open -= {writer, there}


@contextmanager
def through_a_relay(city: City, urls, home) -> Iterator[tuple[TestClient, Cuttable]]:
    url = make_url(str(urls.app))
    relay = Cuttable(url.host, url.port)
    settings_ = ApiSettings(
        database_url=url.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False),
        home=home,
        local_administrator=False,
        database_wait_seconds=2,
        pool_size=3,
    )
    try:
        with TestClient(create_app(settings_), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            yield client, relay
    finally:
        relay.end()


def test_while_the_database_is_away_readers_are_told_so_and_served_again_after(
    city: City, module_database, tmp_path
) -> None:
    questions = (CELLS, tile_path(12), "/w/city/layers", "/w/city/layers/crimes/features?limit=2", "/workspaces")
    with through_a_relay(city, module_database, tmp_path) as (client, relay):
        before = {path: client.get(path, headers=BOSS) for path in questions}
        assert {answer.status_code for answer in before.values()} == {200}
        relay.cut()
        for path in questions:
            began = time.monotonic()
            answer = client.get(path, headers=BOSS)
            assert time.monotonic() - began < 5
            assert (answer.status_code, answer.json()["code"]) == (503, "database-away"), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        relay.join()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            after = {path: client.get(path, headers=BOSS) for path in questions}
            if {answer.status_code for answer in after.values()} == {200}:
                break
            time.sleep(0.2)
        for path in questions:
            assert after[path].status_code == 200, (path, after[path].text)
        assert after[CELLS].content == before[CELLS].content


def test_a_cache_keeps_to_its_bytes_and_shares_work() -> None:
    cache, made = Cache(10_000), []

    async def ask() -> list[Body]:
        async def make() -> Body:
            made.append(1)
            await asyncio.sleep(0.01)
            return Body(b"x" * 100, "a/b")

        return await asyncio.gather(*(cache.get_or_make("k", make) for _ in range(20)))

    assert len({id(one) for one in asyncio.run(ask())}) == 1
    assert len(made) == 1
    for i in range(200):
        cache.put(i, Body(b"y" * 500, "a/b"))
        assert cache.size_bytes <= 10_000
    assert cache.get(199) is not None
    assert cache.get(0) is None
    cache.put("large", Body(b"z" * 5000, "a/b"))
    assert cache.get("large") is None


def test_a_failure_is_not_kept() -> None:
    cache = Cache(10_000)

    async def fail() -> Body:
        raise Unavailable("database-away")

    async def work() -> Body:
        return Body(b"x", "a/b")

    async def ask() -> Body:
        with pytest.raises(Unavailable):
            await cache.get_or_make("k", fail)
        return await cache.get_or_make("k", work)

    assert asyncio.run(ask()).data == b"x"
