-- What each role may do. One writer per table; clean-up is session-vault's and deletes through the session.
SET LOCAL ROLE ftl_owner;

GRANT SELECT ON demo_test_suites TO ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export, ftl_dashboards;

-- session-vault: sessions, keys, limits; counts and deletes a session's rows without reading their text.
GRANT SELECT, INSERT, UPDATE, DELETE
  ON demo_model_configs, demo_session_expiry, demo_ended_sessions, demo_addresses, demo_quotas TO ftl_session_vault;
GRANT SELECT (demo_session_id, id), DELETE ON demo_session_suites TO ftl_session_vault;
GRANT SELECT (demo_session_id, id, status, total_prompts), DELETE ON demo_batch_test_runs TO ftl_session_vault;
GRANT SELECT (demo_session_id, test_run_id, prompt_id), DELETE
  ON demo_run_prompts, demo_run_queue, demo_batch_test_results TO ftl_session_vault;

-- sweep: ends sessions, sees neither keys nor endpoints.
GRANT SELECT (session_id, expires_at, abandoned_at, ip_address, key_id), DELETE ON demo_model_configs TO ftl_sweep;
GRANT SELECT, INSERT, UPDATE, DELETE ON demo_session_expiry, demo_ended_sessions, demo_addresses, demo_quotas TO ftl_sweep;

-- Everybody who works for a session asks whether it is still there and what it is called.
GRANT SELECT ON demo_session_expiry, demo_ended_sessions TO ftl_batch_runner, ftl_analytics, ftl_export;
GRANT SELECT (session_id, id, endpoint_url, endpoint_origin, model_id, model_name, provider, capabilities, created_at,
              expires_at, connection_tested, connection_latency_ms, last_error, forget_key_after_run, key_forgotten)
  ON demo_model_configs TO ftl_batch_runner, ftl_analytics, ftl_export;

-- batch-runner: runs and results. Results are only ever added.
GRANT SELECT, INSERT, UPDATE, DELETE ON demo_session_suites, demo_run_queue TO ftl_batch_runner;
GRANT SELECT, INSERT, UPDATE ON demo_batch_test_runs TO ftl_batch_runner;
GRANT SELECT, INSERT ON demo_run_prompts, demo_batch_test_results TO ftl_batch_runner;

-- analytics and export read. The summary of an ended run is the one thing that analytics writes.
GRANT SELECT ON demo_session_suites, demo_batch_test_runs, demo_run_prompts, demo_batch_test_results
  TO ftl_analytics, ftl_export;
GRANT UPDATE (summary) ON demo_batch_test_runs TO ftl_analytics;

GRANT INSERT ON audit_log TO ftl_session_vault, ftl_batch_runner, ftl_analytics, ftl_export, ftl_sweep;

GRANT SELECT (demo_session_id, id, status) ON demo_batch_test_runs TO ftl_lookup;
GRANT SELECT (demo_session_id, test_run_id, prompt_id, sequence, prompt, response) ON demo_batch_test_results TO ftl_lookup;

-- Dashboards: numbers, no text, no address.
GRANT SELECT (id, provider, model_id, created_at, expires_at, connection_tested, connection_latency_ms, key_forgotten)
  ON demo_model_configs TO ftl_dashboards;
GRANT SELECT ON demo_ended_sessions TO ftl_dashboards;
GRANT SELECT (id, test_suite_id, test_suite_name, status, total_prompts, completed_prompts, failed_prompts, error_type,
              created_at, started_at, completed_at)
  ON demo_batch_test_runs TO ftl_dashboards;
GRANT SELECT (test_run_id, prompt_id, sequence, difficulty, success, outcome, error_type, http_status, model_id,
              finish_reason, attempts, latency_us, ttft_us, latency_ms, ttft_ms, itl_mean_us, total_us, queue_us,
              client_lag_us, input_tokens, output_tokens, response_chars, checks_passed, checks_failed, created_at)
  ON demo_batch_test_results TO ftl_dashboards;
GRANT SELECT (test_run_id, prompt_id, lease_until, takeovers) ON demo_run_queue TO ftl_dashboards;
GRANT SELECT (id, at, event, details) ON audit_log TO ftl_dashboards;
