-- The work of a run as a cursor and leases: prompts before next_prompt were leased at least once, and one that is under way has
-- a row in demo_run_leases. A run of any size costs as many rows as it has calls under way, and no step looks at the rest.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_batch_test_runs ADD COLUMN next_prompt integer NOT NULL DEFAULT 1 CHECK (next_prompt > 0);

-- Prompts that a process holds, or that were given back: the committed intent to call them. Without text: batch-runner sees all
-- of it.
CREATE TABLE demo_run_leases (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  prompt_id       integer NOT NULL,
  -- The process that holds it; null where it was given back.
  owner           uuid,
  -- Rises with every lease. A write with a lower one is refused; time alone refuses nothing.
  fence           bigint NOT NULL DEFAULT 1,
  lease_until     timestamptz,
  -- Leased before there was a slot for it, so that a worker that dies need not have died of it.
  ahead           boolean NOT NULL DEFAULT false,
  takeovers       integer NOT NULL DEFAULT 0,
  PRIMARY KEY (demo_session_id, test_run_id, prompt_id),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The processes that work on a run, and how many calls each may have under way: together the run's concurrency at the most.
CREATE TABLE demo_run_workers (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  owner           uuid NOT NULL,
  slots           integer NOT NULL CHECK (slots >= 0),
  lease_until     timestamptz NOT NULL,
  PRIMARY KEY (demo_session_id, test_run_id, owner),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

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

-- Runs that are under way keep their prompts. Row security holds for the owner too, and hides all sessions here.
ALTER TABLE demo_run_queue NO FORCE ROW LEVEL SECURITY;
ALTER TABLE demo_batch_test_runs NO FORCE ROW LEVEL SECURITY;
INSERT INTO demo_run_leases (demo_session_id, test_run_id, prompt_id, owner, fence, lease_until, takeovers)
  SELECT demo_session_id, test_run_id, prompt_id, owner, fence, lease_until, takeovers FROM demo_run_queue;
UPDATE demo_batch_test_runs SET next_prompt = total_prompts + 1;
ALTER TABLE demo_batch_test_runs FORCE ROW LEVEL SECURITY;
DROP TABLE demo_run_queue;

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['demo_run_leases', 'demo_run_workers', 'demo_endpoint_pace'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format($policy$
      CREATE POLICY own_session ON %I TO ftl_owner, ftl_session_vault, ftl_batch_runner
        USING (demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ',')))$policy$, table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ftl_batch_runner', table_name);
    EXECUTE format('GRANT SELECT (demo_session_id), DELETE ON %I TO ftl_session_vault', table_name);
  END LOOP;
END $$;
CREATE POLICY all_sessions ON demo_run_leases TO ftl_batch_runner USING (true);
CREATE POLICY all_sessions ON demo_run_workers TO ftl_batch_runner USING (true);
CREATE POLICY lookup ON demo_run_leases FOR SELECT TO ftl_lookup USING (true);
CREATE POLICY dashboards ON demo_run_leases FOR SELECT TO ftl_dashboards USING (true);
GRANT SELECT (test_run_id, prompt_id, lease_until, takeovers) ON demo_run_leases TO ftl_dashboards;
GRANT SELECT ON demo_run_leases TO ftl_lookup;
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
           OR EXISTS (SELECT FROM public.demo_run_leases l
                      WHERE l.demo_session_id = r.demo_session_id AND l.test_run_id = r.id
                        AND (l.owner IS NULL OR l.lease_until < now())))
  $$;

REVOKE ALL ON FUNCTION runs_with_work FROM PUBLIC;
GRANT EXECUTE ON FUNCTION runs_with_work TO ftl_batch_runner;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
