"""What every test may use: the database fixtures, the long-test switch, and CI's rule that nothing important is skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.fixtures.database", "tests.fixtures.commands"]

_NEVER_SKIPPED_IN_CI = ("database", "browser")
_DATABASE_FIXTURES = {"database_urls", "fresh_database", "test_cluster"}
_BROWSER_FIXTURES = {"browser", "page", "context"}
_MAY_BE_ABSENT = "shared data"  # the one reason for which CI accepts a skipped module


def in_ci() -> bool:
    """Whether this run decides over a change."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run the long simulations (marker full)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        wanted = set(getattr(item, "fixturenames", ()))
        if wanted & _DATABASE_FIXTURES:
            item.add_marker("database")
        if wanted & _BROWSER_FIXTURES:
            item.add_marker("browser")
    if not config.getoption("--full"):
        kept = [item for item in items if item.get_closest_marker("full") is None]
        if len(kept) < len(items):
            config.hook.pytest_deselected(items=[item for item in items if item not in kept])
            items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    important = [name for name in _NEVER_SKIPPED_IN_CI if item.get_closest_marker(name)]
    if report.skipped and in_ci() and important and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where a {' and '.join(important)} test must run: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    if report.skipped and in_ci() and _MAY_BE_ABSENT not in str(report.longrepr).lower():
        report.outcome = "failed"
        report.longrepr = f"a whole module was skipped in CI: {report.longrepr}"
    return report
