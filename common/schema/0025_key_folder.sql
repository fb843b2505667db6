-- Oldest program: 23
-- Session keys are sealed under keys in a folder that every replica of session-vault shares. Which folder that is stands here, so
-- that a replica with another one is noticed before it opens sessions that nobody else can read.
SET LOCAL ROLE ftl_owner;

CREATE TABLE vault_key_folder (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  mark     text NOT NULL,
  seen_at  timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE ON vault_key_folder TO ftl_session_vault;
