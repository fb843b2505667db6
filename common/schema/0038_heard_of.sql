-- Oldest program: 29
-- A comparison or a benchmark under way is heard of each second by whoever carries it. One that is not is over, whatever became
-- of its process, and any process may say so.
SET LOCAL ROLE ftl_owner;

ALTER TABLE comparisons ADD COLUMN heard_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE benchmarks
  ADD COLUMN heard_at         timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN cancel_requested boolean NOT NULL DEFAULT false;

CREATE INDEX benchmarks_running ON benchmarks (owner, project) WHERE status = 'running';

CREATE FUNCTION is_heard_of(heard_at timestamptz) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT heard_at > now() - interval '15 seconds' $$;
REVOKE ALL ON FUNCTION is_heard_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_heard_of TO ftl_batch_runner, ftl_analytics, ftl_lookup;

CREATE POLICY lookup ON benchmarks FOR SELECT TO ftl_lookup USING (true);
GRANT SELECT (owner, project, id, status, heard_at) ON benchmarks TO ftl_lookup;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Benchmarks that nobody carries any more, 1,000 at the most. Whoever asks ends each in its owner's name.
CREATE FUNCTION abandoned_benchmarks() RETURNS TABLE (owner text, project text, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    SELECT b.owner, b.project, b.id FROM public.benchmarks b
    WHERE b.status = 'running' AND NOT public.is_heard_of(b.heard_at)
    LIMIT 1000
  $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
REVOKE ALL ON FUNCTION abandoned_benchmarks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION abandoned_benchmarks TO ftl_batch_runner;
