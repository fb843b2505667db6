-- Keyword search over prompts and responses. Under row security ILIKE may not use a trigram index (it is not leakproof), so
-- the search is a function whose owner sees all and which compares the session itself. The index stands beside the results,
-- not on them: it would cost more than half the rate of storing.
CREATE EXTENSION IF NOT EXISTS pg_trgm;  -- trusted: the owner of the database may

SET LOCAL ROLE ftl_owner;

CREATE TABLE demo_search_texts (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  prompt_id       integer NOT NULL,
  -- Prompt, U+0001, response.
  body            text NOT NULL,
  PRIMARY KEY (demo_session_id, test_run_id, prompt_id),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
);
CREATE INDEX demo_search_texts_body ON demo_search_texts USING gin (body gin_trgm_ops);

CREATE TABLE demo_search_progress (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  -- Results with sequence up to this are in demo_search_texts.
  indexed         bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (demo_session_id, test_run_id),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
);

ALTER TABLE demo_search_texts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE demo_search_progress ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_session ON demo_search_texts TO ftl_owner, ftl_session_vault
  USING (demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ',')));
CREATE POLICY own_session ON demo_search_progress TO ftl_owner, ftl_session_vault
  USING (demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ',')));
CREATE POLICY lookup ON demo_search_texts TO ftl_lookup USING (true);
CREATE POLICY lookup ON demo_search_progress TO ftl_lookup USING (true);
GRANT SELECT (demo_session_id, test_run_id, prompt_id), DELETE ON demo_search_texts TO ftl_session_vault;
GRANT SELECT, DELETE ON demo_search_progress TO ftl_session_vault;
GRANT SELECT, INSERT ON demo_search_texts TO ftl_lookup;
GRANT SELECT, INSERT, UPDATE ON demo_search_progress TO ftl_lookup;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Results of the sessions in ftl.sessions whose prompt or response holds `keyword`, whatever its case, in order of run and
-- prompt: at most `page_size` after (after_run, after_prompt); null starts at the beginning. `in_run` null means all runs.
-- `total` is how many there are in all; a page beyond the last has no row and so no total. Their text comes from
-- demo_batch_test_results by its key.
CREATE FUNCTION search_results(keyword text, in_run uuid, after_run uuid, after_prompt integer, page_size integer)
  RETURNS TABLE (test_run_id uuid, prompt_id integer, total bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    BEGIN
      -- EXECUTE plans for this keyword: a short or common one is better read than looked up.
      RETURN QUERY EXECUTE $query$
        WITH found AS MATERIALIZED (
          SELECT t.test_run_id, t.prompt_id
          FROM demo_search_texts t
          WHERE t.demo_session_id = ANY ($1) AND ($3 IS NULL OR t.test_run_id = $3) AND t.body ILIKE $2
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
          WHERE run.demo_session_id = ANY ($1) AND ($3 IS NULL OR run.id = $3))
        SELECT f.test_run_id, f.prompt_id, (SELECT count(*) FROM found)
        FROM found f
        WHERE $4 IS NULL OR (f.test_run_id, f.prompt_id) > ($4, $5)
        ORDER BY f.test_run_id, f.prompt_id
        LIMIT $6 $query$
      USING string_to_array(current_setting('ftl.sessions', true), ','),
            '%' || regexp_replace(keyword, '([\\%_])', '\\\1', 'g') || '%', in_run, after_run, after_prompt, page_size;
    END $$;

-- Takes the next `at_most` results of a run into the text index and says how many it took: 0 when all are in, or when
-- another process is at it, or when the run is not of a session in ftl.sessions. Costs about 1 ms a result; call it beside
-- the work, a few hundred at a time, for long runs that are being searched.
CREATE FUNCTION index_results(run uuid, at_most integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    DECLARE
      session text;
      done    bigint;
      last    bigint;
      taken   integer;
    BEGIN
      SELECT r.demo_session_id INTO session FROM demo_batch_test_runs r
        WHERE r.id = run AND r.demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ','));
      IF session IS NULL THEN
        RETURN 0;
      END IF;
      INSERT INTO demo_search_progress (demo_session_id, test_run_id) VALUES (session, run) ON CONFLICT DO NOTHING;
      SELECT p.indexed INTO done FROM demo_search_progress p
        WHERE p.demo_session_id = session AND p.test_run_id = run FOR UPDATE SKIP LOCKED;
      IF done IS NULL THEN
        RETURN 0;
      END IF;
      WITH next AS MATERIALIZED (
        SELECT r.prompt_id, r.sequence, r.prompt || chr(1) || coalesce(r.response, '') AS body
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

REVOKE ALL ON FUNCTION search_results, index_results FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_results, index_results TO ftl_analytics;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
