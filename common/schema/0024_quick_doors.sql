-- Oldest program: 23
-- Whoever looks at a run by its id begins here. A function in SQL is planned anew in every statement that calls it, which cost more
-- than all else that a look asks; one in PL/pgSQL keeps its plans for as long as the connection lasts.
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- The session of a run, also for 24 h after it has ended, or null.
CREATE OR REPLACE FUNCTION session_of_run(run uuid) RETURNS text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    BEGIN
      RETURN coalesce((SELECT demo_session_id FROM public.demo_batch_test_runs WHERE id = run),
                      (SELECT demo_session_id FROM public.demo_ended_runs WHERE run_hash = sha256(uuid_send(run))));
    END $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
