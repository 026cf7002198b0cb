-- As 0003 made it, with: short questions served in order by an index, fewer candidates for what is misspelled.
-- wanted: folded. opening: the same, escaped for LIKE. alone: its words worth being looked for one by one. digits: its words with a digit.
CREATE OR REPLACE FUNCTION qorgan_search(of_workspace integer, wanted text, opening text, alone text[], digits text[], most integer)
RETURNS TABLE (layer_id text, part smallint, row_id bigint, kind text, name text, fold text, lon double precision, lat double precision,
  west double precision, south double precision, east double precision, north double precision, territory_id integer, rank smallint,
  score real)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan AS
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
  pieces real := length(wanted) + cardinality(string_to_array(wanted, ' '));
  slips integer;
BEGIN
  -- One or two letters: the shortest names that begin with them, read in that order from an index.
  IF length(wanted) < 3 THEN
    RETURN QUERY
      SELECT s.layer_id, s.part, s.row_id, s.kind, s.name, s.fold, s.lon, s.lat, s.west, s.south, s.east, s.north, s.territory_id, s.rank,
        (CASE WHEN s.fold = wanted THEN 1.0 ELSE 0.85 + 0.1 * length(wanted) / length(s.fold) END)::real
      FROM search_name s
      WHERE s.workspace_id = of_workspace AND "left"(s.fold, 1) = "left"(wanted, 1) COLLATE "C" AND starts_with(s.fold, wanted)
        AND qorgan_may_find(s.rank, s.territory_id, seen1, seen2, seen3, seen4)
      ORDER BY length(s.fold), s.fold LIMIT most;
    RETURN;
  END IF;
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
  IF found >= most THEN RETURN; END IF;
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
  -- What is only like it would stand below all these.
  IF exact OR found >= most / 2 THEN RETURN; END IF;
  -- What is like it: misspelled, inflected, in other words beside it. A wrong letter spoils three of its pieces and brings three others;
  -- two wrong letters are allowed for only where one was not enough. The setting ends with the transaction: in the head of the function a
  -- restored dump could not write it, since it comes before the first use of the extension.
  FOR slips IN 1..2 LOOP
    PERFORM set_config('pg_trgm.word_similarity_threshold',
      (CASE slips WHEN 1 THEN greatest(0.42, (pieces - 3) / (pieces + 3) - 0.04)
                  ELSE least(0.55, greatest(0.36, (pieces - 6) / (pieces + 6))) END)::numeric(4, 3)::text, true);
    RETURN QUERY
      SELECT s.layer_id, s.part, s.row_id, s.kind, s.name, s.fold, s.lon, s.lat, s.west, s.south, s.east, s.north, s.territory_id, s.rank,
        (0.75 * (0.7 * word_similarity(wanted, s.fold) + 0.3 * similarity(wanted, s.fold))
          * CASE WHEN digits <@ string_to_array(s.fold, ' ') THEN 1 ELSE 0.8 END)::real AS likeness
      FROM search_name s
      WHERE s.workspace_id = of_workspace AND wanted <% s.fold
        AND qorgan_may_find(s.rank, s.territory_id, seen1, seen2, seen3, seen4)
      ORDER BY likeness DESC, length(s.fold), s.fold LIMIT most;
    GET DIAGNOSTICS more = ROW_COUNT;
    IF found + more > 0 THEN RETURN; END IF;
  END LOOP;
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
