-- Which of these keys are stored where the principal is no editor: such a record is not theirs to change, and its key is taken.
-- The fact alone, for editors of the workspace; loading the row would tell it too, by failing.
CREATE FUNCTION qorgan_foreign_keys(layer_table text, of_workspace integer, keys text[]) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
  IF NOT qorgan_is_layer_table(layer_table) THEN RAISE EXCEPTION 'not a layer table: %', layer_table; END IF;
  IF NOT of_workspace = ANY (qorgan_workspaces(3)) OR of_workspace = ANY (qorgan_whole_workspaces(3)) THEN RETURN; END IF;
  RETURN QUERY EXECUTE format('SELECT t.source_id::text FROM %I t WHERE t.workspace_id = $1 AND t.source_id = ANY ($2)
    AND t.territory_id <> ALL ($3)', layer_table) USING of_workspace, keys, qorgan_territories(3);
END
$$;
REVOKE EXECUTE ON FUNCTION qorgan_foreign_keys(text, integer, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION qorgan_foreign_keys(text, integer, text[]) TO qorgan_app;
