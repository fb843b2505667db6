-- A session of the demo tier: the person's endpoint and key for one hour. Written by session-vault.
SET LOCAL ROLE ftl_owner;

CREATE TABLE demo_model_configs (
  -- SHA-256 (hex) of the session's id. Everywhere else this hash is called demo_session_id.
  session_id            text PRIMARY KEY CHECK (session_id ~ '^[0-9a-f]{64}$'),
  id                    uuid NOT NULL DEFAULT gen_random_uuid(),
  endpoint_url          text NOT NULL,
  endpoint_origin       text NOT NULL,
  -- The whole two-layer blob in base64; null once the key has been forgotten.
  api_key_encrypted     text,
  -- The epoch key that wraps the data key; may outlive the blob in nothing but this name.
  key_id                text,
  wrapped_data_key      text,
  forget_key_after_run  boolean NOT NULL DEFAULT false,
  key_forgotten         boolean NOT NULL DEFAULT false,
  model_id              text NOT NULL,
  model_name            text NOT NULL,
  provider              text NOT NULL,
  -- What the connection test found out about the endpoint's dialect.
  capabilities          jsonb NOT NULL DEFAULT '{}',
  created_at            timestamptz NOT NULL DEFAULT now(),
  expires_at            timestamptz NOT NULL,
  last_used_at          timestamptz NOT NULL DEFAULT now(),
  abandoned_at          timestamptz,
  connection_tested     boolean NOT NULL DEFAULT false,
  connection_latency_ms integer CHECK (connection_latency_ms >= 0),
  last_error            text,
  ip_address            text,
  idempotency_digest    text,
  CHECK (expires_at > created_at),
  CHECK (NOT key_forgotten OR (api_key_encrypted IS NULL AND wrapped_data_key IS NULL))
);
CREATE INDEX demo_model_configs_expires_at ON demo_model_configs (expires_at);
COMMENT ON TABLE demo_model_configs IS 'Sessions of the demo tier: endpoint, model, encrypted key. Deleting a row deletes all that hangs on it.';

-- When a session ends, without its text, so that session-vault may look through all of them.
CREATE TABLE demo_session_expiry (
  demo_session_id text PRIMARY KEY REFERENCES demo_model_configs (session_id) ON DELETE CASCADE,
  expires_at      timestamptz NOT NULL,
  -- Set when the page was left; the session goes then unless it is used again.
  abandon_at      timestamptz
);
CREATE INDEX demo_session_expiry_expires_at ON demo_session_expiry (expires_at);
CREATE INDEX demo_session_expiry_abandon_at ON demo_session_expiry (abandon_at) WHERE abandon_at IS NOT NULL;

-- Sessions that have ended, for 24 h, so that a call can be told "gone" and not "never was". Outside the cascade.
CREATE TABLE demo_ended_sessions (
  demo_session_id text PRIMARY KEY,
  ended_at        timestamptz NOT NULL DEFAULT now(),
  reason          text NOT NULL CHECK (reason IN ('cleanup', 'expired', 'abandoned'))
);
CREATE INDEX demo_ended_sessions_ended_at ON demo_ended_sessions (ended_at);

-- Open sessions by client address; admission is one conditional upsert here.
CREATE TABLE demo_addresses (
  address text PRIMARY KEY,
  open    integer NOT NULL DEFAULT 0 CHECK (open >= 0)
);

-- Limits that replicas share, drawn in slices. A crash may forget them: nothing but a little leniency is lost.
CREATE UNLOGGED TABLE demo_quotas (
  bucket       text NOT NULL,
  window_start timestamptz NOT NULL,
  used         bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  PRIMARY KEY (bucket, window_start)
);
CREATE INDEX demo_quotas_window_start ON demo_quotas (window_start);
