-- A process that works on a run has a seat there. A run that one process carries has one: a second would only share its slots.
SET LOCAL ROLE ftl_owner;

-- The process has more to do than its thread can carry.
ALTER TABLE demo_run_leases ADD COLUMN busy boolean NOT NULL DEFAULT false;
GRANT SELECT (busy) ON demo_run_leases TO ftl_dashboards;
-- A process renews all its leases at once.
CREATE INDEX demo_run_leases_owner ON demo_run_leases (owner);
RESET ROLE;

GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Runs in which a process that is not there yet may take a seat, or that nobody works on; their sessions and ids, no text. The
-- same condition decides in the statement that leases.
CREATE OR REPLACE FUNCTION runs_with_work() RETURNS TABLE (demo_session_id text, test_run_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    SELECT r.demo_session_id, r.id FROM public.demo_batch_test_runs r
    CROSS JOIN LATERAL (
      SELECT count(*) AS leases, coalesce(bool_or(l.lease_until < now()), false) AS lapsed,
             -- Who has no slots, and calls still, leaves.
             count(*) FILTER (WHERE l.slots > 0 OR cardinality(l.prompts) = 0) AS seats,
             coalesce(sum(greatest(l.slots, cardinality(l.prompts))), 0) AS slots,
             coalesce(bool_or(l.busy) AND bool_and(l.slots > 0), false) AS invites
      FROM public.demo_run_leases l WHERE l.demo_session_id = r.demo_session_id AND l.test_run_id = r.id) AS work
    WHERE r.status IN ('pending', 'running')
      AND (leases = 0 OR lapsed
           OR ((seats = 0 OR (invites AND slots >= 8 * (seats + 1)))
               AND r.total_prompts - r.next_prompt + 1
                   + (SELECT count(*) FROM public.demo_run_returned b
                      WHERE b.demo_session_id = r.demo_session_id AND b.test_run_id = r.id AND b.is_free)
                   > CASE WHEN seats = 0 THEN 0 ELSE slots END))
  $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
