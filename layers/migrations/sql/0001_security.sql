-- The tables the functions name come after them in the same migration.
SET LOCAL check_function_bodies = off;

-- Who may see and change what. Every policy reads only the principal's id (set with SET LOCAL semantics by
-- layers.identity) and looks the rights up here. No id: no territory: no row.

CREATE FUNCTION qorgan_principal() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('qorgan.principal', true), '')::integer $$;

-- In plpgsql, because it keeps the plan of its query for the session: every question of a reader passes through these.
-- Territories (with their descendants) where the principal holds at least this rank.
CREATE FUNCTION qorgan_territories(least_rank integer) RETURNS integer[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
  RETURN (
  WITH RECURSIVE held AS (
    SELECT g.territory_id AS id FROM role_grant g
    WHERE g.principal_id = qorgan_principal() AND g.rank >= least_rank
    UNION
    SELECT t.id FROM territory t JOIN held h ON t.parent_id = h.id)
  SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM held
  );
END
$$;

-- Records need the layer's own rank; sums over them (purpose "aggregate") need a viewer's.
CREATE FUNCTION qorgan_readable(records_rank integer) RETURNS integer[]
LANGUAGE sql STABLE AS
$$
  SELECT qorgan_territories(
    CASE WHEN current_setting('qorgan.purpose', true) = 'aggregate' THEN 1 ELSE records_rank END)
$$;

-- Workspaces where the principal holds at least this rank anywhere.
CREATE FUNCTION qorgan_workspaces(least_rank integer) RETURNS integer[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
  RETURN (
  SELECT coalesce(array_agg(DISTINCT workspace_id), '{}') FROM role_grant
  WHERE principal_id = qorgan_principal() AND rank >= least_rank
  );
END
$$;

-- Workspaces the principal holds at least this rank in as a whole: by a grant at the root, not in a part.
CREATE FUNCTION qorgan_whole_workspaces(least_rank integer) RETURNS integer[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT coalesce(array_agg(w.id), '{}') FROM workspace w JOIN role_grant g ON g.territory_id = w.root_territory_id
  WHERE g.principal_id = qorgan_principal() AND g.rank >= least_rank
$$;

-- Workspaces whose derived numbers the principal may write: derivations, which see the whole, and administrators of the whole.
-- An editor of a district would compute them without the neighbours.
CREATE FUNCTION qorgan_deriving() RETURNS integer[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT qorgan_whole_workspaces(
    CASE WHEN (SELECT p.subject FROM principal p WHERE p.id = qorgan_principal()) = 'qorgan-derivation' THEN 3 ELSE 4 END)
$$;

-- What every reader of a workspace may know of its loaded batches: licence, period, freshness; no names, hashes or reports.
CREATE FUNCTION qorgan_loaded(of_workspace integer) RETURNS TABLE (
  layer_id text, licence text, attribution text, is_synthetic boolean, day_from date, day_to date, finished_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT b.layer_id, b.licence, b.attribution, b.is_synthetic, b.day_from, b.day_to, b.finished_at FROM batch b
  WHERE b.workspace_id = of_workspace AND b.state = 'loaded' AND of_workspace = ANY (qorgan_workspaces(1))
$$;

-- What a cache key must carry: equal fingerprint = equal rights.
CREATE FUNCTION qorgan_fingerprint() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
  RETURN (
  SELECT coalesce(md5(string_agg(territory_id || ':' || rank, ',' ORDER BY territory_id)), 'none')
  FROM role_grant WHERE principal_id = qorgan_principal()
  );
END
$$;

-- The principal a session token belongs to; the application cannot list tokens.
CREATE FUNCTION qorgan_principal_of_token(token text) RETURNS TABLE (id integer, subject text, display_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT p.id, p.subject, p.display_name FROM principal p WHERE p.token_sha256 = token $$;

CREATE FUNCTION qorgan_principal_of_subject(who text) RETURNS TABLE (id integer, subject text, display_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT p.id, p.subject, p.display_name FROM principal p WHERE p.subject = who $$;

-- The innermost territory of a workspace that covers a point; the root where none does.
CREATE FUNCTION qorgan_territory_at(of_workspace integer, place geometry) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT coalesce(
    (SELECT t.id FROM territory t
     WHERE t.workspace_id = of_workspace AND t.id <> w.root_territory_id AND ST_Covers(t.geom, ST_PointOnSurface(place))
     ORDER BY ST_Area(t.geom), t.id LIMIT 1), w.root_territory_id)
  FROM workspace w WHERE w.id = of_workspace
$$;

-- Every change of a layer gives it a new revision, whoever made the change and however.
CREATE FUNCTION qorgan_touch(of_workspace integer, of_layer text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  INSERT INTO layer_revision (workspace_id, layer_id, revision, changed_at)
  VALUES (of_workspace, of_layer, nextval('revision_seq'), clock_timestamp())
  ON CONFLICT (workspace_id, layer_id) DO UPDATE SET revision = excluded.revision, changed_at = excluded.changed_at
$$;

CREATE FUNCTION qorgan_touched() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
  PERFORM qorgan_touch(c.workspace_id, TG_ARGV[0]) FROM (SELECT DISTINCT workspace_id FROM changed) c;
  RETURN NULL;
END
$$;

-- Makes a layer's table readable and writable for the application under row-level security; a derived one is written by whoever
-- may derive.
CREATE FUNCTION qorgan_protect_layer(layer_table text, records_rank integer, is_derived boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql AS
$$
DECLARE
  of_layer text := substr(layer_table, 7);
  writing text := CASE WHEN is_derived THEN 'workspace_id = ANY ((SELECT qorgan_deriving())::int[])'
                       ELSE 'territory_id = ANY ((SELECT qorgan_territories(3))::int[])' END;
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', layer_table);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO qorgan_app', layer_table);
  EXECUTE format('CREATE POLICY reading ON %I FOR SELECT TO qorgan_app USING (territory_id = ANY ((SELECT qorgan_readable(%s))::int[]))',
    layer_table, records_rank);
  EXECUTE format('CREATE POLICY adding ON %I FOR INSERT TO qorgan_app WITH CHECK (%s)', layer_table, writing);
  EXECUTE format('CREATE POLICY changing ON %I FOR UPDATE TO qorgan_app USING (%s)', layer_table, writing);
  EXECUTE format('CREATE POLICY removing ON %I FOR DELETE TO qorgan_app USING (%s)', layer_table, writing);
  EXECUTE format('CREATE TRIGGER touched_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION qorgan_touched(%L)', layer_table, of_layer);
  EXECUTE format('CREATE TRIGGER touched_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION qorgan_touched(%L)', layer_table, of_layer);
  EXECUTE format('CREATE TRIGGER touched_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION qorgan_touched(%L)', layer_table, of_layer);
END
$$;

-- Partitions. The application never touches one directly: rights exist on the parent alone.
CREATE FUNCTION qorgan_partition(layer_table text, of_workspace integer) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT layer_table || '_w' || of_workspace $$;

CREATE FUNCTION qorgan_is_layer_table(layer_table text) RETURNS boolean
LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT 1 FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
   WHERE c.relname = layer_table AND c.relname LIKE 'layer\_%' AND c.relnamespace = 'public'::regnamespace) $$;

CREATE FUNCTION qorgan_ensure_partition(layer_table text, of_workspace integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
  IF NOT qorgan_is_layer_table(layer_table) THEN RAISE EXCEPTION 'not a layer table: %', layer_table; END IF;
  IF to_regclass(quote_ident(qorgan_partition(layer_table, of_workspace))) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext(layer_table), of_workspace);
    IF to_regclass(quote_ident(qorgan_partition(layer_table, of_workspace))) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%s)',
        qorgan_partition(layer_table, of_workspace), layer_table, of_workspace);
    END IF;
  END IF;
END
$$;

-- A bulk load is built aside: a table of the partition's shape without indexes, which only the loader may fill.
CREATE FUNCTION qorgan_bulk_create(layer_table text, of_workspace integer, of_batch bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE bulk text := 'bulk_' || of_batch;
BEGIN
  IF NOT qorgan_is_layer_table(layer_table) THEN RAISE EXCEPTION 'not a layer table: %', layer_table; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING STORAGE)', bulk, layer_table);
  EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (workspace_id = %s)', bulk, bulk || '_part', of_workspace);
  EXECUTE format('COMMENT ON TABLE %I IS %L', bulk, layer_table || ' ' || of_workspace);
  EXECUTE format('GRANT INSERT, SELECT ON %I TO qorgan_loader', bulk);
  RETURN bulk;
END
$$;

-- Builds index number nth (1-based, of qorgan_bulk_indexes) of the parent on the bulk table; several sessions may share the work.
CREATE FUNCTION qorgan_bulk_indexes(layer_table text) RETURNS TABLE (nth integer, definition text)
LANGUAGE sql STABLE AS
$$
  SELECT (row_number() OVER (ORDER BY am.amname DESC, i.indexrelid))::integer, pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
  WHERE i.indrelid = layer_table::regclass
$$;

CREATE FUNCTION qorgan_bulk_index(of_batch bigint, wanted integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE bulk text := 'bulk_' || of_batch; parent text; d text;
BEGIN
  parent := split_part(obj_description(bulk::regclass), ' ', 1);
  SELECT definition INTO STRICT d FROM qorgan_bulk_indexes(parent) WHERE nth = wanted;
  d := regexp_replace(d, 'INDEX \S+ ON (ONLY )?\S+', format('INDEX ON %I', bulk));
  EXECUTE d;
END
$$;

-- Puts the bulk table in the place of the (empty or absent) partition.
CREATE FUNCTION qorgan_bulk_attach(of_batch bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE bulk text := 'bulk_' || of_batch; parent text; ws integer; part text; empty boolean := true; outside boolean;
BEGIN
  parent := split_part(obj_description(bulk::regclass), ' ', 1);
  ws := split_part(obj_description(bulk::regclass), ' ', 2)::integer;
  IF NOT EXISTS (SELECT 1 FROM batch b WHERE b.id = of_batch AND b.workspace_id = ws AND 'layer_' || b.layer_id = parent
                 AND b.principal_id = qorgan_principal()) THEN
    RAISE EXCEPTION 'not your batch: %', of_batch USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- The swap passes row-level security, so every row is asked for here.
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE territory_id <> ALL ($1))', bulk) INTO outside USING qorgan_territories(3);
  IF outside THEN
    RAISE EXCEPTION 'rows of batch % lie outside your territory', of_batch USING ERRCODE = 'insufficient_privilege';
  END IF;
  part := qorgan_partition(parent, ws);
  PERFORM pg_advisory_xact_lock(hashtext(parent), ws);
  IF to_regclass(quote_ident(part)) IS NOT NULL THEN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', part);
    EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM %I)', part) INTO empty;
    IF NOT empty THEN RAISE EXCEPTION 'partition % is not empty', part USING ERRCODE = 'object_in_use'; END IF;
    EXECUTE format('DROP TABLE %I', part);
  END IF;
  EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY USING INDEX %I', bulk,
    (SELECT ic.relname FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
     WHERE i.indrelid = bulk::regclass AND i.indisunique
       AND (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k(att, n)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att) = ARRAY['workspace_id', 'id']));
  EXECUTE format('ALTER TABLE %I RENAME TO %I', bulk, part);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)', parent, part, ws);
  EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', part, bulk || '_part');
  EXECUTE format('COMMENT ON TABLE %I IS NULL', part);
  EXECUTE format('REVOKE ALL ON %I FROM qorgan_loader', part);
  PERFORM qorgan_touch(ws, substr(parent, 7));
END
$$;

-- Territories in which a batch added or changed rows, whoever asks: taking it back needs the right in all of them.
CREATE FUNCTION qorgan_batch_territories(layer_table text, of_workspace integer, of_batch bigint) RETURNS integer[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE found integer[];
BEGIN
  IF NOT qorgan_is_layer_table(layer_table) THEN RAISE EXCEPTION 'not a layer table: %', layer_table; END IF;
  EXECUTE format('SELECT coalesce(array_agg(DISTINCT territory_id), ''{}'') FROM (
    SELECT territory_id FROM %I WHERE workspace_id = $1 AND batch_id = $2
    UNION ALL SELECT territory_id FROM row_history WHERE workspace_id = $1 AND layer_id = $3 AND batch_id = $2) t', layer_table)
  INTO found USING of_workspace, of_batch, substr(layer_table, 7);
  RETURN found;
END
$$;

CREATE FUNCTION qorgan_layer_empty(layer_table text, of_workspace integer) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE empty boolean := true;
BEGIN
  IF NOT qorgan_is_layer_table(layer_table) THEN RAISE EXCEPTION 'not a layer table: %', layer_table; END IF;
  IF to_regclass(quote_ident(qorgan_partition(layer_table, of_workspace))) IS NOT NULL THEN
    EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM %I)', qorgan_partition(layer_table, of_workspace)) INTO empty;
  END IF;
  RETURN empty;
END
$$;

-- A run of fresh row ids: the first of them. Every id is taken here, and the lock is held only for the two steps, so runs
-- never overlap and a long load makes nobody wait.
CREATE FUNCTION qorgan_reserve_ids(wanted bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE first bigint;
BEGIN
  PERFORM pg_advisory_lock(715002);
  first := nextval('feature_id_seq');
  PERFORM setval('feature_id_seq', first + greatest(wanted, 1) - 1);
  PERFORM pg_advisory_unlock(715002);
  RETURN first;
END
$$;

-- What a killed load left behind.
CREATE FUNCTION qorgan_bulk_drop(of_batch bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN EXECUTE format('DROP TABLE IF EXISTS %I', 'bulk_' || of_batch); END $$;

CREATE FUNCTION qorgan_bulk_leftovers() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT substr(relname, 6)::bigint FROM pg_class WHERE relkind = 'r' AND relname ~ '^bulk_\d+$' $$;

-- Batches whose loader is gone: nothing of them was stored.
CREATE FUNCTION qorgan_fail_dead_batches() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE b record; failed integer := 0;
BEGIN
  FOR b IN SELECT id FROM batch WHERE state = 'loading' LOOP
    IF pg_try_advisory_xact_lock(715001, (b.id % 2147483648)::integer) THEN
      UPDATE batch SET state = 'failed', finished_at = clock_timestamp(), report = '{"error": {"code": "job-killed", "params": {}}}'
      WHERE id = b.id AND state = 'loading';
      failed := failed + 1;
    END IF;
  END LOOP;
  RETURN failed;
END
$$;

-- The worker knows job ids only; it runs each job as the principal who asked for it.
CREATE FUNCTION qorgan_job_owner(job_id bigint) RETURNS TABLE (principal_id integer, subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT p.id, p.subject FROM job j JOIN principal p ON p.id = j.principal_id WHERE j.id = job_id $$;

CREATE FUNCTION qorgan_lost_jobs(silent_s double precision) RETURNS TABLE (id bigint, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT j.id, j.state FROM job j
  WHERE (j.state = 'running' AND j.heartbeat_at < now() - make_interval(secs => silent_s))
     OR (j.state = 'queued' AND j.created_at < now() - make_interval(secs => silent_s))
  ORDER BY j.id
$$;

-- Nobody changes what was written into the audit.
CREATE FUNCTION qorgan_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
