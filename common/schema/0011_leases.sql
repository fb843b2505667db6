-- The work of a run as a cursor and a lease of each process that works on it: prompts before next_prompt were leased at least
-- once. A run of any size costs a row for each such process, and no step looks at the prompts that are left.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_batch_test_runs
  ADD COLUMN next_prompt integer NOT NULL DEFAULT 1 CHECK (next_prompt > 0),
  -- The fencing token given last; they rise with every lease.
  ADD COLUMN last_fence  bigint NOT NULL DEFAULT 0;

-- What a process holds of a run: the committed intent to call these prompts. Without text: batch-runner sees all of it.
CREATE TABLE demo_run_leases (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  owner           uuid NOT NULL,
  -- A write under another one is refused; time alone refuses nothing.
  fence           bigint NOT NULL,
  lease_until     timestamptz NOT NULL,
  -- Calls that it may have under way: all of them together are the run's concurrency at the most.
  slots           integer NOT NULL CHECK (slots >= 0),
  -- Those without result; no more than there are slots, but for slots that were taken away.
  prompts         integer[] NOT NULL,
  PRIMARY KEY (demo_session_id, test_run_id, owner),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
) WITH (fillfactor = 30);

-- Prompts whose holder gave them back or died, until they have a result.
CREATE TABLE demo_run_returned (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  prompt_id       integer NOT NULL,
  -- Processes that died while they held it.
  takeovers       integer NOT NULL DEFAULT 0,
  -- Nobody holds it again.
  is_free         boolean NOT NULL DEFAULT true,
  PRIMARY KEY (demo_session_id, test_run_id, prompt_id),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
);

-- How fast a session's endpoint may be called with its key, by all runs and processes. No row: as fast as is asked for.
CREATE TABLE demo_endpoint_pace (
  demo_session_id text PRIMARY KEY REFERENCES demo_model_configs (session_id) ON DELETE CASCADE,
  -- Calls at a time since the endpoint asked to slow down; null where it has not.
  allowed         integer CHECK (allowed > 0),
  -- Good answers since `allowed` changed.
  good            integer NOT NULL DEFAULT 0,
  lowered_at      timestamptz,
  -- The moment of the next call where calls a minute are limited.
  next_call_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Runs that are under way keep their prompts, and whoever held some must ask again. Row security holds for the owner too, and
-- hides all sessions here.
ALTER TABLE demo_run_queue NO FORCE ROW LEVEL SECURITY;
ALTER TABLE demo_batch_test_runs NO FORCE ROW LEVEL SECURITY;
INSERT INTO demo_run_returned (demo_session_id, test_run_id, prompt_id, takeovers)
  SELECT demo_session_id, test_run_id, prompt_id, takeovers FROM demo_run_queue;
UPDATE demo_batch_test_runs SET next_prompt = total_prompts + 1;
ALTER TABLE demo_batch_test_runs FORCE ROW LEVEL SECURITY;
DROP TABLE demo_run_queue;

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['demo_run_leases', 'demo_run_returned', 'demo_endpoint_pace'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format($policy$
      CREATE POLICY own_session ON %I TO ftl_owner, ftl_session_vault, ftl_batch_runner
        USING (demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ',')))$policy$, table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ftl_batch_runner', table_name);
    EXECUTE format('GRANT SELECT (demo_session_id), DELETE ON %I TO ftl_session_vault', table_name);
  END LOOP;
END $$;
CREATE POLICY all_sessions ON demo_run_leases TO ftl_batch_runner USING (true);
CREATE POLICY all_sessions ON demo_run_returned TO ftl_batch_runner USING (true);
CREATE POLICY lookup ON demo_run_leases FOR SELECT TO ftl_lookup USING (true);
CREATE POLICY lookup ON demo_run_returned FOR SELECT TO ftl_lookup USING (true);
CREATE POLICY dashboards ON demo_run_leases FOR SELECT TO ftl_dashboards USING (true);
CREATE POLICY dashboards ON demo_run_returned FOR SELECT TO ftl_dashboards USING (true);
GRANT SELECT (test_run_id, lease_until, slots, prompts) ON demo_run_leases TO ftl_dashboards;
GRANT SELECT (test_run_id, prompt_id, takeovers) ON demo_run_returned TO ftl_dashboards;
GRANT SELECT ON demo_run_leases, demo_run_returned TO ftl_lookup;
GRANT SELECT (next_prompt, total_prompts) ON demo_batch_test_runs TO ftl_lookup;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Runs that have prompts which nobody holds; their sessions and ids, no text.
CREATE FUNCTION runs_with_work() RETURNS TABLE (demo_session_id text, test_run_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    SELECT r.demo_session_id, r.id FROM public.demo_batch_test_runs r
    WHERE r.status IN ('pending', 'running')
      AND (r.next_prompt <= r.total_prompts
           OR EXISTS (SELECT FROM public.demo_run_returned b
                      WHERE b.demo_session_id = r.demo_session_id AND b.test_run_id = r.id AND b.is_free)
           OR EXISTS (SELECT FROM public.demo_run_leases l
                      WHERE l.demo_session_id = r.demo_session_id AND l.test_run_id = r.id AND l.lease_until < now()))
  $$;

REVOKE ALL ON FUNCTION runs_with_work FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runs_with_work TO ftl_batch_runner;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
