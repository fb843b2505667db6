-- Oldest program: 32
-- Who deletes a message is asked for those that follow it: without this, each of a conversation's was read for each.
SET LOCAL ROLE ftl_owner;

CREATE INDEX messages_children ON messages (owner, conversation_id, parent_id) WHERE parent_id IS NOT NULL;
