-- Oldest program: 28
-- The trace that a run was started in, so that whoever works on it makes its calls in that.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_batch_test_runs ADD COLUMN traceparent text CHECK (length(traceparent) = 55);
