// What the programs tell Prometheus of the main job, scraped from the stack of docker-compose.yml after it was done.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, parseAllDocuments } from 'yaml';
import { metricsIn, panels, rules } from './expressions.mjs';
import { Prometheus, hasPrometheus } from './prometheus.mjs';
import { checkout } from './settings.mjs';
import { samplesOf, valueOf } from './samples.mjs';
import { Stack } from './stack.mjs';

const skip = (!process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs') ||
  (process.getuid() !== 0 && 'only root may give files to another user');
const stack = skip ? undefined : new Stack(parse(readFileSync(`${checkout}/docker-compose.yml`, 'utf8'), { merge: true }));
const prometheus = new Prometheus();
const samples = {};

before(async () => {
  if (skip) return;
  await stack.up();
  if (hasPrometheus) await prometheus.start(stack.admins);
  const { failed, said } = await stack.smoke();
  assert.equal(failed, 0, said);
  for (const [name, address] of Object.entries(stack.admins)) {
    samples[name] = samplesOf(await (await fetch(`http://${address}/metrics`)).text());
  }
});
after(async () => {
  await prometheus.stop();
  await stack?.remove();
});

const expressions = [
  ...rules.map(({ alert, record, expr }) => ({ of: alert ?? record, expr })),
  ...panels.flatMap(({ uid, title, targets }) => targets.map(({ expr }) => ({ of: `${uid}: ${title}`, expr }))),
];

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

test('alerts, panels and autoscalers name no metric but those that the programs show', { skip }, () => {
  const shown = new Set(['up', ...Object.values(samples).flat().map(({ metric }) => metric)]);
  assert.ok(expressions.length > 60);
  const strangers = expressions.flatMap(({ of, expr }) => metricsIn(expr).filter((name) => !shown.has(name)).map((name) => `${of}: ${name}`));
  assert.deepEqual(strangers, []);
  const scalers = parseAllDocuments(readFileSync(`${checkout}/deploy/kubernetes/components/autoscaling/autoscaling.yaml`, 'utf8'));
  const scaledBy = scalers.flatMap((scaler) => scaler.toJS().spec.metrics).flatMap(({ pods }) => (pods ? [pods.metric.name] : []));
  assert.ok(scaledBy.length > 0 && scaledBy.every((name) => shown.has(name)), scaledBy.join());
  assert.deepEqual(metricsIn('sum by (ftl_a) (rate(ftl_b{ftl_c="ftl_d"}[5m])) > 2'), ['ftl_b']);
});

test('the table of metrics has each that is shown, and none besides', { skip }, () => {
  const page = readFileSync(`${checkout}/deploy/prometheus/README.md`, 'utf8');
  const listed = new Set([...page.matchAll(/`((?:ftl|gen_ai)_\w+)`/g)].map(([, name]) => name).filter((name) => !/^gen_ai_(operation_name|provider_name|token_type)$/.test(name)));
  const ours = Object.values(samples).flat().map(({ metric }) => metric).filter((name) => /^(ftl|gen_ai)_/.test(name));
  const shown = new Set(ours.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  assert.deepEqual([...listed].sort(), [...shown].sort());
});

test('every panel gives a series where a Prometheus scraped the main job, and a wrong name gives none', {
  skip: skip || (!hasPrometheus && 'there is no prometheus (Debian: prometheus)'),
}, async () => {
  await sleep(3000);
  const ask = (expr) => prometheus.query(expr.replaceAll('$__rate_interval', '1m'));
  // Nothing fails in the main job.
  const quiet = ['RPCs that fail'];
  const empty = [];
  for (const { uid, title, targets } of panels.filter((panel) => !quiet.includes(panel.title))) {
    for (const { expr } of targets) if ((await ask(expr)).length === 0) empty.push(`${uid}: ${title}: ${expr}`);
  }
  assert.deepEqual(empty, []);
  for (const { expr } of expressions) await ask(expr);
  assert.deepEqual(await ask('sum(rate(ftl_sessions_openned_total[$__rate_interval]))'), []);
});

test('no alert comes from a healthy main job', { skip: skip || (!hasPrometheus && 'there is no prometheus') }, async () => {
  for (const { alert, expr } of rules.filter(({ alert: name }) => name)) assert.deepEqual(await prometheus.query(expr), [], alert);
});
