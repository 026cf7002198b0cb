-- The tables the functions name are made by the same migration.
SET LOCAL check_function_bodies = off;

-- Names follow their rows: seen where the reader may read the layer's records, whatever the purpose.
CREATE FUNCTION qorgan_may_find(of_rank smallint, of_territory integer, seen1 integer[], seen2 integer[], seen3 integer[], seen4 integer[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT of_territory = ANY (CASE of_rank WHEN 1 THEN seen1 WHEN 2 THEN seen2 WHEN 3 THEN seen3 ELSE seen4 END) $$;
ALTER TABLE search_name ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON search_name TO qorgan_app;
CREATE POLICY reading ON search_name FOR SELECT TO qorgan_app USING (qorgan_may_find(rank, territory_id,
  (SELECT qorgan_territories(1))::int[], (SELECT qorgan_territories(2))::int[],
  (SELECT qorgan_territories(3))::int[], (SELECT qorgan_territories(4))::int[]));
CREATE POLICY writing ON search_name FOR ALL TO qorgan_app USING (workspace_id = ANY ((SELECT qorgan_deriving())::int[]));

-- Names that may be meant, with how like they are (0-1); the caller orders them. Under row-level security no index would serve
-- likeness: its operators are not leakproof, so they are tried only on rows already let through. This passes it, and lets through by the
-- rule of the policy above.
-- wanted: folded. opening: the same, escaped for LIKE. alone: its words worth being looked for one by one. digits: its words with a digit.
CREATE FUNCTION qorgan_search(of_workspace integer, wanted text, opening text, alone text[], digits text[], most integer)
RETURNS TABLE (layer_id text, part smallint, row_id bigint, kind text, name text, fold text, lon double precision, lat double precision,
  west double precision, south double precision, east double precision, north double precision, territory_id integer, rank smallint,
  score real)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
#variable_conflict use_column
DECLARE
  seen1 integer[] := qorgan_territories(1);
  seen2 integer[] := qorgan_territories(2);
  seen3 integer[] := qorgan_territories(3);
  seen4 integer[] := qorgan_territories(4);
  found integer := 0;
  more integer;
  exact boolean;
  word text;
BEGIN
  -- What begins with it. C collation: the index on (workspace, fold) serves the range.
  RETURN QUERY
    SELECT s.layer_id, s.part, s.row_id, s.kind, s.name, s.fold, s.lon, s.lat, s.west, s.south, s.east, s.north, s.territory_id, s.rank,
      (CASE WHEN s.fold = wanted THEN 1.0 ELSE 0.85 + 0.1 * length(wanted) / length(s.fold) END)::real
    FROM search_name s
    WHERE s.workspace_id = of_workspace AND s.fold >= wanted AND s.fold < wanted || '~'
      AND qorgan_may_find(s.rank, s.territory_id, seen1, seen2, seen3, seen4)
    ORDER BY length(s.fold), s.fold LIMIT most;
  GET DIAGNOSTICS found = ROW_COUNT;
  exact := found > 0 AND EXISTS (SELECT 1 FROM search_name s WHERE s.workspace_id = of_workspace AND s.fold = wanted
    AND qorgan_may_find(s.rank, s.territory_id, seen1, seen2, seen3, seen4));
  IF length(wanted) < 3 OR found >= most THEN RETURN; END IF;
  -- One of whose later words begins with it.
  RETURN QUERY
    SELECT s.layer_id, s.part, s.row_id, s.kind, s.name, s.fold, s.lon, s.lat, s.west, s.south, s.east, s.north, s.territory_id, s.rank,
      (0.75 + 0.1 * length(wanted) / length(s.fold))::real
    FROM search_name s
    WHERE s.workspace_id = of_workspace AND s.fold LIKE '% ' || opening || '%'
      AND qorgan_may_find(s.rank, s.territory_id, seen1, seen2, seen3, seen4)
    ORDER BY length(s.fold), s.fold LIMIT most;
  GET DIAGNOSTICS more = ROW_COUNT;
  found := found + more;
  IF found >= most THEN RETURN; END IF;
  IF exact THEN RETURN; END IF;
  -- What is like it: misspelled, inflected, in other words beside it. One wrong letter spoils three pieces: few of a long name. The
  -- setting ends with the transaction.
  PERFORM set_config('pg_trgm.word_similarity_threshold',
    CASE WHEN length(wanted) > 12 THEN '0.55' WHEN length(wanted) > 7 THEN '0.48' ELSE '0.42' END, true);
  RETURN QUERY
    SELECT s.layer_id, s.part, s.row_id, s.kind, s.name, s.fold, s.lon, s.lat, s.west, s.south, s.east, s.north, s.territory_id, s.rank,
      (0.75 * (0.5 * word_similarity(wanted, s.fold) + 0.5 * similarity(wanted, s.fold))
        * CASE WHEN digits <@ string_to_array(s.fold, ' ') THEN 1 ELSE 0.8 END)::real AS likeness
    FROM search_name s
    WHERE s.workspace_id = of_workspace AND wanted <% s.fold
      AND qorgan_may_find(s.rank, s.territory_id, seen1, seen2, seen3, seen4)
    ORDER BY likeness DESC, length(s.fold), s.fold LIMIT most;
  GET DIAGNOSTICS more = ROW_COUNT;
  IF found + more > 0 THEN RETURN; END IF;
  PERFORM set_config('pg_trgm.word_similarity_threshold', '0.5', true);
  FOREACH word IN ARRAY alone LOOP
    RETURN QUERY
      SELECT s.layer_id, s.part, s.row_id, s.kind, s.name, s.fold, s.lon, s.lat, s.west, s.south, s.east, s.north, s.territory_id, s.rank,
        (0.5 * word_similarity(s.fold, wanted))::real AS likeness
      FROM search_name s
      WHERE s.workspace_id = of_workspace AND word <% s.fold
        AND qorgan_may_find(s.rank, s.territory_id, seen1, seen2, seen3, seen4)
      ORDER BY likeness DESC, length(s.fold), s.fold LIMIT most;
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION qorgan_search(integer, text, text, text[], text[], integer),
  qorgan_may_find(smallint, integer, integer[], integer[], integer[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION qorgan_search(integer, text, text, text[], text[], integer),
  qorgan_may_find(smallint, integer, integer[], integer[], integer[], integer[]) TO qorgan_app;
