-- Oldest program: 29
-- The same functions in the part of SQL that reaches rows on other servers too (deploy/citus): no empty list of columns, and no
-- INSERT within WITH.
SET LOCAL ROLE ftl_owner;

-- 'open', 'ended' (within the last 24 h) or 'unknown', by this database's clock. An open session that was about to be deleted
-- as abandoned is in use again and stays. Runs under the session named in ftl.sessions.
CREATE OR REPLACE FUNCTION session_state(session text) RETURNS text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
  DECLARE
    expiry public.demo_session_expiry%ROWTYPE;
  BEGIN
    IF session IS DISTINCT FROM current_setting('ftl.sessions', true) THEN
      RETURN 'unknown';
    END IF;
    SELECT * INTO expiry FROM public.demo_session_expiry WHERE demo_session_id = session;
    IF NOT FOUND THEN
      PERFORM 1 FROM public.demo_ended_sessions
        WHERE demo_session_id = session AND ended_at > now() - interval '24 hours';
      RETURN CASE WHEN FOUND THEN 'ended' ELSE 'unknown' END;
    END IF;
    IF expiry.expires_at <= now() OR expiry.abandon_at <= now() THEN
      RETURN 'ended';
    END IF;
    IF expiry.abandon_at IS NOT NULL THEN
      UPDATE public.demo_session_expiry SET abandon_at = NULL WHERE demo_session_id = session;
    END IF;
    RETURN 'open';
  END $$;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Takes the next `at_most` results of a run into the text index and says how many it took: 0 when all are in, or when
-- another process is at it, or when the run is not of the session in ftl.sessions. Costs up to 1 ms a result; called after the
-- run, a few hundred at a time; then settle_search_texts. Sequences have no gaps.
CREATE OR REPLACE FUNCTION index_results(run uuid, at_most integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    DECLARE
      session text := nullif(current_setting('ftl.sessions', true), '');
      done    bigint;
      taken   integer;
    BEGIN
      PERFORM 1 FROM demo_batch_test_runs r WHERE r.demo_session_id = session AND r.id = run;
      IF NOT FOUND THEN
        RETURN 0;
      END IF;
      INSERT INTO demo_search_progress (demo_session_id, test_run_id) VALUES (session, run) ON CONFLICT DO NOTHING;
      SELECT p.indexed INTO done FROM demo_search_progress p
        WHERE p.demo_session_id = session AND p.test_run_id = run FOR UPDATE SKIP LOCKED;
      IF done IS NULL THEN
        RETURN 0;
      END IF;
      INSERT INTO demo_search_texts (demo_session_id, test_run_id, prompt_id, body)
        SELECT r.demo_session_id, r.test_run_id, r.prompt_id, lower(r.prompt || chr(1) || coalesce(r.response, ''))
        FROM demo_batch_test_results r
        WHERE r.demo_session_id = session AND r.test_run_id = run AND r.sequence > done AND r.sequence <= done + at_most;
      GET DIAGNOSTICS taken = ROW_COUNT;
      IF taken > 0 THEN
        UPDATE demo_search_progress p SET indexed = done + taken WHERE p.demo_session_id = session AND p.test_run_id = run;
      END IF;
      RETURN taken;
    END $$;

-- Sessions whose key is due and still there.
CREATE OR REPLACE FUNCTION keys_to_forget() RETURNS TABLE (demo_session_id text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    SELECT c.session_id FROM public.demo_model_configs c
    WHERE c.forget_key_after_run AND NOT c.key_forgotten
      AND EXISTS (SELECT 1 FROM public.demo_batch_test_runs r
                  WHERE r.demo_session_id = c.session_id AND r.status NOT IN ('pending', 'running'))
    LIMIT 1000
  $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
