-- A keyword is looked up among the texts of its session alone: an index that held no session would first find the texts of
-- everybody. Texts are kept in lower case, so that finding one in them costs a tenth of what ILIKE takes.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS btree_gin;  -- trusted, like pg_trgm
EXCEPTION WHEN undefined_file OR feature_not_supported OR insufficient_privilege THEN
  RAISE NOTICE 'btree_gin is not to be had: the index of texts is shared by all sessions';
END $$;

SET LOCAL ROLE ftl_owner;

-- What was taken in is taken in again.
TRUNCATE demo_search_texts, demo_search_progress;
COMMENT ON COLUMN demo_search_texts.body IS 'Prompt, U+0001, response, in lower case.';
-- No statistics of texts: they would be read for them.
ALTER TABLE demo_search_texts ALTER COLUMN body SET STATISTICS 0;
CREATE STATISTICS demo_search_texts_run (dependencies) ON demo_session_id, test_run_id FROM demo_search_texts;

DROP INDEX demo_search_texts_body;
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'btree_gin') THEN
    CREATE INDEX demo_search_texts_body ON demo_search_texts USING gin (demo_session_id, body gin_trgm_ops);
  ELSE
    CREATE INDEX demo_search_texts_body ON demo_search_texts USING gin (body gin_trgm_ops);
  END IF;
END $$;

-- After texts were taken in: lets the planner know of them, and the index find them without reading what is pending.
CREATE FUNCTION settle_search_texts() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    BEGIN
      PERFORM gin_clean_pending_list('public.demo_search_texts_body'::regclass);
      ANALYZE public.demo_search_texts;
    END $$;
REVOKE ALL ON FUNCTION settle_search_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_search_texts TO ftl_analytics;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Results of the session in ftl.sessions whose prompt or response holds `keyword`, whatever its case, in order of run and
-- prompt: at most `page_size` after (after_run, after_prompt); null starts at the beginning. `in_run` null means all runs.
-- `total` is how many there are in all; a page beyond the last has no row and so no total. Their text comes from
-- demo_batch_test_results by its key. Several sessions are none.
CREATE OR REPLACE FUNCTION search_results(keyword text, in_run uuid, after_run uuid, after_prompt integer, page_size integer)
  RETURNS TABLE (test_run_id uuid, prompt_id integer, total bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50 SET search_path = pg_catalog, public, pg_temp
  AS $$
    BEGIN
      -- EXECUTE plans for this keyword and session: a short or common one is better read than looked up.
      RETURN QUERY EXECUTE $query$
        WITH found AS MATERIALIZED (
          SELECT t.test_run_id, t.prompt_id
          FROM demo_search_texts t
          WHERE t.demo_session_id = $1 AND ($3 IS NULL OR t.test_run_id = $3) AND t.body LIKE lower($2)
          UNION ALL
          SELECT fresh.test_run_id, fresh.prompt_id
          FROM demo_batch_test_runs run
          LEFT JOIN demo_search_progress progress
            ON progress.demo_session_id = run.demo_session_id AND progress.test_run_id = run.id
          CROSS JOIN LATERAL (
            SELECT r.test_run_id, r.prompt_id
            FROM demo_batch_test_results r
            WHERE r.demo_session_id = run.demo_session_id AND r.test_run_id = run.id
              AND r.sequence > coalesce(progress.indexed, 0) AND (r.prompt ILIKE $2 OR r.response ILIKE $2)) fresh
          WHERE run.demo_session_id = $1 AND ($3 IS NULL OR run.id = $3))
        SELECT f.test_run_id, f.prompt_id, (SELECT count(*) FROM found)
        FROM found f
        WHERE $4 IS NULL OR (f.test_run_id, f.prompt_id) > ($4, $5)
        ORDER BY f.test_run_id, f.prompt_id
        LIMIT $6 $query$
      USING nullif(current_setting('ftl.sessions', true), ''),
            '%' || regexp_replace(keyword, '([\\%_])', '\\\1', 'g') || '%', in_run, after_run, after_prompt, page_size;
    END $$;

-- Takes the next `at_most` results of a run into the text index and says how many it took: 0 when all are in, or when
-- another process is at it, or when the run is not of the session in ftl.sessions. Costs up to 1 ms a result; called after the
-- run, a few hundred at a time; then settle_search_texts.
CREATE OR REPLACE FUNCTION index_results(run uuid, at_most integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    DECLARE
      session text := nullif(current_setting('ftl.sessions', true), '');
      done    bigint;
      last    bigint;
      taken   integer;
    BEGIN
      IF NOT EXISTS (SELECT FROM demo_batch_test_runs r WHERE r.demo_session_id = session AND r.id = run) THEN
        RETURN 0;
      END IF;
      INSERT INTO demo_search_progress (demo_session_id, test_run_id) VALUES (session, run) ON CONFLICT DO NOTHING;
      SELECT p.indexed INTO done FROM demo_search_progress p
        WHERE p.demo_session_id = session AND p.test_run_id = run FOR UPDATE SKIP LOCKED;
      IF done IS NULL THEN
        RETURN 0;
      END IF;
      WITH next AS MATERIALIZED (
        SELECT r.prompt_id, r.sequence, lower(r.prompt || chr(1) || coalesce(r.response, '')) AS body
        FROM demo_batch_test_results r
        WHERE r.demo_session_id = session AND r.test_run_id = run AND r.sequence > done
        ORDER BY r.sequence LIMIT at_most),
      copied AS (
        INSERT INTO demo_search_texts (demo_session_id, test_run_id, prompt_id, body)
        SELECT session, run, next.prompt_id, next.body FROM next)
      SELECT count(*), max(next.sequence) INTO taken, last FROM next;
      IF taken > 0 THEN
        UPDATE demo_search_progress p SET indexed = last WHERE p.demo_session_id = session AND p.test_run_id = run;
      END IF;
      RETURN taken;
    END $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
