-- A prompt may be a conversation, which is sent as it is.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_run_prompts ADD COLUMN messages jsonb;
