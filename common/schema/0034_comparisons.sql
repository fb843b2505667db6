-- Oldest program: 29
-- Models that were asked the same at once, each answer a row that grows while it comes; and which one a person finds better.
SET LOCAL ROLE ftl_owner;

CREATE TABLE comparisons (
  owner              text NOT NULL REFERENCES owners ON DELETE CASCADE,
  project            text NOT NULL DEFAULT 'default' CHECK (octet_length(project) BETWEEN 1 AND 64),
  id                 uuid NOT NULL,
  created_at         timestamptz NOT NULL,
  -- One of which no living process has the lease (request_writers) is told as incomplete.
  process            uuid NOT NULL,
  status             text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'complete', 'stopped', 'incomplete')),
  completed_at       timestamptz,
  stop_requested     boolean NOT NULL DEFAULT false,
  blind              boolean NOT NULL,
  columns            integer NOT NULL CHECK (columns BETWEEN 2 AND 4),
  prompt_preview     text NOT NULL,
  -- The Comparison message as it was asked, as protobuf writes JSON: models, messages, parameters.
  asked              jsonb NOT NULL,
  -- The better column, or -1 where none is.
  marked             integer CHECK (marked >= -1 AND marked < columns),
  marked_at          timestamptz,
  idempotency_key    text,
  idempotency_digest text,
  CHECK ((status = 'running') = (completed_at IS NULL)),
  CHECK ((marked IS NULL) = (marked_at IS NULL)),
  PRIMARY KEY (owner, id)
);
CREATE INDEX comparisons_newest ON comparisons (owner, project, created_at DESC, id DESC);
CREATE INDEX comparisons_marked ON comparisons (owner, project, marked_at DESC) WHERE marked IS NOT NULL;
CREATE UNIQUE INDEX comparisons_idempotency ON comparisons (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE compared_answers (
  owner         text NOT NULL,
  comparison_id uuid NOT NULL,
  column_index  integer NOT NULL CHECK (column_index BETWEEN 0 AND 3),
  repetition    integer NOT NULL CHECK (repetition BETWEEN 1 AND 10),
  -- The ComparedAnswer message, as protobuf writes JSON; empty while the model has said nothing.
  answer        jsonb NOT NULL,
  PRIMARY KEY (owner, comparison_id, column_index, repetition),
  FOREIGN KEY (owner, comparison_id) REFERENCES comparisons (owner, id) ON DELETE CASCADE
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['comparisons', 'compared_answers'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format($policy$
      CREATE POLICY own_rows ON %I TO ftl_owner, ftl_batch_runner
        USING (owner = nullif(current_setting('ftl.sessions', true), ''))$policy$, table_name);
    EXECUTE format($policy$
      CREATE POLICY read_own_rows ON %I FOR SELECT TO ftl_analytics
        USING (owner = nullif(current_setting('ftl.sessions', true), ''))$policy$, table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ftl_batch_runner', table_name);
    EXECUTE format('GRANT SELECT ON %I TO ftl_analytics', table_name);
  END LOOP;
END $$;
GRANT SELECT ON request_writers TO ftl_analytics;
