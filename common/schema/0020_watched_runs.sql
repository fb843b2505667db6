-- One look for everybody who watches: how all watched runs stand, without a transaction for each.
SET LOCAL ROLE ftl_owner;

GRANT SELECT (last_sequence) ON demo_batch_test_runs TO ftl_lookup;
CREATE POLICY lookup ON demo_session_expiry TO ftl_lookup USING (true);
GRANT SELECT, UPDATE (abandon_at) ON demo_session_expiry TO ftl_lookup;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- The runs whose session, at the same place, is open, by that place (from 1); no text. A session that is watched is in use:
-- one that was about to be deleted as abandoned stays, as for session_state.
CREATE FUNCTION watched_runs(sessions text[], runs uuid[]) RETURNS TABLE (place bigint, status text, last_sequence bigint)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    UPDATE public.demo_session_expiry SET abandon_at = NULL
    WHERE demo_session_id = ANY (sessions) AND abandon_at > now() AND expires_at > now();
    SELECT w.place, r.status, r.last_sequence
    FROM unnest(sessions, runs) WITH ORDINALITY AS w (session, run, place)
    JOIN public.demo_session_expiry e ON e.demo_session_id = w.session
    JOIN public.demo_batch_test_runs r ON r.demo_session_id = w.session AND r.id = w.run
    WHERE e.expires_at > now() AND (e.abandon_at IS NULL OR e.abandon_at > now())
  $$;

REVOKE ALL ON FUNCTION watched_runs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION watched_runs TO ftl_batch_runner;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
