-- Every format that is written can be offered as a link.
SET LOCAL ROLE ftl_owner;

ALTER TABLE demo_download_tokens
  DROP CONSTRAINT demo_download_tokens_format_check,
  ADD CONSTRAINT demo_download_tokens_format_check
    CHECK (format IN ('pdf', 'html', 'xlsx', 'csv', 'json', 'jsonl', 'junit'));
