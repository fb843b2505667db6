-- An endpoint that asks to wait asks all who call it with the same key, whatever their session.
SET LOCAL ROLE ftl_owner;

CREATE TABLE demo_endpoint_doors (
  -- HMAC of the endpoint's origin and the key, under a secret of session-vault; of no session.
  pace_key      text PRIMARY KEY,
  closed_until  timestamptz NOT NULL,
  -- Since when nobody has been answered; null where somebody was.
  waiting_since timestamptz
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON demo_endpoint_doors TO ftl_batch_runner;

-- Until when the run waits since its endpoint asked it to; past or null where it does not.
ALTER TABLE demo_batch_test_runs ADD COLUMN paused_until timestamptz;
