CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION qorgan_append_only();

-- Every function is given by name: PostgreSQL lets everybody run a new one, and many of these pass row-level security.
DO $$
DECLARE f record;
BEGIN
  FOR f IN SELECT p.oid::regprocedure AS signature FROM pg_proc p
           WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'qorgan\_%'
  LOOP
    EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || f.signature || ' FROM PUBLIC';
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION qorgan_bulk_create(text, integer, bigint), qorgan_bulk_index(bigint, integer), qorgan_bulk_indexes(text),
  qorgan_bulk_drop(bigint), qorgan_bulk_leftovers() TO qorgan_loader;
GRANT EXECUTE ON FUNCTION qorgan_principal(), qorgan_territories(integer), qorgan_readable(integer), qorgan_workspaces(integer), qorgan_whole_workspaces(integer),
  qorgan_deriving(), qorgan_loaded(integer),
  qorgan_fingerprint(), qorgan_principal_of_token(text), qorgan_principal_of_subject(text), qorgan_territory_at(integer, geometry),
  qorgan_ensure_partition(text, integer), qorgan_layer_empty(text, integer), qorgan_batch_territories(text, integer, bigint),
  qorgan_bulk_attach(bigint), qorgan_reserve_ids(bigint), qorgan_fail_dead_batches(), qorgan_job_owner(bigint),
  qorgan_lost_jobs(double precision) TO qorgan_app;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['workspace', 'territory', 'registration_break', 'principal', 'role_grant', 'layer_revision',
    'batch', 'rejected_row', 'row_history', 'audit', 'job', 'event_unit', 'cell_share', 'segment_share', 'derived', 'plan']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO qorgan_app', t);
  END LOOP;
END $$;
REVOKE UPDATE, DELETE ON audit FROM qorgan_app;
REVOKE INSERT, UPDATE, DELETE ON layer_revision FROM qorgan_app;

-- Workspaces: seen with any role in them, changed by administrators of the whole.
CREATE POLICY reading ON workspace FOR SELECT TO qorgan_app USING (id = ANY ((SELECT qorgan_workspaces(1))::int[]));
CREATE POLICY changing ON workspace FOR UPDATE TO qorgan_app USING (id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
CREATE POLICY reading ON territory FOR SELECT TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_workspaces(1))::int[]));
CREATE POLICY reading ON registration_break FOR SELECT TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_workspaces(1))::int[]));
CREATE POLICY changing ON registration_break FOR ALL TO qorgan_app
  USING (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[])) WITH CHECK (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
CREATE POLICY reading ON layer_revision FOR SELECT TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_workspaces(1))::int[]));

-- People: oneself, and everybody for an administrator of a workspace they share.
CREATE POLICY reading ON principal FOR SELECT TO qorgan_app USING (id = qorgan_principal());
CREATE POLICY reading ON role_grant FOR SELECT TO qorgan_app
  USING (principal_id = qorgan_principal() OR workspace_id = ANY ((SELECT qorgan_workspaces(4))::int[]));

-- Batches: seen by analysts (names, hashes, reports; others learn freshness and licence from qorgan_loaded), made by editors in
-- their own name, changed by whoever made them and by administrators of the whole.
CREATE POLICY reading ON batch FOR SELECT TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_workspaces(2))::int[]));
CREATE POLICY adding ON batch FOR INSERT TO qorgan_app
  WITH CHECK (principal_id = (SELECT qorgan_principal()) AND workspace_id = ANY ((SELECT qorgan_workspaces(3))::int[]));
CREATE POLICY changing ON batch FOR UPDATE TO qorgan_app
  USING ((principal_id = (SELECT qorgan_principal()) AND workspace_id = ANY ((SELECT qorgan_workspaces(3))::int[]))
    OR workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]))
  WITH CHECK ((principal_id = (SELECT qorgan_principal()) AND workspace_id = ANY ((SELECT qorgan_workspaces(3))::int[]))
    OR workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
-- A rejected row is a record without a place: it is shown to whoever brought it, and to administrators.
CREATE POLICY owning ON rejected_row FOR ALL TO qorgan_app
  USING (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[])
    OR EXISTS (SELECT 1 FROM batch b WHERE b.id = batch_id AND b.principal_id = (SELECT qorgan_principal())))
  WITH CHECK (EXISTS (SELECT 1 FROM batch b WHERE b.id = batch_id AND b.workspace_id = rejected_row.workspace_id
    AND b.principal_id = (SELECT qorgan_principal())));
CREATE POLICY owning ON row_history FOR ALL TO qorgan_app
  USING (territory_id = ANY ((SELECT qorgan_territories(3))::int[])) WITH CHECK (territory_id = ANY ((SELECT qorgan_territories(3))::int[]));

-- Audit: everyone writes what they themselves did; administrators read it.
CREATE POLICY adding ON audit FOR INSERT TO qorgan_app WITH CHECK (principal_id = qorgan_principal());
CREATE POLICY reading ON audit FOR SELECT TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));

-- Jobs: one's own, and all of a workspace for its administrators. Only analysts and above start one.
CREATE POLICY reading ON job FOR SELECT TO qorgan_app
  USING (principal_id = qorgan_principal() OR workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));
CREATE POLICY adding ON job FOR INSERT TO qorgan_app
  WITH CHECK (principal_id = qorgan_principal() AND workspace_id = ANY ((SELECT qorgan_workspaces(2))::int[]));
CREATE POLICY changing ON job FOR UPDATE TO qorgan_app
  USING (principal_id = qorgan_principal() OR workspace_id = ANY ((SELECT qorgan_whole_workspaces(4))::int[]));

-- Derived numbers follow their territory. Links to single events are records; seen shares tell where cameras do not look.
CREATE POLICY reading ON event_unit FOR SELECT TO qorgan_app USING (territory_id = ANY ((SELECT qorgan_readable(2))::int[]));
CREATE POLICY reading ON cell_share FOR SELECT TO qorgan_app USING (territory_id = ANY ((SELECT qorgan_territories(2))::int[]));
CREATE POLICY reading ON segment_share FOR SELECT TO qorgan_app USING (territory_id = ANY ((SELECT qorgan_territories(2))::int[]));
CREATE POLICY reading ON derived FOR SELECT TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_workspaces(1))::int[]));
-- They are computed with the sight of the whole workspace.
CREATE POLICY writing ON event_unit FOR ALL TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_deriving())::int[]));
CREATE POLICY writing ON cell_share FOR ALL TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_deriving())::int[]));
CREATE POLICY writing ON segment_share FOR ALL TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_deriving())::int[]));
CREATE POLICY writing ON derived FOR ALL TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_deriving())::int[]));

-- Plans: analysts see and make them in their territory.
CREATE POLICY owning ON plan FOR ALL TO qorgan_app
  USING (territory_id = ANY ((SELECT qorgan_territories(2))::int[])) WITH CHECK (territory_id = ANY ((SELECT qorgan_territories(2))::int[]));
