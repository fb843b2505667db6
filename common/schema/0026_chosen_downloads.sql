-- Oldest program: 23
-- A download of some results alone: those of these prompts. Null for all of the run.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_download_tokens ADD COLUMN prompt_ids integer[];
