-- The question that every call about a session asks first, in the call's own transaction.
SET LOCAL ROLE ftl_owner;

-- 'open', 'ended' (within the last 24 h) or 'unknown', by this database's clock. An open session that was about to be deleted
-- as abandoned is in use again and stays. Runs under the session named in ftl.sessions.
CREATE FUNCTION session_state(session text) RETURNS text
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
      RETURN CASE WHEN EXISTS (SELECT FROM public.demo_ended_sessions
                               WHERE demo_session_id = session AND ended_at > now() - interval '24 hours')
                  THEN 'ended' ELSE 'unknown' END;
    END IF;
    IF expiry.expires_at <= now() OR expiry.abandon_at <= now() THEN
      RETURN 'ended';
    END IF;
    IF expiry.abandon_at IS NOT NULL THEN
      UPDATE public.demo_session_expiry SET abandon_at = NULL WHERE demo_session_id = session;
    END IF;
    RETURN 'open';
  END $$;

REVOKE ALL ON FUNCTION session_state FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_state TO ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export;

-- A download that Atlas offered: works once, within five minutes. Written by analytics, taken by export.
CREATE TABLE demo_download_tokens (
  -- SHA-256 (hex) of the token.
  token_hash      text PRIMARY KEY,
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  format          text NOT NULL CHECK (format IN ('pdf', 'csv', 'json', 'jsonl')),
  expires_at      timestamptz NOT NULL DEFAULT now() + interval '5 minutes',
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
);
CREATE INDEX demo_download_tokens_session ON demo_download_tokens (demo_session_id, test_run_id);
ALTER TABLE demo_download_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_session ON demo_download_tokens TO ftl_owner, ftl_session_vault, ftl_analytics
  USING (demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ',')));
-- Whoever has a token need not know its session.
CREATE POLICY by_token ON demo_download_tokens TO ftl_export USING (true);
GRANT SELECT (demo_session_id), DELETE ON demo_download_tokens TO ftl_session_vault;
GRANT INSERT ON demo_download_tokens TO ftl_analytics;
GRANT SELECT, DELETE ON demo_download_tokens TO ftl_export;
