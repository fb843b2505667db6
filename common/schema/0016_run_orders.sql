-- The orders in which results of an ended run are read, kept in pieces, so that a page of any order costs the same at any depth.
-- An index for each order would cost a third of the rate of storing. Made by analytics beside the work, after the run.
SET LOCAL ROLE ftl_owner;

CREATE TABLE demo_run_orders (
  demo_session_id text NOT NULL,
  test_run_id     uuid NOT NULL,
  -- What is ordered by, in the words of the contract.
  sort_by         text NOT NULL,
  descending      boolean NOT NULL,
  -- Pieces of 500 results, the first is 0. All pieces of an order are there or none.
  piece           integer NOT NULL,
  -- Of its first result.
  first_key       bigint NOT NULL,
  first_prompt_id integer NOT NULL,
  keys            bigint[] NOT NULL,
  prompt_ids      integer[] NOT NULL,
  PRIMARY KEY (demo_session_id, test_run_id, sort_by, descending, piece),
  FOREIGN KEY (demo_session_id, test_run_id) REFERENCES demo_batch_test_runs (demo_session_id, id) ON DELETE CASCADE
);

ALTER TABLE demo_run_orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_session ON demo_run_orders TO ftl_owner, ftl_session_vault
  USING (demo_session_id = ANY (string_to_array(current_setting('ftl.sessions', true), ',')));
CREATE POLICY one_session ON demo_run_orders TO ftl_analytics
  USING (demo_session_id = nullif(current_setting('ftl.sessions', true), ''));
GRANT SELECT (demo_session_id, test_run_id), DELETE ON demo_run_orders TO ftl_session_vault;
GRANT SELECT, INSERT ON demo_run_orders TO ftl_analytics;
