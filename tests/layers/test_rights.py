"""What each role of the database may do: the application, the loader, the owner."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from geo_core.errors import Conflict, Forbidden
from layers import batches, identity, loading, registry
from layers.editing import records
from layers.engine import translated
from layers.identity import audit
from layers.queries import features
from layers.spec import Role
from tests.layers.city import IN_EAST, IN_QUARTER, IN_WEST, crime

CRIMES = registry.load()["crimes"]


@pytest.fixture
def filled(city):
    city.load("crimes", [crime("w1", IN_WEST), crime("e1", IN_EAST), crime("q1", IN_QUARTER)])
    return city


def contents(city):
    with city.owner() as owner:
        found = owner.exec_driver_sql(
            "SELECT source_id, category, article, ST_AsText(geom), territory_id, version FROM layer_crimes ORDER BY source_id"
        )
        return [tuple(row) for row in found]


def id_of(city, source_id):
    with city.owner() as owner:
        return owner.execute(text("SELECT id FROM layer_crimes WHERE source_id = :s"), {"s": source_id}).scalar_one()


def refused(engine, *statements):
    """Run each by itself; those that were allowed."""
    allowed = []
    for statement in statements:
        with engine.connect() as connection:
            try:
                connection.exec_driver_sql(statement)
            except Exception as error:  # noqa: BLE001 - any other error than a refusal fails the assertion below
                if isinstance(getattr(error, "orig", None), psycopg.errors.InsufficientPrivilege):
                    continue
                allowed.append((statement, str(error)))
            else:
                allowed.append((statement, "was allowed"))
    return allowed


def test_an_editor_cannot_load_aside_into_another_district(city):
    with pytest.raises(Forbidden):
        city.load("crimes", [crime("w", IN_WEST), crime("e", IN_EAST)], who="west", aside=True)
    assert contents(city) == []
    city.load("crimes", [crime("w", IN_WEST), crime("q", IN_QUARTER)], who="west", aside=True)
    assert [row[0] for row in contents(city)] == ["q", "w"]


def test_an_editor_cannot_merge_rows_into_another_district(filled):
    before = contents(filled)
    with pytest.raises(Forbidden):
        filled.load("crimes", [crime("w9", IN_WEST), crime("e9", IN_EAST)], who="west", aside=False)
    assert contents(filled) == before


def test_an_editor_cannot_take_over_a_row_of_another_district(filled):
    before = contents(filled)
    # e1 lies in the east, which the editor of the west does not see; its key is taken all the same
    with pytest.raises(Conflict):
        filled.load("crimes", [crime("e1", IN_WEST)], who="west", aside=False)
    assert contents(filled) == before


def test_an_editor_changes_their_own_district_and_no_other(filled):
    with filled.as_("west") as connection:
        changed = records.change(
            connection, filled.workspace, CRIMES, id_of(filled, "q1"), version=1, changes={"article": "188"}
        )
    assert changed["properties"]["article"] == "188"
    before = contents(filled)
    for who, source_id, kind in (("west", "e1", "unknown-feature"), ("viewer", "w1", "role-needed")):
        with filled.as_(who) as connection, pytest.raises(Exception, match=kind) as told:
            records.change(
                connection, filled.workspace, CRIMES, id_of(filled, source_id), version=1, changes={"article": "1"}
            )
        assert told.value.code == kind
    with pytest.raises(Forbidden), filled.as_("analyst") as connection:
        records.change(connection, filled.workspace, CRIMES, id_of(filled, "w1"), version=1, changes={"article": "1"})
    assert contents(filled) == before


def test_an_editor_cannot_move_a_row_out_of_their_district(filled):
    before = contents(filled)
    with pytest.raises(Forbidden), filled.as_("west") as connection:
        records.change(
            connection, filled.workspace, CRIMES, id_of(filled, "w1"), version=1, changes={}, position=IN_EAST
        )
    assert contents(filled) == before


def test_an_editor_of_a_part_cannot_change_what_they_may_only_read(filled):
    with filled.owner() as owner:
        identity.grant(owner, filled.people["quarter"], territory_id=filled.territories["west"], role=Role.ANALYST)
    before = contents(filled)
    with filled.as_("quarter") as connection:
        assert len(features.page(connection, filled.workspace, CRIMES)["features"]) == 2
    with pytest.raises(Forbidden), filled.as_("quarter") as connection:
        records.change(connection, filled.workspace, CRIMES, id_of(filled, "w1"), version=1, changes={"article": "1"})
    with pytest.raises(Forbidden):
        filled.load("crimes", [crime("w1", IN_QUARTER)], who="quarter", aside=False)
    assert contents(filled) == before


def test_a_batch_is_taken_back_only_by_who_may_change_all_of_it(filled):
    with filled.owner() as owner:
        batch_id = owner.exec_driver_sql("SELECT max(id) FROM batch").scalar_one()
    before = contents(filled)
    for who in ("west", "quarter", "analyst", "viewer"):
        with pytest.raises(Forbidden), filled.as_(who) as connection:
            batches.undo(connection, filled.workspace, batch_id)
    assert contents(filled) == before
    with filled.as_("administrator") as connection:
        assert batches.undo(connection, filled.workspace, batch_id) == {"removed": 3, "restored": 0}


def test_nobody_attaches_a_table_for_a_batch_of_another(city):
    batch_id = city.start(CRIMES, who="west")
    with city.engines.loader.begin() as connection:
        connection.exec_driver_sql(f"SELECT qorgan_bulk_create('layer_crimes', {city.workspace.id}, {batch_id})")
        for nth in connection.exec_driver_sql("SELECT nth FROM qorgan_bulk_indexes('layer_crimes')").scalars().all():
            connection.exec_driver_sql(f"SELECT qorgan_bulk_index({batch_id}, {nth})")
    for who in ("east", "administrator", "nobody"):
        with pytest.raises(Forbidden), city.as_(who) as connection:
            connection.exec_driver_sql(f"SELECT qorgan_bulk_attach({batch_id})")
    with city.as_("west") as connection:
        connection.exec_driver_sql(f"SELECT qorgan_bulk_attach({batch_id})")


def test_rejected_rows_are_shown_to_who_brought_them_and_to_administrators(city):
    from etl.records import RejectedRow

    batch_id = city.start(CRIMES, who="west")
    with city.as_("west") as connection:
        given = [RejectedRow(row_number=3, raw={"x": "a\x00b"}, reasons=(("odd", {"value": 1}),))]
        batches.keep_rejected(connection, city.workspace, batch_id, given)
    seen = {}
    for who in ("west", "east", "administrator", "analyst", "nobody"):
        with city.as_(who) as connection:
            seen[who] = [row["row_number"] for row in batches.rejected(connection, batch_id)]
    assert seen == {"west": [3], "east": [], "administrator": [3], "analyst": [], "nobody": []}


def test_the_application_touches_neither_partitions_nor_the_machinery(filled):
    ws = filled.workspace.id
    with filled.engines.loader.begin() as connection:
        connection.exec_driver_sql(f"SELECT qorgan_bulk_create('layer_lamps', {ws}, 77)")
    allowed = refused(
        filled.engines.app,
        f"SELECT * FROM layer_crimes_w{ws}",
        f"INSERT INTO layer_crimes_w{ws} SELECT * FROM layer_crimes",
        f"DELETE FROM layer_crimes_w{ws}",
        f"TRUNCATE layer_crimes_w{ws}",
        "TRUNCATE layer_crimes",
        "DROP TABLE layer_crimes",
        "ALTER TABLE layer_crimes DISABLE ROW LEVEL SECURITY",
        "SELECT * FROM bulk_77",
        "INSERT INTO bulk_77 SELECT * FROM layer_lamps",
        "SELECT qorgan_bulk_create('layer_crimes', 1, 5)",
        "SELECT qorgan_bulk_index(77, 1)",
        "SELECT qorgan_bulk_drop(77)",
        f"SELECT qorgan_touch({ws}, 'crimes')",
        "SELECT qorgan_protect_layer('layer_crimes', 1)",
        "UPDATE layer_revision SET revision = 1",
        "INSERT INTO layer_revision VALUES (1, 'x', 1)",
        "DELETE FROM layer_revision",
        "UPDATE audit SET action = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "SET ROLE qorgan_owner",
        "CREATE TABLE mine (x int)",
    )
    assert allowed == []


def test_nobody_writes_rights_through_the_application(city):
    who = city.people["administrator"].id
    with city.as_("administrator") as connection:
        changed = connection.exec_driver_sql(f"UPDATE role_grant SET rank = 4 WHERE principal_id = {who}").rowcount
        changed += connection.exec_driver_sql("UPDATE principal SET subject = 'x'").rowcount
        changed += connection.exec_driver_sql("DELETE FROM territory").rowcount
        assert changed == 0
    for statement in (
        f"INSERT INTO role_grant VALUES ({who}, {city.territories['east']}, {city.workspace.id}, 4)",
        "INSERT INTO principal (subject, display_name) VALUES ('me', 'me')",
        "INSERT INTO workspace (slug, titles, zone, metric_crs) VALUES ('x', '{}', 'x', 'x')",
    ):
        with pytest.raises(Forbidden), city.as_("administrator") as connection:
            connection.exec_driver_sql(statement)


def test_the_loader_can_do_nothing_but_fill_tables_aside(filled):
    ws = filled.workspace.id
    with filled.engines.loader.begin() as connection:
        connection.exec_driver_sql(f"SELECT qorgan_bulk_create('layer_lamps', {ws}, 77)")
    with filled.owner() as owner:
        tables = owner.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND relname NOT IN ('bulk_77', 'spatial_ref_sys') ORDER BY 1"
        ).scalars()
        statements = [
            statement
            for table in tables
            for statement in (f"SELECT * FROM {table}", f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}")
        ]
        functions = owner.exec_driver_sql(
            "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'qorgan%%' "
            "AND has_function_privilege('qorgan_loader', p.oid, 'EXECUTE') ORDER BY 1"
        ).scalars()
        assert list(functions) == [
            "qorgan_bulk_create",
            "qorgan_bulk_drop",
            "qorgan_bulk_index",
            "qorgan_bulk_indexes",
            "qorgan_bulk_leftovers",
        ]
    statements += ["DELETE FROM bulk_77", "UPDATE bulk_77 SET status = 'works'", "DROP TABLE bulk_77"]
    statements += [
        "SELECT qorgan_bulk_attach(77)",
        "SET ROLE qorgan_owner",
        "SET ROLE qorgan_app",
        "CREATE TABLE x (y int)",
    ]
    assert refused(filled.engines.loader, *statements) == []
    with pytest.raises(Exception, match="not a layer table"), filled.engines.loader.begin() as connection:
        connection.exec_driver_sql("SELECT qorgan_bulk_create('role_grant', 1, 78)")


def test_after_the_swap_the_loader_has_no_right_left(filled):
    partition = f"layer_crimes_w{filled.workspace.id}"
    assert refused(filled.engines.loader, f"SELECT * FROM {partition}", f"INSERT INTO {partition} DEFAULT VALUES") == []


def test_the_audit_only_grows_even_for_the_owner(city):
    with city.as_("west") as connection:
        audit(connection, "look", workspace_id=city.workspace.id, place="дом")
    for statement in ("UPDATE audit SET action = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(Exception, match="append-only"), city.owner() as owner:
            owner.exec_driver_sql(statement)
    with city.as_("administrator") as connection:
        lines = connection.exec_driver_sql("SELECT principal_id, action, detail FROM audit WHERE action = 'look'").all()
    assert [tuple(line) for line in lines] == [(city.people["west"].id, "look", {"place": "дом"})]
    with city.as_("west") as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one() == 0


def test_nobody_writes_into_the_audit_in_the_name_of_another(city):
    statement = f"INSERT INTO audit (principal_id, action) VALUES ({city.people['east'].id}, 'look')"
    with pytest.raises(Forbidden), city.as_("west") as connection:
        connection.exec_driver_sql(statement)


def test_ids_reserved_by_many_at_once_never_overlap(city):
    from concurrent.futures import ThreadPoolExecutor

    def take(count):
        with city.as_("west") as connection:
            return loading.reserve_ids(connection, count).tolist()

    with ThreadPoolExecutor(4) as pool:
        taken = [i for ids in pool.map(take, [7, 1, 0, 50, 3] * 8) for i in ids]
    assert len(taken) == len(set(taken)) == 8 * 61


def test_only_whoever_made_a_batch_or_an_administrator_of_the_whole_takes_it_back(filled):
    with filled.owner() as owner:
        identity.grant(owner, filled.people["nobody"], territory_id=filled.territories["west"], role=Role.EDITOR)
        identity.grant(
            owner, filled.people["analyst"], territory_id=filled.territories["west"], role=Role.ADMINISTRATOR
        )
    own, _ = filled.load("crimes", [crime("w2", IN_WEST)], who="west")
    before = contents(filled)
    for who in ("nobody", "analyst"):
        with pytest.raises(Forbidden) as told, filled.as_(who) as connection:
            batches.undo(connection, filled.workspace, own)
        assert told.value.code == "undo-not-yours"
    assert contents(filled) == before
    with filled.as_("west") as connection:
        assert batches.undo(connection, filled.workspace, own) == {"removed": 1, "restored": 0}


def test_taking_back_rows_outside_of_the_own_district_is_refused_in_its_own_words(filled):
    mine, _ = filled.load("crimes", [crime("w3", IN_WEST)], who="west")
    with filled.owner() as owner:
        owner.exec_driver_sql(
            f"UPDATE layer_crimes SET territory_id = {filled.territories['east']} WHERE source_id = 'w3'"
        )
    with pytest.raises(Forbidden) as told, filled.as_("west") as connection:
        batches.undo(connection, filled.workspace, mine)
    assert (told.value.code, told.value.params) == ("undo-outside-your-territory", {"batch": mine})


def test_an_editor_neither_makes_nor_changes_batches_in_the_name_of_another(filled):
    other = filled.start(CRIMES, who="east")
    with filled.as_("west") as connection:
        assert connection.execute(text("UPDATE batch SET state = 'undone'")).rowcount == 0
        assert connection.execute(text("DELETE FROM batch")).rowcount == 0
    with pytest.raises(Forbidden), filled.as_("west") as connection:
        connection.execute(
            text(
                "INSERT INTO batch (workspace_id, layer_id, state, principal_id, source_name, sha256, size_bytes, licence, "
                "attribution, is_synthetic, mapping) SELECT workspace_id, layer_id, state, principal_id, source_name, sha256, "
                "size_bytes, licence, attribution, is_synthetic, mapping FROM batch WHERE id = :id"
            ),
            {"id": other},
        )
    with pytest.raises(Forbidden), filled.as_("west") as connection:
        connection.execute(
            text("INSERT INTO rejected_row VALUES (:id, 1, :ws, '{}', '[]')"), {"id": other, "ws": filled.workspace.id}
        )
    mine = filled.start(CRIMES, who="west")
    with pytest.raises(Forbidden), filled.as_("west") as connection:
        connection.execute(
            text("UPDATE batch SET principal_id = :who WHERE id = :id"), {"who": filled.people["east"].id, "id": mine}
        )


def test_an_editor_does_not_write_what_is_derived(filled):
    ws, west = filled.workspace.id, filled.territories["west"]
    with filled.owner() as owner:
        owner.exec_driver_sql(f"INSERT INTO derived VALUES ({ws}, 'camera_coverage', '{{}}', '{{}}')")
        owner.exec_driver_sql(
            f"INSERT INTO cell_share VALUES ({ws}, 'camera_coverage', 'covered_share', 1, 0, 1, {west})"
        )
        owner.execute(text("SELECT qorgan_ensure_partition('layer_street_segments', :ws)"), {"ws": ws})
    with filled.as_("west") as connection:
        for statement in (
            "UPDATE derived SET inputs = '{}'",
            "DELETE FROM derived",
            "UPDATE cell_share SET numerator = 1",
            "DELETE FROM cell_share",
        ):
            assert connection.exec_driver_sql(statement).rowcount == 0, statement
    for statement in (
        f"INSERT INTO cell_share VALUES ({ws}, 'camera_coverage', 'covered_share', 2, 1, 1, {west})",
        f"INSERT INTO derived VALUES ({ws}, 'street_segments', '{{}}', '{{}}')",
        (
            "INSERT INTO layer_street_segments (workspace_id, id, source_id, territory_id, batch_id, row_hash, highway_class, length_m, "
            f"geom) VALUES ({ws}, 9, 's', {west}, 0, 0, 'primary', 1, ST_GeomFromText('LINESTRING(76.93 52.26, 76.94 52.27)', 4326))"
        ),
    ):
        with pytest.raises(Forbidden), filled.as_("west") as connection:
            connection.exec_driver_sql(statement)


def test_an_administrator_of_a_district_does_not_change_the_workspace(city):
    with city.owner() as owner:
        identity.grant(owner, city.people["west"], territory_id=city.territories["west"], role=Role.ADMINISTRATOR)
    with city.as_("west") as connection:
        assert connection.execute(text("UPDATE workspace SET zone = 'UTC'")).rowcount == 0
    with city.as_("administrator") as connection:
        assert connection.execute(text("UPDATE workspace SET settings = '{}'")).rowcount == 1


def test_nobody_signs_in_as_the_one_who_derives(city):
    assert identity.find_by_subject(city.engines.app, identity.DERIVATION) is None
    assert identity.derivation_principal(city.engines.app).subject == identity.DERIVATION


def test_a_partition_that_went_away_under_a_statement_is_worth_another_try():
    for words, code in (
        ('relation "layer_crimes_w7" does not exist', "busy-try-again"),
        ("could not open relation with OID 4711", "busy-try-again"),
    ):
        for kind in (psycopg.errors.UndefinedTable, psycopg.errors.InternalError_):
            told = translated(kind(words))
            assert told is not None
            assert told.code == code
    assert translated(psycopg.errors.UndefinedTable('relation "nothing" does not exist')) is None
