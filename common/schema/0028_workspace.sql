-- Oldest program: 27
-- The workspace: its owners, their tokens for programs and their keys. An owner is named by a hash, which stands in ftl.sessions
-- where a session's would; no session has such a hash, and no owner a session's.
SET LOCAL ROLE ftl_owner;

CREATE TABLE owners (
  owner      text PRIMARY KEY CHECK (owner ~ '^[0-9a-f]{64}$'),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_tokens (
  owner        text NOT NULL REFERENCES owners ON DELETE CASCADE,
  id           uuid NOT NULL DEFAULT gen_random_uuid(),
  name         text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 64),
  scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['chat', 'runs', 'history', 'keys', 'admin'] AND cardinality(scopes) > 0),
  -- Of the whole token; what it is made of is stored nowhere.
  token_sha256 text NOT NULL CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (owner, id)
);
CREATE INDEX api_tokens_sha256 ON api_tokens (token_sha256);

CREATE TABLE api_keys (
  owner             text NOT NULL REFERENCES owners ON DELETE CASCADE,
  project           text NOT NULL DEFAULT 'default' CHECK (octet_length(project) BETWEEN 1 AND 64),
  service_name      text NOT NULL,
  name              text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 64),
  -- With everything that is called with it; the key is bound to its origin.
  endpoint_url      text NOT NULL,
  api_key_encrypted text NOT NULL,
  key_hint          text CHECK (length(key_hint) = 4),
  shared            boolean NOT NULL DEFAULT false,
  created_at        timestamptz NOT NULL DEFAULT now(),
  last_used_at      timestamptz,
  last_test_success boolean,
  last_test_at      timestamptz,
  last_test_message text,
  CHECK ((last_test_success IS NULL) = (last_test_at IS NULL) AND (last_test_at IS NULL) = (last_test_message IS NULL)),
  PRIMARY KEY (owner, service_name, name)
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['owners', 'api_tokens', 'api_keys'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format($policy$
      CREATE POLICY own_rows ON %I TO ftl_owner, ftl_session_vault
        USING (owner = nullif(current_setting('ftl.sessions', true), ''))$policy$, table_name);
  END LOOP;
END $$;

-- Who there is, without anything of theirs: keys are wrapped anew for one owner after the other.
CREATE POLICY all_owners ON owners FOR SELECT TO ftl_session_vault USING (true);
-- A shared key is there for every owner, and for nobody else.
CREATE POLICY shared_keys ON api_keys FOR SELECT TO ftl_session_vault
  USING (shared AND EXISTS (SELECT FROM owners o WHERE o.owner = nullif(current_setting('ftl.sessions', true), '')));

GRANT SELECT, INSERT ON owners TO ftl_session_vault;
GRANT SELECT, INSERT, UPDATE, DELETE ON api_tokens, api_keys TO ftl_session_vault;

CREATE POLICY lookup ON api_tokens TO ftl_lookup USING (true);
GRANT SELECT, UPDATE (last_used_at) ON api_tokens TO ftl_lookup;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- Whose a token is, by its hash, and what it may; nothing for one whose time is over. Notes its use, once a minute.
CREATE FUNCTION use_token(sha256 text) RETURNS TABLE (owner text, scopes text[])
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    WITH used AS (
      UPDATE public.api_tokens t SET last_used_at = date_trunc('minute', now())
      WHERE t.token_sha256 = sha256 AND (t.expires_at IS NULL OR t.expires_at > now())
        AND t.last_used_at IS DISTINCT FROM date_trunc('minute', now()))
    SELECT t.owner, t.scopes FROM public.api_tokens t
    WHERE t.token_sha256 = sha256 AND (t.expires_at IS NULL OR t.expires_at > now())
  $$;

REVOKE ALL ON FUNCTION use_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION use_token TO ftl_session_vault;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
