-- Oldest program: 29
-- Benchmarks of models, each with what was measured; the calls themselves are in requests.
SET LOCAL ROLE ftl_owner;

CREATE TABLE benchmarks (
  owner        text NOT NULL,
  project      text NOT NULL DEFAULT 'default' CHECK (octet_length(project) BETWEEN 1 AND 64),
  id           uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  process      uuid NOT NULL,
  status       text NOT NULL CHECK (status IN ('running', 'completed', 'cancelled', 'failed', 'interrupted')),
  completed_at timestamptz,
  -- The Benchmark message, as protobuf writes JSON.
  benchmark    jsonb NOT NULL,
  CHECK ((status = 'running') = (completed_at IS NULL)),
  PRIMARY KEY (owner, project, id)
);
CREATE INDEX benchmarks_newest ON benchmarks (owner, project, created_at DESC);

ALTER TABLE benchmarks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON benchmarks TO ftl_owner, ftl_batch_runner, ftl_analytics
  USING (owner = nullif(current_setting('ftl.sessions', true), ''));
GRANT SELECT, INSERT, UPDATE ON benchmarks TO ftl_batch_runner;
GRANT SELECT ON benchmarks TO ftl_analytics;
