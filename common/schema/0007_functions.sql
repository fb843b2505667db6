-- A door through row security. Its owner sees the runs of all sessions; it tells only whose a run is.
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- The session of a run, or null. A run's id is a random UUID and a capability for its run.
CREATE FUNCTION session_of_run(run uuid) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS 'SELECT demo_session_id FROM public.demo_batch_test_runs WHERE id = run';

REVOKE ALL ON FUNCTION session_of_run FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_of_run TO ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
