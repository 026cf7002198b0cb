from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from cli import demo
from cli.cluster import DatabaseUrls
from etl import importer
from geo_core.errors import NotFound
from layers.engine import Engines, connect
from layers.identity import LOCAL_ADMINISTRATOR, find_by_subject, transaction


def engines_of(urls: DatabaseUrls) -> Engines:
    return connect(urls.app, loader_url=urls.loader, owner_url=urls.owner, pool_size=2)


def counts(urls: DatabaseUrls) -> dict[str, int]:
    engines = engines_of(urls)
    try:
        principal = find_by_subject(engines.app, LOCAL_ADMINISTRATOR)
        assert principal is not None
        with transaction(engines.app, principal) as connection:
            return {
                layer: int(connection.execute(text(f"SELECT count(*) FROM layer_{layer}")).scalar_one())
                for layer in ("crimes", "accidents", "cameras", "roads", "street_segments", "camera_coverage")
            }
    finally:
        engines.dispose()


def test_a_demo_that_was_broken_off_is_completed_and_a_complete_one_kept(
    fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = importer.run_import

    def breaks_off(engines, principal, wanted, **options):
        if wanted.layer.id == "crimes":
            raise KeyboardInterrupt
        return whole(engines, principal, wanted, **options)

    with monkeypatch.context() as patched:
        patched.setattr(importer, "run_import", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            demo.load_into_empty(fresh_database, "pavlodar", home=tmp_path)
    assert counts(fresh_database)["crimes"] == 0

    demo.load_into_empty(fresh_database, "pavlodar", home=tmp_path)
    complete = counts(fresh_database)
    assert complete["crimes"] > 8000
    assert complete["street_segments"] > 1000
    assert complete["camera_coverage"] > 100

    capsys.readouterr()
    demo.load_into_empty(fresh_database, "pavlodar", home=tmp_path)
    assert "{" not in capsys.readouterr().err
    assert counts(fresh_database) == complete


def test_a_database_with_a_workspace_of_its_own_gets_no_demo(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    engines = engines_of(fresh_database)
    assert engines.owner is not None
    with engines.owner.begin() as owner:
        owner.execute(
            text(
                "INSERT INTO workspace (slug, titles, zone, metric_crs, settings, is_synthetic) "
                "VALUES ('ours', '{}', 'Asia/Almaty', 'EPSG:32643', '{}', false)"
            )
        )
    demo.load_into_empty(fresh_database, "pavlodar", home=tmp_path)
    with engines.owner.connect() as owner:
        assert owner.execute(text("SELECT array_agg(slug) FROM workspace")).scalar_one() == ["ours"]
    engines.dispose()


def test_an_unknown_demo_names_those_there_are(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as told:
        demo.load_into_empty(fresh_database, "atlantis", home=tmp_path)
    assert told.value.code == "unknown-demo"
    assert told.value.params["known"] == ["pavlodar"]
