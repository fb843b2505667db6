-- Suites, runs and the work of a run. Written by batch-runner; the shipped suites by the migrate step.
SET LOCAL ROLE ftl_owner;

CREATE TABLE demo_test_suites (
  id           uuid PRIMARY KEY,
  name         text NOT NULL,
  description  text NOT NULL DEFAULT '',
  task_domain  text NOT NULL CHECK (task_domain IN ('customer_support', 'code_generation', 'qa', 'creative', 'custom')),
  difficulty   text NOT NULL CHECK (difficulty IN ('easy', 'medium', 'hard')),
  prompts      jsonb NOT NULL CHECK (jsonb_typeof(prompts) = 'array'),
  prompt_count integer NOT NULL CHECK (prompt_count >= 0),
  is_active    boolean NOT NULL DEFAULT true,
  CHECK (prompt_count = jsonb_array_length(prompts))
);
COMMENT ON TABLE demo_test_suites IS 'The shipped suites, under fixed ids.';

-- A session's own suites.
CREATE TABLE demo_session_suites (
  demo_session_id    text NOT NULL REFERENCES demo_model_configs (session_id) ON DELETE CASCADE,
  id                 uuid NOT NULL DEFAULT gen_random_uuid(),
  name               text NOT NULL,
  description        text NOT NULL DEFAULT '',
  task_domain        text NOT NULL DEFAULT 'custom'
                     CHECK (task_domain IN ('customer_support', 'code_generation', 'qa', 'creative', 'custom')),
  difficulty         text CHECK (difficulty IN ('easy', 'medium', 'hard')),
  prompts            jsonb NOT NULL CHECK (jsonb_typeof(prompts) = 'array'),
  prompt_count       integer NOT NULL CHECK (prompt_count >= 0),
  created_at         timestamptz NOT NULL DEFAULT now(),
  idempotency_key    text,
  idempotency_digest text,
  PRIMARY KEY (demo_session_id, id)
);
CREATE UNIQUE INDEX demo_session_suites_idempotency_key ON demo_session_suites (demo_session_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

CREATE TABLE demo_batch_test_runs (
  demo_session_id    text NOT NULL REFERENCES demo_model_configs (session_id) ON DELETE CASCADE,
  id                 uuid NOT NULL DEFAULT gen_random_uuid(),
  demo_user_id       text NOT NULL,
  test_suite_id      uuid NOT NULL,
  test_suite_name    text NOT NULL DEFAULT '',
  model_name         text NOT NULL,
  status             text NOT NULL DEFAULT 'pending'
                     CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
  total_prompts      integer NOT NULL DEFAULT 0 CHECK (total_prompts >= 0),
  completed_prompts  integer NOT NULL DEFAULT 0 CHECK (completed_prompts >= 0),
  failed_prompts     integer NOT NULL DEFAULT 0 CHECK (failed_prompts >= 0),
  -- The sequence of the newest result; results 1 to this are all there.
  last_sequence      bigint NOT NULL DEFAULT 0,
  config             jsonb NOT NULL DEFAULT '{}',
  -- What a repeat would need: versions, suite digest, parameters as sent.
  manifest           jsonb NOT NULL DEFAULT '{}',
  -- The metrics of an ended run, stored once; written by analytics.
  summary            jsonb,
  cancel_requested   boolean NOT NULL DEFAULT false,
  error              text,
  error_type         text,
  created_at         timestamptz NOT NULL DEFAULT now(),
  started_at         timestamptz,
  completed_at       timestamptz,
  idempotency_key    text,
  idempotency_digest text,
  PRIMARY KEY (demo_session_id, id),
  CHECK (completed_prompts + failed_prompts <= total_prompts),
  -- The event that tells the end may take the number after the last result's.
  CHECK (last_sequence BETWEEN completed_prompts + failed_prompts AND completed_prompts + failed_prompts + 1),
  CHECK (status <> 'completed' OR completed_prompts + failed_prompts = total_prompts),
  CHECK ((completed_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled')))
) WITH (fillfactor = 50);  -- counters change with every batch of results; they find room on the same page
-- One run at a time in a session.
CREATE UNIQUE INDEX demo_batch_test_runs_one_active ON demo_batch_test_runs (demo_session_id)
  WHERE status IN ('pending', 'running');
CREATE UNIQUE INDEX demo_batch_test_runs_idempotency_key ON demo_batch_test_runs (demo_session_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX demo_batch_test_runs_newest ON demo_batch_test_runs (demo_session_id, created_at DESC);
-- For session_of_run: the one look-up that does not know the session yet.
CREATE INDEX demo_batch_test_runs_id ON demo_batch_test_runs (id);
COMMENT ON TABLE demo_batch_test_runs IS 'Runs. Counters equal the rows of demo_batch_test_results at every moment a reader can see.';

-- What is sent, fixed when the run starts.
CREATE TABLE demo_run_prompts (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  prompt_id       integer NOT NULL CHECK (prompt_id > 0),
  prompt          text NOT NULL,
  category        text,
  difficulty      text CHECK (difficulty IN ('easy', 'medium', 'hard')),
  expected_answer text,
  checks          jsonb,
  PRIMARY KEY (demo_session_id, test_run_id, prompt_id),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
);

-- The prompts of a run that have no result yet, and who works on them. Without text: batch-runner sees all of it.
CREATE TABLE demo_run_queue (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  prompt_id       integer NOT NULL,
  -- The process that has leased it; null while nobody has.
  owner           uuid,
  -- Rises with every lease. A write with a lower one is refused; time alone refuses nothing.
  fence           bigint NOT NULL DEFAULT 0,
  lease_until     timestamptz,
  -- When the call was about to be made; null while it was only claimed.
  intent_at       timestamptz,
  takeovers       integer NOT NULL DEFAULT 0,
  PRIMARY KEY (demo_session_id, test_run_id, prompt_id),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
