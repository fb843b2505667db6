-- What happened to sessions and keys, for the operator. Services may add to it and nothing else. Holds hashed ids only and
-- outlives the sessions.
SET LOCAL ROLE ftl_owner;

CREATE TABLE audit_log (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at              timestamptz NOT NULL DEFAULT now(),
  event           text NOT NULL,
  demo_session_id text,
  address         text,
  details         jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_at ON audit_log (at);
