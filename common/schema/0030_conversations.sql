-- Oldest program: 29
-- What people say to models, their templates and agents. All of it belongs to an owner, under row-level security as in 0028.
SET LOCAL ROLE ftl_owner;

CREATE TABLE conversations (
  owner              text NOT NULL REFERENCES owners ON DELETE CASCADE,
  project            text NOT NULL DEFAULT 'default' CHECK (octet_length(project) BETWEEN 1 AND 64),
  id                 uuid NOT NULL DEFAULT gen_random_uuid(),
  title              text NOT NULL CHECK (octet_length(title) <= 1000),
  -- {service, name?, id}
  model              jsonb,
  system_prompt      text CHECK (octet_length(system_prompt) <= 65536),
  parameters         jsonb,
  pinned             boolean NOT NULL DEFAULT false,
  -- On all branches; the sequence of the newest.
  message_count      integer NOT NULL DEFAULT 0 CHECK (message_count >= 0),
  -- The newest message of the branch that went on last.
  active_message_id  uuid,
  -- What it was imported from.
  origin             text,
  idempotency_key    text,
  idempotency_digest text,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, id)
);
CREATE INDEX conversations_newest ON conversations (owner, project, updated_at DESC, id DESC);
CREATE UNIQUE INDEX conversations_idempotency ON conversations (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX conversations_origin ON conversations (owner, project, origin) WHERE origin IS NOT NULL;

CREATE TABLE messages (
  owner              text NOT NULL,
  conversation_id    uuid NOT NULL,
  id                 uuid NOT NULL,
  parent_id          uuid,
  -- 1 for the first on any branch, without gaps.
  sequence           integer NOT NULL CHECK (sequence > 0),
  -- 1 for the first of a branch, and one more than the parent's.
  depth              integer NOT NULL CHECK (depth > 0 AND (depth = 1) = (parent_id IS NULL)),
  role               text NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
  content            text NOT NULL,
  reasoning          text,
  status             text NOT NULL CHECK (status IN ('complete', 'generating', 'incomplete')),
  model              jsonb,
  tool_calls         jsonb,
  finish_reason      text,
  error              text,
  error_type         text,
  left_out           integer,
  ttft_us            bigint,
  latency_us         bigint,
  input_tokens       integer,
  output_tokens      integer,
  reasoning_tokens   integer,
  tokens_estimated   boolean,
  cost               double precision,
  continues          uuid,
  idempotency_key    text,
  idempotency_digest text,
  created_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, id),
  UNIQUE (owner, conversation_id, id),
  FOREIGN KEY (owner, conversation_id) REFERENCES conversations (owner, id) ON DELETE CASCADE,
  FOREIGN KEY (owner, conversation_id, parent_id) REFERENCES messages (owner, conversation_id, id)
);
CREATE UNIQUE INDEX messages_in_order ON messages (owner, conversation_id, sequence);
CREATE UNIQUE INDEX messages_idempotency ON messages (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_words ON messages USING gin (lower(content) gin_trgm_ops);

-- What has come of an answer under way. It changes each second, and stands beside its message so that no index sees that.
CREATE TABLE message_drafts (
  owner          text NOT NULL,
  message_id     uuid NOT NULL,
  content        text NOT NULL DEFAULT '',
  reasoning      text NOT NULL DEFAULT '',
  stop_requested boolean NOT NULL DEFAULT false,
  -- When the process that receives the answer was heard of last; where it is silent, the draft is all that there will be.
  beat_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, message_id),
  FOREIGN KEY (owner, message_id) REFERENCES messages (owner, id) ON DELETE CASCADE
);

CREATE TABLE agents (
  owner              text NOT NULL REFERENCES owners ON DELETE CASCADE,
  project            text NOT NULL DEFAULT 'default' CHECK (octet_length(project) BETWEEN 1 AND 64),
  id                 uuid NOT NULL DEFAULT gen_random_uuid(),
  name               text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 200),
  description        text CHECK (octet_length(description) <= 1000),
  model              jsonb,
  system_prompt      text CHECK (octet_length(system_prompt) <= 65536),
  parameters         jsonb,
  idempotency_key    text,
  idempotency_digest text,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX agents_name ON agents (owner, project, name);
