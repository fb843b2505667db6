-- What came of each prompt. Written once by batch-runner, never changed. One foreign key and two indexes: each further one
-- costs a third of the rate at which results can be stored.
SET LOCAL ROLE ftl_owner;

CREATE TABLE demo_batch_test_results (
  demo_session_id  text NOT NULL,
  test_run_id      uuid NOT NULL,
  prompt_id        integer NOT NULL CHECK (prompt_id > 0),
  sequence         bigint NOT NULL CHECK (sequence > 0),
  id               uuid NOT NULL DEFAULT gen_random_uuid(),
  prompt           text NOT NULL,
  category         text,
  difficulty       text,
  response         text,
  success          boolean NOT NULL,
  outcome          text,
  error            text,
  error_type       text,
  http_status      integer,
  model_id         text NOT NULL,
  finish_reason    text,
  attempts         integer NOT NULL DEFAULT 0,
  -- Microseconds; the columns in milliseconds are made from them.
  latency_us       bigint CHECK (latency_us >= 0),
  ttft_us          bigint CHECK (ttft_us >= 0),
  latency_ms       integer GENERATED ALWAYS AS (((latency_us + 500) / 1000)::integer) STORED,
  ttft_ms          integer GENERATED ALWAYS AS (((ttft_us + 500) / 1000)::integer) STORED,
  ttfa_us          bigint,
  itl_mean_us      bigint,
  tpot_us          bigint,
  dns_us           bigint,
  connect_us       bigint,
  tls_us           bigint,
  wait_us          bigint,
  stream_us        bigint,
  total_us         bigint,
  queue_us         bigint,
  client_lag_us    bigint,
  buffered         boolean NOT NULL DEFAULT false,
  input_tokens     integer,
  output_tokens    integer,
  reasoning_tokens integer,
  cached_tokens    integer,
  tokens_estimated boolean NOT NULL DEFAULT false,
  response_chars   integer GENERATED ALWAYS AS (char_length(response)) STORED,
  response_words   integer,
  checks           jsonb,
  checks_passed    integer NOT NULL DEFAULT 0,
  checks_failed    integer NOT NULL DEFAULT 0,
  created_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (demo_session_id, test_run_id, prompt_id),
  CONSTRAINT demo_batch_test_results_sequence UNIQUE (demo_session_id, test_run_id, sequence),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE demo_batch_test_results IS 'Results of runs. Rows of one run with sequence up to n are a snapshot.';

-- lz4 takes a fraction of the default's time; a server built without it keeps the default.
DO $$
BEGIN
  ALTER TABLE demo_batch_test_results ALTER COLUMN prompt SET COMPRESSION lz4, ALTER COLUMN response SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END $$;
