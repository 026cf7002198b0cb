"""What a developer does after copying a layer's folder, in a process of its own, since a registry is read once.

Arguments: the folder that holds the copied folder, a folder for migrations; database addresses in the environment. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from sqlalchemy import create_engine


def main(catalogue: Path, versions: Path) -> dict[str, object]:
    import layers.catalog

    layers.catalog.__path__.append(str(catalogue))
    from cli.cluster import DatabaseUrls
    from cli.masking import SecretUrl
    from etl.importer import ImportRequest, run_import
    from i18n import LANGUAGES
    from i18n import catalogue as texts_of
    from i18n.layer_keys import layer_keys
    from layers import migrate, registry
    from layers.editing import records
    from layers.identity import Purpose
    from layers.queries import features
    from layers.queries.cells import cells
    from layers.queries.status import status
    from layers.queries.tiles import tile_sql
    from tests.layers import mvt
    from tests.layers.city import open_city

    urls = DatabaseUrls(
        app=SecretUrl(os.environ["DATABASE_URL"]),
        owner=SecretUrl(os.environ["DATABASE_OWNER_URL"]),
        loader=SecretUrl(os.environ["DATABASE_LOADER_URL"]),
    )
    out: dict[str, object] = {}
    layer = registry.load()["benches"]
    out["before"] = migrate.head(versions)
    migration = migrate.new_revision(urls.owner, "layer benches", versions=versions)
    out["migration"] = migration.name
    out["statements"] = migration.read_text(encoding="utf-8")
    migrate.upgrade(urls.owner, versions=versions)
    owner = create_engine(str(urls.owner))
    with owner.connect() as connection:
        out["drift"] = [str(change) for change in migrate.drift(connection)]
        out["at"] = migrate.current(connection)
    texts = texts_of(catalogue, strict=True)
    out["texts"] = {language: texts.text("layer.benches.title", language) for language in LANGUAGES}
    out["missing_texts"] = [key for key in layer_keys(layer) for lang in LANGUAGES if not texts.has(key, lang)]

    city = open_city(urls)
    sample = Path(layer.folder, "sample", "input.csv")
    wanted = ImportRequest(layer=layer, path=sample, mapping=layer.sources[0], workspace="city")
    report = run_import(city.engines, city.people["administrator"], wanted)
    out["report"] = {"read": report.read, "loaded": report.loaded, "rejected": report.rejected}
    again = run_import(city.engines, city.people["administrator"], wanted)
    out["again"] = {"loaded": again.loaded, "unchanged": again.unchanged}
    seen: dict[str, float] = {}
    for who in ("administrator", "viewer", "east", "nobody"):
        with city.as_(who, purpose=Purpose.AGGREGATE) as connection:
            answer = cells(connection, city.workspace, layer, resolution=9)
            seen[who] = answer.totals["count"]
    out["counts"] = seen
    with city.as_("west") as connection:
        out["status_rows"] = status(connection, city.workspace, layer)["rows"]
        one = features.page(connection, city.workspace, layer)["features"][0]
        changed = records.change(connection, city.workspace, layer, one["id"], version=1, changes={"status": "broken"})
        out["version"] = changed["properties"]["version"]
        x, y = (int(v) for v in mvt.place(76.9405, 52.2705, 14))
        driver = connection.connection.driver_connection
        place = {"ws": city.workspace.id, "z": 14, "x": x, "y": y}
        out["drawn"] = len(mvt.read(driver.execute(tile_sql(layer, 14), place).fetchone()[0])["benches"])
    try:
        with city.engines.app.begin() as connection:
            connection.exec_driver_sql(f"SELECT * FROM layer_benches_w{city.workspace.id}")
    except Exception as refused:  # noqa: BLE001 - named in the answer
        out["partition"] = type(getattr(refused, "orig", refused)).__name__
    city.engines.dispose()

    migrate.downgrade(urls.owner, revision=str(out["before"]), versions=versions)
    with owner.connect() as connection:
        out["left"] = list(
            connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relname ~ 'benches'").scalars()
        )
        out["after"] = migrate.current(connection)
    owner.dispose()
    return out


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
