-- What outlives a session, and for how long: which runs it had, for as long as its end is remembered, so that a run's id is told
-- "gone" and not "never was"; and the audit log, for as long as the operator keeps it.
SET LOCAL ROLE ftl_owner;

CREATE TABLE demo_ended_runs (
  -- SHA-256 of the run's id.
  run_hash        bytea PRIMARY KEY,
  demo_session_id text NOT NULL REFERENCES demo_ended_sessions (demo_session_id) ON DELETE CASCADE
);
CREATE INDEX demo_ended_runs_session ON demo_ended_runs (demo_session_id);
ALTER TABLE demo_ended_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_session ON demo_ended_runs TO ftl_owner, ftl_session_vault
  USING (demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ',')));
CREATE POLICY lookup ON demo_ended_runs FOR SELECT TO ftl_lookup USING (true);
GRANT INSERT ON demo_ended_runs TO ftl_session_vault;
GRANT SELECT ON demo_ended_runs TO ftl_lookup;

-- Forgets what was noted more than `days` ago, never what is younger than a day; at most 10,000 lines a call, and says how many.
-- No service may delete from the log by itself.
CREATE FUNCTION forget_audit(days integer) RETURNS bigint
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    WITH old AS (SELECT id FROM public.audit_log WHERE at < now() - make_interval(days => least(greatest(days, 1), 36500))
                 ORDER BY at LIMIT 10000),
         gone AS (DELETE FROM public.audit_log WHERE id IN (SELECT id FROM old) RETURNING 1)
    SELECT count(*) FROM gone
  $$;
REVOKE ALL ON FUNCTION forget_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_audit TO ftl_session_vault;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- The session of a run, also for 24 h after it has ended, or null.
CREATE OR REPLACE FUNCTION session_of_run(run uuid) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    SELECT coalesce((SELECT demo_session_id FROM public.demo_batch_test_runs WHERE id = run),
                    (SELECT demo_session_id FROM public.demo_ended_runs WHERE run_hash = sha256(uuid_send(run))))
  $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
