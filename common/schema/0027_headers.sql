-- Further headers that a session's endpoint wants, as secret as its key and sealed as it is.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_model_configs ADD COLUMN headers_encrypted text;
ALTER TABLE demo_model_configs ADD CHECK (NOT key_forgotten OR headers_encrypted IS NULL);
