// What the programs tell Prometheus of the main job, scraped from the stack of docker-compose.yml after it was done.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { checkout } from './settings.mjs';
import { samplesOf, valueOf } from './samples.mjs';
import { Stack } from './stack.mjs';

const skip = (!process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs') ||
  (process.getuid() !== 0 && 'only root may give files to another user');
const stack = skip ? undefined : new Stack(parse(readFileSync(`${checkout}/docker-compose.yml`, 'utf8'), { merge: true }));
let samples = {};

before(async () => {
  if (skip) return;
  await stack.up();
  const { failed, said } = await stack.smoke();
  assert.equal(failed, 0, said);
  for (const [name, address] of Object.entries(stack.admins)) {
    samples[name] = samplesOf(await (await fetch(`http://${address}/metrics`)).text());
  }
});
after(() => stack?.remove());

test('a session was opened, and ended by its clean-up', { skip }, () => {
  const vault = samples['session-vault'];
  assert.equal(valueOf(vault, 'ftl_sessions_opened_total'), 1);
  assert.equal(valueOf(vault, 'ftl_sessions_ended_total', { cause: 'cleanup' }), 1);
  assert.equal(valueOf(vault, 'ftl_epoch_keys_overdue'), 0);
  assert.ok(valueOf(vault, 'ftl_sweep_last_success_timestamp_seconds') > Date.now() / 1000 - 120);
  for (const name of ['ftl_sessions_open', 'ftl_sweep_lag_seconds', 'ftl_epoch_keys']) assert.ok(valueOf(vault, name) >= 0, name);
});

test('its run was started and completed, its three prompts answered, none in a queue any more', { skip }, () => {
  const runner = samples['batch-runner'];
  assert.equal(valueOf(runner, 'ftl_runs_started_total'), 1);
  assert.equal(valueOf(runner, 'ftl_runs_ended_total', { status: 'completed' }), 1);
  assert.equal(valueOf(runner, 'ftl_prompts_total', { outcome: 'ok' }), 3);
  assert.equal(valueOf(runner, 'ftl_call_attempts_total', { outcome: 'ok' }), 3);
  for (const name of ['ftl_prompt_queue_seconds_count', 'ftl_prompt_store_seconds_count']) assert.equal(valueOf(runner, name), 3, name);
  for (const name of ['ftl_runs_in_work', 'ftl_run_calls_in_progress', 'ftl_run_watchers']) assert.equal(valueOf(runner, name), 0, name);
});

test('its calls have durations, first pieces and tokens by the names of the GenAI conventions', { skip }, () => {
  const runner = samples['batch-runner'];
  const call = { gen_ai_operation_name: 'chat' };
  assert.equal(valueOf(runner, 'gen_ai_client_operation_duration_seconds_count', call), 3);
  assert.equal(valueOf(runner, 'gen_ai_client_time_to_first_chunk_seconds_count', call), 3);
  for (const type of ['input', 'output']) {
    assert.equal(valueOf(runner, 'gen_ai_client_token_usage_count', { ...call, gen_ai_token_type: type }), 3);
    assert.ok(valueOf(runner, 'gen_ai_client_token_usage_sum', { ...call, gen_ai_token_type: type }) > 0);
  }
});

test('nobody watches any more, and no label holds a session, a key or a text', { skip }, () => {
  assert.equal(valueOf(samples.gateway, 'ftl_gateway_watchers'), 0);
  for (const [name, all] of Object.entries(samples)) {
    assert.ok(all.length > 20, name);
    for (const { labels, metric } of all) {
      for (const [label, value] of Object.entries(labels)) {
        assert.doesNotMatch(value, /demo-[0-9a-f]|[0-9a-f]{16}|@/, `${name}: ${metric}{${label}}`);
        assert.ok(value.length <= 64, `${name}: ${metric}{${label}}`);
      }
    }
  }
});
