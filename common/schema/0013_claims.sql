-- What a process has set aside of a run without the intent to call it yet: the next calls need only a word in the transaction that
-- stores the last ones. Of these nobody's death is anybody's fault.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_run_leases ADD COLUMN claimed int4multirange NOT NULL DEFAULT '{}';
-- Read and written with every batch of results: 256 prompts fit into the row, and need not be packed.
ALTER TABLE demo_run_leases ALTER COLUMN prompts SET STORAGE PLAIN;
GRANT SELECT (claimed) ON demo_run_leases TO ftl_dashboards;
