-- What the loaded batches of a layer cover, and the day until which their source can be known: when it was asked, at the latest when it
-- was loaded. Readers of the workspace may know it; batches themselves are seen by analysts only.
CREATE FUNCTION qorgan_spans(of_workspace integer, of_layer text) RETURNS TABLE (day_from date, day_to date, known_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
  SELECT b.day_from, b.day_to, least(b.retrieved_at, b.finished_at) FROM batch b
  WHERE b.workspace_id = of_workspace AND b.layer_id = of_layer AND b.state = 'loaded' AND of_workspace = ANY (qorgan_workspaces(1))
    AND b.day_from IS NOT NULL AND b.day_to IS NOT NULL
$$;

REVOKE EXECUTE ON FUNCTION qorgan_spans(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION qorgan_spans(integer, text) TO qorgan_app;
