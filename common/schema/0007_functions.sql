-- Two doors through row security. Their owner sees all sessions of two tables; they do the asking themselves.
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- The session of a run, or null. A run's id is a random UUID and a capability for its run.
CREATE FUNCTION session_of_run(run uuid) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS 'SELECT demo_session_id FROM public.demo_batch_test_runs WHERE id = run';

-- Results of the sessions in ftl.sessions whose prompt or response holds `keyword`, whatever its case, in order of run and
-- prompt: at most `page_size` after (after_run, after_prompt); null starts at the beginning. `in_run` null means all runs.
-- `total` is how many there are in all. Text comes from demo_batch_test_results by its key, under row security.
CREATE FUNCTION search_results(keyword text, in_run uuid, after_run uuid, after_prompt integer, page_size integer)
  RETURNS TABLE (test_run_id uuid, prompt_id integer, total bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    WITH found AS MATERIALIZED (
      SELECT r.test_run_id, r.prompt_id
      FROM public.demo_batch_test_results r
      WHERE r.demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ','))
        AND (in_run IS NULL OR r.test_run_id = in_run)
        AND (r.prompt ILIKE '%' || regexp_replace(keyword, '([\\%_])', '\\\1', 'g') || '%'
             OR r.response ILIKE '%' || regexp_replace(keyword, '([\\%_])', '\\\1', 'g') || '%'))
    SELECT f.test_run_id, f.prompt_id, (SELECT count(*) FROM found)
    FROM found f
    WHERE after_run IS NULL OR (f.test_run_id, f.prompt_id) > (after_run, after_prompt)
    ORDER BY f.test_run_id, f.prompt_id
    LIMIT page_size
  $$;

REVOKE ALL ON FUNCTION session_of_run, search_results FROM PUBLIC;
GRANT EXECUTE ON FUNCTION session_of_run TO ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export;
GRANT EXECUTE ON FUNCTION search_results TO ftl_analytics;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
