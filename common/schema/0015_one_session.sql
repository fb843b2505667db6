-- analytics and export work for one session at a time. Compared as a scalar, the setting and the session that a query names
-- are one and the same to the planner: it looks the session up once, refuses the whole scan where the two differ, and expects
-- as many rows as there are. An array of sessions it cannot weigh so: it expected one row where there were 100,000.
SET LOCAL ROLE ftl_owner;

DO $$
DECLARE
  table_name text;
  session    text;
BEGIN
  FOR table_name, session IN
    VALUES ('demo_model_configs', 'session_id'), ('demo_session_expiry', 'demo_session_id'),
           ('demo_ended_sessions', 'demo_session_id'), ('demo_session_suites', 'demo_session_id'),
           ('demo_batch_test_runs', 'demo_session_id'), ('demo_run_prompts', 'demo_session_id'),
           ('demo_batch_test_results', 'demo_session_id') LOOP
    EXECUTE format('ALTER POLICY own_session ON %I TO ftl_owner, ftl_session_vault, ftl_batch_runner', table_name);
    -- Unset is NULL before a connection's first transaction and empty after it; several sessions are none. All show nothing.
    EXECUTE format($policy$
      CREATE POLICY one_session ON %I TO ftl_analytics, ftl_export
        USING (%I = nullif(current_setting('ftl.sessions', true), ''))$policy$, table_name, session);
  END LOOP;
END $$;

ALTER POLICY own_session ON demo_download_tokens TO ftl_owner, ftl_session_vault;
CREATE POLICY one_session ON demo_download_tokens TO ftl_analytics
  USING (demo_session_id = nullif(current_setting('ftl.sessions', true), ''));

-- A run is of one session: that a row is of the run says all that its session says.
CREATE STATISTICS demo_batch_test_results_run (dependencies) ON demo_session_id, test_run_id FROM demo_batch_test_results;
