-- Oldest program: 32
-- Old logs are imported: a day of the past gets its partition when the first call of it comes.
SET LOCAL ROLE ftl_owner;

-- Makes the partition of a day from 2000 to a week from now, where it is missing.
CREATE FUNCTION prepare_request_day(day date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s'
  AS $$
    DECLARE
      part text := 'requests_' || to_char(day, 'YYYYMMDD');
    BEGIN
      IF day < DATE '2000-01-01' OR day > current_date + 7 THEN
        RAISE EXCEPTION 'No calls are kept of %', day;
      END IF;
      PERFORM pg_advisory_xact_lock(hashtext('prepare_request_days'));
      IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
      EXECUTE format('CREATE TABLE public.%I (LIKE public.requests INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', part);
      -- Reached by way of the whole table alone, whose policies count there.
      EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
      EXECUTE format('ALTER TABLE public.requests ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', part,
                     day::timestamptz, (day + 1)::timestamptz);
    END
  $$;

CREATE OR REPLACE FUNCTION prepare_request_days() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s'
  AS $$
    BEGIN
      PERFORM public.prepare_request_day(current_date + n) FROM generate_series(-1, 7) n;
    END
  $$;

REVOKE ALL ON FUNCTION prepare_request_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prepare_request_day TO ftl_batch_runner;