CREATE UNIQUE INDEX agents_idempotency ON agents (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE agent_states (
  owner      text NOT NULL,
  agent_id   uuid NOT NULL,
  -- As it was given, to the byte.
  state      json NOT NULL,
  version    bigint NOT NULL CHECK (version > 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, agent_id),
  FOREIGN KEY (owner, agent_id) REFERENCES agents (owner, id) ON DELETE CASCADE
);

CREATE TABLE prompt_templates (
  owner              text NOT NULL REFERENCES owners ON DELETE CASCADE,
  project            text NOT NULL DEFAULT 'default' CHECK (octet_length(project) BETWEEN 1 AND 64),
  id                 uuid NOT NULL DEFAULT gen_random_uuid(),
  name               text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 200),
  description        text CHECK (octet_length(description) <= 1000),
  -- The newest.
  version            integer NOT NULL DEFAULT 1 CHECK (version > 0),
  idempotency_key    text,
  idempotency_digest text,
  created_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, id)
);
CREATE UNIQUE INDEX prompt_templates_name ON prompt_templates (owner, project, name);
CREATE UNIQUE INDEX prompt_templates_idempotency ON prompt_templates (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE prompt_template_versions (
  owner       text NOT NULL,
  template_id uuid NOT NULL,
  version     integer NOT NULL CHECK (version > 0),
  content     text NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 65536),
  -- {name: what stands there where nothing is given}
  defaults    jsonb NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, template_id, version),
  FOREIGN KEY (owner, template_id) REFERENCES prompt_templates (owner, id) ON DELETE CASCADE
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['conversations', 'messages', 'message_drafts', 'agents', 'agent_states',
                                    'prompt_templates', 'prompt_template_versions'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format($policy$
      CREATE POLICY own_rows ON %I TO ftl_owner, ftl_batch_runner
        USING (owner = nullif(current_setting('ftl.sessions', true), ''))$policy$, table_name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO ftl_batch_runner', table_name);
  END LOOP;
  -- Export writes conversations down.
  FOREACH table_name IN ARRAY ARRAY['conversations', 'messages'] LOOP
    EXECUTE format($policy$
      CREATE POLICY read_own_rows ON %I FOR SELECT TO ftl_export
        USING (owner = nullif(current_setting('ftl.sessions', true), ''))$policy$, table_name);
    EXECUTE format('GRANT SELECT ON %I TO ftl_export', table_name);
  END LOOP;
END $$;

-- Whoever says something before he has stored a key is an owner too.
CREATE POLICY new_owner ON owners FOR INSERT TO ftl_batch_runner
  WITH CHECK (owner = nullif(current_setting('ftl.sessions', true), ''));
GRANT INSERT ON owners TO ftl_batch_runner;

CREATE POLICY lookup ON conversations FOR SELECT TO ftl_lookup USING (true);
CREATE POLICY lookup ON messages FOR SELECT TO ftl_lookup USING (true);
GRANT SELECT (owner, project, id, title) ON conversations TO ftl_lookup;
GRANT SELECT (owner, conversation_id, content) ON messages TO ftl_lookup;

RESET ROLE;
GRANT CREATE ON SCHEMA public TO ftl_lookup;
SET LOCAL ROLE ftl_lookup;

-- The conversations of the owner in ftl.sessions in whose title or messages each of `words` stands, whatever its case. Under
-- row security LIKE may not use the index.
CREATE FUNCTION search_conversations(of_project text, words text[]) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS $$
    WITH wanted AS (
      SELECT DISTINCT '%' || regexp_replace(lower(word), '([\\%_])', '\\\1', 'g') || '%' AS pattern FROM unnest(words) word)
    SELECT hit.id
    FROM (SELECT c.id, w.pattern
          FROM wanted w, public.conversations c
          WHERE c.owner = nullif(current_setting('ftl.sessions', true), '') AND c.project = of_project
            AND lower(c.title) LIKE w.pattern
          UNION
          SELECT c.id, w.pattern
          FROM wanted w
          JOIN public.messages m
            ON m.owner = nullif(current_setting('ftl.sessions', true), '') AND lower(m.content) LIKE w.pattern
          JOIN public.conversations c ON c.owner = m.owner AND c.id = m.conversation_id AND c.project = of_project) hit
    GROUP BY hit.id
    HAVING count(*) = (SELECT count(*) FROM wanted)
  $$;

REVOKE ALL ON FUNCTION search_conversations FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_conversations TO ftl_batch_runner;

RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM ftl_lookup;
