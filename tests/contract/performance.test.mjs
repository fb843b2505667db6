// How the installation fares: its machines and processes, what they have answered, step by step. Needs an installation with
// FTL_WORKSPACE=local.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, ok, post, wait } from './client.mjs';
import { hasFields, isConventional, isProblem, kTimestamp, kUuid } from './judge.mjs';

const isPercent = (value) => assert.ok(value >= 0 && value <= 100, `${value} per cent`);

// What has happened is told ten seconds later at the latest.
async function summaryWith(holds, minutes = 1) {
  for (let tries = 0; ; tries += 1) {
    const answer = await get(`/performance/summary?minutes=${minutes}`);
    const summary = await ok(answer);
    if (holds(summary)) return { answer, summary };
    assert.ok(tries < 60, `after 30 s: ${answer.text.slice(0, 600)}`);
    await wait(500);
  }
}

test('the summary tells of the machine, of processes and of what they have answered', async () => {
  const name = 'GET /api/demo/v2/providers';
  const before = (await ok(get('/performance/summary?minutes=60'))).requests_by_route.find((route) => route.name === name)?.requests ?? 0;
  for (let n = 0; n < 7; n += 1) await ok(get('providers'));
  const { answer, summary } = await summaryWith(({ requests_by_route: routes }) => (routes.find((route) => route.name === name)?.requests ?? 0) >= before + 7, 60);
  isConventional(answer);
  hasFields(summary, ['minutes', 'from', 'to', 'cpu', 'memory', 'disk', 'gpus', 'requests', 'errors', 'rpcs', 'requests_by_route', 'requests_by_rpc', 'slowest_calls', 'processes'], ['gpu']);
  assert.equal(summary.minutes, 60);
  for (const level of [summary.cpu, summary.memory, summary.disk]) {
    hasFields(level, ['usage_percent', 'avg_percent', 'max_percent']);
    Object.values(level).forEach(isPercent);
    assert.ok(level.max_percent >= level.avg_percent - 1e-9);
  }
  assert.equal('gpu' in summary, summary.gpus.length > 0, 'a level of what is not there is absent');
  const sum = (calls) => calls.reduce((n, { requests }) => n + requests, 0);
  assert.equal(sum(summary.requests_by_route), summary.requests);
  assert.equal(sum(summary.requests_by_rpc), summary.rpcs);
  for (const calls of [...summary.requests_by_route, ...summary.requests_by_rpc]) hasFields(calls, ['name', 'requests', 'errors', 'avg_ms']);
  assert.ok(summary.requests_by_rpc.some(({ name: rpc }) => rpc === 'GetPerformanceSummary'));
  assert.ok(summary.slowest_calls.length > 0 && summary.slowest_calls.length <= 10);
  for (const slow of summary.slowest_calls) {
    hasFields(slow, ['name', 'status', 'duration_ms', 'ended_at', 'request_id']);
    assert.match(slow.ended_at, kTimestamp);
  }
  const times = summary.slowest_calls.map(({ duration_ms: ms }) => ms);
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  assert.ok(summary.processes.length > 0);
  for (const process of summary.processes) {
    hasFields(process, ['program', 'host', 'process', 'cpu_percent', 'resident_bytes']);
    assert.match(process.process, kUuid);
    assert.ok(process.resident_bytes > 1e6);
  }
});

test('the history has steps of the length asked for, and the rows of ten seconds and of minutes agree', async () => {
  await summaryWith(({ requests }) => requests > 0);
  const answer = await get('/performance/history?step=10');
  isConventional(answer);
  const { from, to, step, points } = await ok(answer);
  assert.equal(step, 10);
  assert.ok(points.length > 0 && points.length <= 361);
  for (const point of points) {
    hasFields(point, ['starts_at', 'requests', 'errors', 'rpcs'], ['cpu_usage_percent', 'cpu_usage_percent_max', 'memory_usage_percent', 'disk_usage_percent', 'gpu_usage_percent', 'gpu_memory_usage_percent', 'process_cpu_percent', 'resident_bytes']);
    assert.equal(Date.parse(point.starts_at) % 10_000, 0);
    assert.ok(Date.parse(point.starts_at) >= Date.parse(from) && Date.parse(point.starts_at) < Date.parse(to));
    isPercent(point.cpu_usage_percent);
  }
  const starts = points.map(({ starts_at: at }) => at);
  assert.deepEqual(starts, [...starts].sort());
  // A minute that is over, of which each of ten seconds was read.
  const until = Math.floor(Date.now() / 60_000) * 60_000;
  const whole = { from: new Date(until - 3_600_000).toISOString(), to: new Date(until).toISOString() };
  const requests = async (length) => (await ok(get(`/performance/history?${new URLSearchParams({ ...whole, step: length })}`))).points.reduce((sum, point) => sum + point.requests, 0);
  assert.equal(await requests(60), await requests(10));
});

test('what cannot be answered is refused, with the field', async () => {
  for (const [path, field] of [
    ['summary?minutes=0', 'minutes'],
    ['summary?minutes=43201', 'minutes'],
    ['history?step=5', 'step'],
    ['history?step=15', 'step'],
    ['history?step=90000', 'step'],
    ['history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['history?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&step=10', 'step'],
  ]) {
    const answer = await get(`/performance/${path}`);
    isProblem(answer, 422, 'invalid_field');
    assert.deepEqual(answer.json.errors.map((error) => error.field), [field], path);
  }
  isProblem(await get('/performance/summary?minutes=x'), 400, 'invalid_field');
  assert.deepEqual((await ok(get('/performance/history?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z'))).points, [], 'nothing was read then');
});

test('the figures of the whole installation are for administrators', async () => {
  const with_scope = async (scopes) => ({ headers: { authorization: `Bearer ${(await ok(post('/api/tokens', { name: 'performance', scopes }), 201)).token}` } });
  isProblem(await get('/performance/summary', await with_scope(['chat', 'runs', 'history', 'keys'])), 403, 'permission_denied');
  await ok(get('/performance/summary', await with_scope(['admin'])));
});

test('the description names what the older form of a benchmark takes in its query', async () => {
  const { parameters } = (await ok(get('/openapi.json'))).paths['/benchmark/llm'].post;
  const named = parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name);
  for (const name of ['model_name', 'prompt', 'iterations']) assert.ok(named.includes(name), named.join());
  assert.ok(!named.includes('owner') && !named.includes('model'), 'what a query cannot say is the body\'s');
});
