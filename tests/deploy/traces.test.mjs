// Traces of a run through the five programs, taken by a collector; and a collector that is away.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { get, ok, post, useInstallation } from '../contract/client.mjs';
import { Installation } from '../contract/installation.mjs';
import { Collector } from './collector.mjs';
import { program } from './settings.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const key = 'sk-traced-0123456789abcdef';
const prompts = ['Tell of the lighthouse keeper.', 'Tell of the harbour master.'];
const theirs = '4bf92f3577b34da6a3ce929d0e0e4736';
const services = ['session-vault', 'batch-runner', 'analytics', 'export', 'gateway'];

const collector = new Collector();
let installation, spans;

async function mainJob(headers) {
  const { session_id } = await ok(post('configure', { endpoint_url: installation.sampleEndpoint, api_key: key, model_id: 'sample-zero' }, headers), 201);
  await ok(post('configure/test', { session_id }, headers));
  const suite = await ok(post('test-suites', { session_id, name: 'Traced', prompts }, headers), 201);
  const { test_run_id } = await ok(post('batch-test', { session_id, test_suite_id: suite.id, temperature: 0.5, stream: true }, headers), 202);
  for (let i = 0; i < 100; ++i) {
    if ((await ok(get(`batch-test/${test_run_id}/status`))).status === 'completed') break;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  await ok(post('atlas', { session_id, messages: [{ role: 'user', content: 'What is the average latency?' }] }, headers));
  await ok(post('cleanup', { session_id }, headers));
  return session_id;
}

before(async () => {
  if (skip) return;
  await collector.listen();
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=ours%20alone', OTEL_TRACES_SAMPLER: 'parentbased_always_off' };
  installation = await new Installation(['--split'], settings).up();
  useInstallation(installation.url);
  const session = await mainJob({ traceparent: `00-${theirs}-00f067aa0ba902b7-01` });
  await mainJob({});
  await installation.down(); // what is left goes out as a program ends
  spans = collector.spans;
  spans.session = session;
});
after(async () => {
  collector.close();
  await installation?.remove();
});

const named = (name) => spans.filter((span) => span.name === name);
const only = (name) => {
  const found = named(name);
  assert.equal(found.length, 1, `${name}: ${found.length} among ${[...new Set(spans.map((span) => span.name))].join(', ')}`);
  return found[0];
};
const parentOf = ({ parentId }) => spans.find(({ spanId }) => spanId === parentId);

test('every program tells its spans, all in the trace of who called', { skip }, () => {
  const programs = new Set(spans.map((span) => span.program));
  for (const name of services.filter((service) => service !== 'export')) assert.ok(programs.has(`finetunelab-${name}`), `${name} among ${[...programs]}`);
  // The second job came without a trace, and the sampler says no to those.
  for (const span of spans) assert.equal(span.traceId, theirs, span.name);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
});

test('each span is under what caused it, within its time', { skip }, () => {
  const http = only('POST /api/demo/v2/batch-test');
  assert.equal(http.parentId, '00f067aa0ba902b7');
  assert.equal(http.kind, 'SPAN_KIND_SERVER');
  assert.deepEqual(http.attributes, { 'http.request.method': 'POST', 'http.route': '/api/demo/v2/batch-test', 'http.response.status_code': 202, 'url.scheme': 'http' });
  const rpc = only('finetunelab.batch_runner.v1.BatchRunnerService/StartRun');
  assert.equal(parentOf(rpc), http);
  assert.equal(rpc.attributes['rpc.grpc.status_code'], 0);
  const create = spans.find((span) => parentOf(span) === rpc && span.attributes['db.query.summary']?.includes('run.create'));
  assert.ok(create, 'the statement that stores the run');
  assert.equal(create.attributes['db.system.name'], 'postgresql');
  assert.ok(rpc.start <= create.start && create.end <= rpc.end);
  const calls = spans.filter((span) => parentOf(span) === rpc && span.name === 'chat sample-zero');
  assert.equal(calls.length, prompts.length, 'one for each attempt of the run');
  for (const { parentId, name } of spans) assert.ok(parentId === '00f067aa0ba902b7' || parentOf({ parentId }), `${name} is under nothing`);
});

test('an attempt is told by the names of generative AI', { skip }, () => {
  const rpc = only('finetunelab.batch_runner.v1.BatchRunnerService/StartRun');
  const call = spans.find((span) => parentOf(span) === rpc && span.name === 'chat sample-zero');
  assert.equal(call.kind, 'SPAN_KIND_CLIENT');
  const expected = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'custom', 'gen_ai.request.model': 'sample-zero', 'gen_ai.request.stream': true, 'gen_ai.request.temperature': 0.5, 'server.address': '127.0.0.1', 'http.response.status_code': 200, 'gen_ai.response.finish_reasons': ['stop'] };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(call.attributes[name], value, name);
  assert.ok(call.attributes['gen_ai.usage.output_tokens'] > 0);
  assert.ok(call.attributes['gen_ai.response.time_to_first_chunk'] > 0);
});

test('no span holds a key, a prompt or a session', { skip }, () => {
  const text = JSON.stringify(spans);
  for (const secret of [key, 'lighthouse', 'harbour', spans.session, spans.session.replace('demo-', '')]) assert.ok(!text.includes(secret), secret);
});

test('what is sent along is sent along', { skip }, () => {
  for (const metadata of collector.metadata) assert.equal(metadata['x-tenant'], 'ours alone');
});

test('a collector that is away costs nobody anything', { skip, timeout: 60_000 }, async () => {
  const removed = installation;
  installation = await new Installation([], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_BSP_MAX_QUEUE_SIZE: '20', FTL_ADMIN_ADDRESS: '127.0.0.1:0' }).up();
  await removed.remove();
  useInstallation(installation.url);
  await mainJob({});
  const [, port] = /"serving metrics and probes".*"port":(\d+)/.exec(installation.log('all-in-one'));
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.ok(Number(/^ftl_trace_spans_total\{outcome="dropped"\} (\d+)/m.exec(text)?.[1]) > 0, 'what has no room is counted');
  const began = Date.now();
  await installation.down();
  assert.ok(Date.now() - began < 15_000);
});

test('wrong settings are said', { skip }, () => {
  const said = (environment) => spawnSync(program('finetunelab'), ['--check-config'], { env: { DATABASE_URL: 'postgresql:///lab', ...environment }, encoding: 'utf8' }).stderr;
  for (const [name, value] of Object.entries({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_TRACES_SAMPLER: 'sometimes', OTEL_TRACES_SAMPLER_ARG: '1.5', OTEL_RESOURCE_ATTRIBUTES: 'team' })) {
    assert.match(said({ [name]: value }), new RegExp(`^${name} `, 'm'), name);
  }
  assert.doesNotMatch(said({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[::1]:4317' }), /OTEL/);
});
