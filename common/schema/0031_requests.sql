-- Oldest program: 29
-- The log of the workspace's calls, a partition a day, and what is counted of them. A call is written as it begins and once
-- more as it ends; the process that makes it holds a lease, so that what died with a process is found.
SET LOCAL ROLE ftl_owner;

CREATE TABLE requests (
  owner             text NOT NULL,
  project           text NOT NULL DEFAULT 'default' CHECK (octet_length(project) BETWEEN 1 AND 64),
  -- The millisecond that stands in the id, a UUID of version 7.
  created_at        timestamptz NOT NULL,
  id                uuid NOT NULL,
  process           uuid NOT NULL,
  kind              text NOT NULL CHECK (kind IN ('chat', 'compare', 'benchmark', 'judge', 'embeddings', 'door')),
  service           text NOT NULL,
  key_name          text NOT NULL,
  model             text NOT NULL,
  status            text NOT NULL DEFAULT 'in_progress'
                      CHECK (status IN ('in_progress', 'success', 'error', 'cancelled', 'interrupted')),
  replay_of         uuid,
  -- Null where content is not kept, as response and reasoning are.
  prompt_preview    text,
  messages          jsonb,
  parameters        jsonb NOT NULL DEFAULT '{}',
  response          text,
  reasoning         text,
  finish_reason     text,
  outcome           text,
  error_type        text,
  error             text,
  http_status       integer,
  attempts          integer,
  latency_us        bigint,
  ttft_us           bigint,
  ttfa_us           bigint,
  itl_mean_us       bigint,
  tpot_us           bigint,
  dns_us            bigint,
  connect_us        bigint,
  tls_us            bigint,
  wait_us           bigint,
  stream_us         bigint,
  total_us          bigint,
  client_lag_us     bigint,
  buffered          boolean NOT NULL DEFAULT false,
  prompt_tokens     integer,
  completion_tokens integer,
  reasoning_tokens  integer,
  cached_tokens     integer,
  tokens_estimated  boolean NOT NULL DEFAULT false,
  -- Billionths of a US dollar; null where the model has no price.
  cost_nanos        bigint,
  completed_at      timestamptz,
  CHECK ((status = 'in_progress') = (completed_at IS NULL)),
  PRIMARY KEY (owner, project, created_at, id)
) PARTITION BY RANGE (created_at);
CREATE INDEX requests_open ON requests (owner, project, process) WHERE status = 'in_progress';

