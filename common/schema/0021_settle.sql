-- A table that was never analysed is expected to hold one row of a run, and what joins a run's results with themselves then reads all
-- of them for each: slices and differences of 10,000 results took minutes until autovacuum came by.
SET LOCAL ROLE ftl_owner;

-- After texts were taken in: lets the planner know of them and, where it knows next to nothing, of the results; and lets the
-- index find texts without reading what is pending.
CREATE OR REPLACE FUNCTION settle_search_texts() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    BEGIN
      PERFORM gin_clean_pending_list('public.demo_search_texts_body'::regclass);
      ANALYZE public.demo_search_texts;
      ANALYZE public.demo_run_orders;
      IF (SELECT reltuples < 100000 FROM pg_class WHERE oid = 'public.demo_batch_test_results'::regclass) THEN
        ANALYZE public.demo_batch_test_results;
      END IF;
    END $$;
