-- A workspace founded by a reader: the application itself may not write workspaces, territories or grants.

-- Administrators of a whole workspace found others; a synthetic one (the demonstration) also its editors. On a machine of its own
-- the local administrator founds the first.
CREATE FUNCTION qorgan_may_found(synthetic boolean) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT EXISTS (SELECT 1 FROM principal p WHERE p.id = qorgan_principal() AND p.subject = 'local-administrator')
    OR cardinality(qorgan_whole_workspaces(CASE WHEN synthetic THEN 3 ELSE 4 END)) > 0
$$;

-- The workspace with its territories ([{code, parent, titles, wkb}], the root first), administered by whoever founded it.
CREATE FUNCTION qorgan_found_workspace(
  of_slug text, of_titles jsonb, of_zone text, of_crs text, of_settings jsonb, synthetic boolean, of_territories jsonb
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE ws integer; root integer; made integer; above integer; part jsonb; deriving integer;
BEGIN
  IF NOT qorgan_may_found(synthetic) THEN
    RAISE EXCEPTION 'no right to found a workspace' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO workspace (slug, titles, zone, metric_crs, settings, is_synthetic)
  VALUES (of_slug, of_titles, of_zone, of_crs, of_settings, synthetic) RETURNING id INTO ws;
  FOR part IN SELECT value FROM jsonb_array_elements(of_territories) WITH ORDINALITY t (value, nth) ORDER BY nth LOOP
    above := NULL;
    IF root IS NOT NULL THEN
      SELECT id INTO STRICT above FROM territory WHERE workspace_id = ws AND code = part ->> 'parent';
    END IF;
    INSERT INTO territory (workspace_id, parent_id, code, titles, geom)
    VALUES (ws, above, part ->> 'code', part -> 'titles',
      ST_Multi(ST_SetSRID(ST_GeomFromWKB(decode(part ->> 'wkb', 'hex')), 4326))) RETURNING id INTO made;
    root := coalesce(root, made);
  END LOOP;
  UPDATE workspace SET root_territory_id = root WHERE id = ws;
  INSERT INTO principal (subject, display_name) VALUES ('qorgan-derivation', 'qorgan-derivation')
    ON CONFLICT (subject) DO NOTHING;
  SELECT id INTO STRICT deriving FROM principal WHERE subject = 'qorgan-derivation';
  INSERT INTO role_grant (principal_id, territory_id, workspace_id, rank)
    VALUES (qorgan_principal(), root, ws, 4), (deriving, root, ws, 3);
  RETURN ws;
END
$$;

-- Somebody is at home on an empty machine: without a grant they see nothing, and may found the first workspace.
INSERT INTO principal (subject, display_name) VALUES ('local-administrator', 'local-administrator') ON CONFLICT (subject) DO NOTHING;

REVOKE EXECUTE ON FUNCTION qorgan_may_found(boolean),
  qorgan_found_workspace(text, jsonb, text, text, jsonb, boolean, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION qorgan_may_found(boolean),
  qorgan_found_workspace(text, jsonb, text, text, jsonb, boolean, jsonb) TO qorgan_app;
