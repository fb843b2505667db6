-- Row security, forced: a row of a session is there only for work that named the session in ftl.sessions. Tables without
-- text are open to the one service whose work spans sessions.
SET LOCAL ROLE ftl_owner;

DO $$
DECLARE
  table_name  text;
  session     text;
BEGIN
  FOR table_name, session IN
    VALUES ('demo_model_configs', 'session_id'), ('demo_session_expiry', 'demo_session_id'),
           ('demo_ended_sessions', 'demo_session_id'), ('demo_session_suites', 'demo_session_id'),
           ('demo_batch_test_runs', 'demo_session_id'), ('demo_run_prompts', 'demo_session_id'),
           ('demo_run_queue', 'demo_session_id'), ('demo_batch_test_results', 'demo_session_id') LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    -- Unset is NULL before a connection's first transaction and empty after it; both show nothing.
    EXECUTE format($policy$
      CREATE POLICY own_session ON %I TO ftl_owner, ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export
        USING (%I = ANY (string_to_array(current_setting('ftl.sessions', true), ',')))$policy$, table_name, session);
  END LOOP;
END $$;

CREATE POLICY all_sessions ON demo_session_expiry TO ftl_session_vault, ftl_sweep USING (true);
CREATE POLICY all_sessions ON demo_ended_sessions TO ftl_session_vault, ftl_sweep USING (true);
CREATE POLICY all_sessions ON demo_model_configs TO ftl_sweep USING (true);
CREATE POLICY all_sessions ON demo_run_queue TO ftl_batch_runner USING (true);

-- ftl_lookup owns functions that must see all sessions; they compare the session setting themselves.
CREATE POLICY lookup ON demo_batch_test_runs FOR SELECT TO ftl_lookup USING (true);
CREATE POLICY lookup ON demo_batch_test_results FOR SELECT TO ftl_lookup USING (true);

-- Dashboards count all sessions and read nobody's text: 0006 gives them no such column.
CREATE POLICY dashboards ON demo_model_configs FOR SELECT TO ftl_dashboards USING (true);
CREATE POLICY dashboards ON demo_ended_sessions FOR SELECT TO ftl_dashboards USING (true);
CREATE POLICY dashboards ON demo_batch_test_runs FOR SELECT TO ftl_dashboards USING (true);
CREATE POLICY dashboards ON demo_batch_test_results FOR SELECT TO ftl_dashboards USING (true);
CREATE POLICY dashboards ON demo_run_queue FOR SELECT TO ftl_dashboards USING (true);
