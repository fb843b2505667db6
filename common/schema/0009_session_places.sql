-- What session-vault must know of sessions before it knows whose they are: who counts against which address, which epoch
-- key is still needed, and which session a repeated request opened. No text of the person.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_session_expiry
  -- The client: an IPv4 address, or the /64 of an IPv6 one.
  ADD COLUMN address            text,
  -- Whether demo_addresses still counts it; an expired one is taken off before the sweep deletes it.
  ADD COLUMN holds_place        boolean NOT NULL DEFAULT true,
  -- The epoch key that wraps its data key; null once the key has been forgotten.
  ADD COLUMN key_id             text,
  -- HMACs and a random salt: they find the session that an idempotency key opened, and open nothing.
  ADD COLUMN idempotency_digest text,
  ADD COLUMN idempotency_salt   text;
CREATE INDEX demo_session_expiry_address ON demo_session_expiry (address) WHERE holds_place;
CREATE INDEX demo_session_expiry_key_id ON demo_session_expiry (key_id) WHERE key_id IS NOT NULL;
CREATE UNIQUE INDEX demo_session_expiry_idempotency_digest ON demo_session_expiry (idempotency_digest)
  WHERE idempotency_digest IS NOT NULL;

-- The others see the times and nothing else.
REVOKE SELECT ON demo_session_expiry FROM ftl_batch_runner, ftl_analytics, ftl_export;
GRANT SELECT (demo_session_id, expires_at, abandon_at) ON demo_session_expiry TO ftl_batch_runner, ftl_analytics, ftl_export;

-- A run's counters equal its rows: deleting the run says how many results went with it.
GRANT SELECT (completed_prompts, failed_prompts) ON demo_batch_test_runs TO ftl_session_vault;