-- Counters of ended calls, by the hour and by the day (UTC) of their beginning. A histogram counts calls in buckets of
-- latency_bucket(); only successes have any.
CREATE TABLE request_rollups (
  owner             text NOT NULL,
  project           text NOT NULL,
  grain             text NOT NULL CHECK (grain IN ('hour', 'day')),
  starts_at         timestamptz NOT NULL,
  kind              text NOT NULL,
  service           text NOT NULL,
  model             text NOT NULL,
  status            text NOT NULL,
  error_type        text NOT NULL DEFAULT '',
  requests          bigint NOT NULL DEFAULT 0,
  prompt_tokens     bigint NOT NULL DEFAULT 0,
  completion_tokens bigint NOT NULL DEFAULT 0,
  with_tokens       bigint NOT NULL DEFAULT 0,
  cost_nanos        bigint NOT NULL DEFAULT 0,
  with_cost         bigint NOT NULL DEFAULT 0,
  latency_us        bigint NOT NULL DEFAULT 0,
  with_latency      bigint NOT NULL DEFAULT 0,
  ttft_us           bigint NOT NULL DEFAULT 0,
  with_ttft         bigint NOT NULL DEFAULT 0,
  latency_buckets   integer[] NOT NULL DEFAULT '{}',
  ttft_buckets      integer[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (owner, project, grain, starts_at, kind, service, model, status, error_type)
) WITH (fillfactor = 50);

-- Processes that make calls. What one without a living lease has under way is interrupted.
CREATE TABLE request_writers (
  process     uuid PRIMARY KEY,
  lease_until timestamptz NOT NULL
);

ALTER TABLE requests ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE request_rollups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON requests TO ftl_owner, ftl_batch_runner, ftl_analytics, ftl_export
  USING (owner = nullif(current_setting('ftl.sessions', true), ''));
CREATE POLICY own_rows ON request_rollups TO ftl_owner, ftl_batch_runner, ftl_analytics
  USING (owner = nullif(current_setting('ftl.sessions', true), ''));

GRANT SELECT, INSERT, UPDATE, DELETE ON requests, request_rollups, request_writers TO ftl_batch_runner;
GRANT SELECT ON requests TO ftl_analytics, ftl_export;
GRANT SELECT ON request_rollups TO ftl_analytics;

CREATE POLICY lookup ON requests FOR SELECT TO ftl_lookup USING (true);
CREATE POLICY lookup ON request_rollups TO ftl_lookup USING (true);
GRANT SELECT (owner, project, created_at, id, process, status) ON requests TO ftl_lookup;
GRANT SELECT, DELETE ON request_rollups TO ftl_lookup;
GRANT SELECT ON request_writers TO ftl_lookup;

-- One more in a bucket of a histogram, counted from 1; null is in none. Like the next, one expression, which is planned into
-- the statement that calls it.
CREATE FUNCTION count_in_bucket(buckets integer[], bucket integer) RETURNS integer[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT CASE
      WHEN bucket IS NULL THEN buckets
      WHEN bucket <= cardinality(buckets) THEN buckets[:bucket - 1] || (buckets[bucket] + 1) || buckets[bucket + 1:]
      ELSE buckets || array_fill(0, ARRAY[bucket - 1 - cardinality(buckets)]) || 1
    END
  $$;

-- The bucket of a span: steps of 0.1 ms up to 3.2 ms, then sixteenths of a power of two; numbered from 1. What is added to the
-- logarithm is more than its error and less than the distance to the next whole number.
CREATE FUNCTION latency_bucket(micros bigint) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT CASE WHEN micros IS NULL THEN NULL
      WHEN micros < 3200 THEN greatest(micros, 0)::int / 100 + 1
      ELSE (16 * (floor(ln((least(micros, 3600000000) / 100)::float8) / ln(2::float8) + 1e-9)::int - 4)
            + ((least(micros, 3600000000) / 100)
               >> (floor(ln((least(micros, 3600000000) / 100)::float8) / ln(2::float8) + 1e-9)::int - 4)) + 1)::int
    END
  $$;

CREATE AGGREGATE bucket_counts(integer) (SFUNC = count_in_bucket, STYPE = integer[], INITCOND = '{}');

-- Makes the partitions of yesterday to a week from now that are missing.
CREATE FUNCTION prepare_request_days() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s'
  AS $$
    DECLARE
      day  date;
      part text;
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('prepare_request_days'));
      FOR day IN SELECT current_date + n FROM generate_series(-1, 7) n LOOP
        part := 'requests_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.requests INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', part);
        -- Reached by way of the whole table alone, whose policies count there.
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE public.requests ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', part,
                       day::timestamptz, (day + 1)::timestamptz);
      END LOOP;
    END
  $$;

-- Drops the partitions of days that ended at least so many days ago, and gives how many. Waits a second at most for whoever
-- reads.
CREATE FUNCTION drop_request_days(days integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '1s'
  AS $$
    DECLARE
      part    text;
      dropped integer := 0;
    BEGIN
      FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.requests'::regclass AND c.relname ~ '^requests_[0-9]{8}$'
          AND to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= current_date - greatest(days, 1)
      LOOP
        EXECUTE format('DROP TABLE public.%I', part);
        dropped := dropped + 1;
      END LOOP;
      RETURN dropped;
    END
  $$;

SELECT prepare_request_days();

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Calls that are under way in no living process, 1,000 at the most. Whoever asks ends each in its owner's name.
CREATE FUNCTION abandoned_requests() RETURNS TABLE (owner text, project text, created_at timestamptz, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    SELECT r.owner, r.project, r.created_at, r.id FROM public.requests r
    WHERE r.status = 'in_progress'
      AND NOT EXISTS (SELECT FROM public.request_writers w WHERE w.process = r.process AND w.lease_until > now())
    LIMIT 1000
  $$;

-- What is counted of days that are dropped goes with them.
CREATE FUNCTION forget_request_rollups(days integer) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
  AS $$
    DELETE FROM public.request_rollups WHERE starts_at < (current_date - greatest(days, 1))::timestamptz
  $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
REVOKE ALL ON FUNCTION prepare_request_days, drop_request_days, abandoned_requests, forget_request_rollups FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_request_days, drop_request_days, abandoned_requests, forget_request_rollups
  TO ftl_batch_runner;
