-- A key that was to be forgotten after a run is due once a run of its session has ended: the transaction that ends the run is the
-- one that says so, and nobody need be there to hear it.
SET LOCAL ROLE ftl_owner;

CREATE INDEX demo_model_configs_forget ON demo_model_configs (session_id) WHERE forget_key_after_run AND NOT key_forgotten;
CREATE POLICY lookup ON demo_model_configs FOR SELECT TO ftl_lookup USING (true);
GRANT SELECT (session_id, forget_key_after_run, key_forgotten) ON demo_model_configs TO ftl_lookup;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Sessions whose key is due and still there.
CREATE FUNCTION keys_to_forget() RETURNS TABLE (demo_session_id text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    SELECT c.session_id FROM public.demo_model_configs c
    WHERE c.forget_key_after_run AND NOT c.key_forgotten
      AND EXISTS (SELECT FROM public.demo_batch_test_runs r
                  WHERE r.demo_session_id = c.session_id AND r.status NOT IN ('pending', 'running'))
    LIMIT 1000
  $$;

REVOKE ALL ON FUNCTION keys_to_forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keys_to_forget TO ftl_session_vault;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
