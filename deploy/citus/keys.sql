-- Before distribute.sql: a shard knows of its own rows alone, so every unique key of a session's table holds the session. What
-- the narrower keys kept is kept otherwise: tokens and hashes of runs are drawn from 128 bits and more, and requests with one
-- idempotency key stand in line for their address.
SET ROLE ftl_owner;

ALTER TABLE demo_download_tokens DROP CONSTRAINT demo_download_tokens_pkey, ADD PRIMARY KEY (demo_session_id, token_hash);
CREATE INDEX demo_download_tokens_hash ON demo_download_tokens (token_hash);

ALTER TABLE demo_ended_runs DROP CONSTRAINT demo_ended_runs_pkey, ADD PRIMARY KEY (demo_session_id, run_hash);
CREATE INDEX demo_ended_runs_hash ON demo_ended_runs (run_hash);

DROP INDEX demo_session_expiry_idempotency_digest;
CREATE INDEX demo_session_expiry_idempotency_digest ON demo_session_expiry (idempotency_digest) WHERE idempotency_digest IS NOT NULL;

RESET ROLE;
