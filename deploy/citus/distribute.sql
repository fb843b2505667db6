-- Distributes the tables of sessions by their session, all alike, so that a session's rows stand on one node. Once, as a
-- superuser, on the coordinator, after keys.sql and before there is any session.

SELECT create_distributed_table('demo_model_configs', 'session_id');
SELECT create_distributed_table('demo_session_expiry', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_ended_sessions', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_ended_runs', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_session_suites', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_batch_test_runs', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_run_prompts', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_run_leases', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_run_returned', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_endpoint_pace', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_batch_test_results', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_download_tokens', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_run_orders', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_search_texts', 'demo_session_id', colocate_with => 'demo_model_configs');
SELECT create_distributed_table('demo_search_progress', 'demo_session_id', colocate_with => 'demo_model_configs');

-- A unit of work names its session by SET LOCAL, which the nodes that hold its rows must hear: row security is theirs. They ask
-- session_state of a session whose rows they hold, among which it looks itself.
SELECT format('ALTER DATABASE %I SET citus.propagate_set_commands = local', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET citus.allow_nested_distributed_execution = on', current_database()) \gexec
SELECT create_distributed_function('session_state(text)');

-- Read beside every session's own suites.
SELECT create_reference_table('demo_test_suites');
