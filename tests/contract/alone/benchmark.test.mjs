// Load on a model and what is measured of it. Needs an installation with FTL_WORKSPACE=local.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStream, call, get, ok, post } from '../client.mjs';
import { hasFields, isAbout, isConventional, isProblem, kTimestamp } from '../judge.mjs';
import { kDialects, ownProject, runBenchmark, storeKey } from '../workspace-keys.mjs';

const spread = ['n', 'mean_ms', 'min_ms', 'max_ms', 'p50_ms', 'p90_ms', 'p99_ms'];
const intervals = ['p50_interval', 'p90_interval', 'p99_interval'];

test('older clients get their figures in seconds with the answer', async (t) => {
  const key = await storeKey(t);
  const project = ownProject();
  const answer = await call('POST', `/benchmark/llm?model_name=${key.service}:${key.name}/sample-100ms&prompt=Hello&iterations=3&project=${project}`);
  isConventional(answer);
  const figures = await ok(answer);
  hasFields(figures, ['model_name', 'iterations', 'avg_time', 'min_time', 'max_time', 'p50_time', 'p95_time', 'tokens_per_second', 'errors', 'results']);
  assert.equal(figures.iterations, 3);
  assert.equal(figures.errors, 0);
  isAbout(figures.p50_time, 0.1, 0.05, 'p50_time');
  const times = figures.results.map(({ time }) => time);
  assert.deepEqual(figures.results.map(({ iteration }) => iteration), [1, 2, 3]);
  assert.equal(figures.min_time, Math.min(...times));
  assert.equal(figures.max_time, Math.max(...times));
  assert.ok(Math.abs(figures.avg_time - times.reduce((a, b) => a + b) / 3) < 1e-9);
  const tokens = figures.results.reduce((sum, { tokens: each }) => sum + each, 0);
  assert.ok(Math.abs(figures.tokens_per_second - tokens / times.reduce((a, b) => a + b)) < 1e-6);
  const row = await ok(get(`/api/history/${figures.results[0].request_id}?project=${project}`));
  assert.deepEqual([row.kind, row.messages[0].content], ['benchmark', 'Hello']);
});

test('older clients may name a model that one of the keys lists, in the query or in a body', async (t) => {
  await storeKey(t);
  const listed = await ok(post('/benchmark/llm', { model_name: 'sample-zero', iterations: 1 }));
  assert.equal(listed.results[0].success, true);
  isProblem(await call('POST', '/benchmark/llm?model_name=nobody-has-it'), 422, 'invalid_field', ['model_name']);
  isProblem(await call('POST', '/benchmark/llm?model_name=openai/x&iterations=101'), 422, 'invalid_field', ['iterations']);
  isProblem(await call('POST', '/benchmark/llm?prompt=Hello'), 422, 'invalid_field', ['model_name']);
  isProblem(await call('POST', '/benchmark/llm?model=x'), 400);
});

for (const dialect of kDialects) {
  test(`a closed loop measures a model of ${dialect.service_name}`, async (t) => {
    const key = await storeKey(t, dialect);
    const benchmark = await runBenchmark(ownProject(), { ...key, id: 'sample-100ms' },
      { mode: 'closed', concurrency: 4, requests: 20, prompt_tokens: 100, slo: { ttft_ms: 90, latency_ms: 5000 } });
    assert.equal(benchmark.status, 'completed', JSON.stringify(benchmark));
    const [point] = benchmark.points;
    hasFields(point, ['concurrency', 'requests', 'errors', 'errors_by_type', 'not_begun', 'duration_ms', 'requests_per_second', 'output_tokens_per_second', 'goodput', 'latency', 'ttft', 'itl', 'tpot', 'avg_prompt_tokens', 'avg_output_tokens', 'warnings']);
    assert.deepEqual([point.concurrency, point.requests, point.errors], [4, 20, 0]);
    isAbout(point.latency.p50_ms, 100, 40, 'latency');
    assert.ok(point.ttft.p50_ms > 40 && point.ttft.p50_ms <= point.latency.p50_ms, `ttft is ${point.ttft.p50_ms}`);
    assert.ok(point.duration_ms >= 450, 'five rounds of a tenth of a second');
    assert.equal(point.avg_prompt_tokens, 100, 'a prompt of exactly so many tokens');
    hasFields(point.latency, spread, intervals);
    assert.ok(point.goodput <= point.requests_per_second + 1e-9);
  });
}

test('an open loop begins its calls on schedule, whatever is under way', async (t) => {
  const key = await storeKey(t);
  const benchmark = await runBenchmark(ownProject(), { ...key, id: 'sample-1s' }, { mode: 'open', concurrency: undefined, rate: 20, arrivals: 'constant', requests: 20 });
  assert.equal(benchmark.status, 'completed', JSON.stringify(benchmark));
  const [point] = benchmark.points;
  assert.deepEqual([point.offered_rate, point.requests, point.errors, point.not_begun], [20, 20, 0, 0]);
  isAbout(point.duration_ms, 1950, 300, 'duration: 19 gaps of 50 ms, and the last answer');
  hasFields(point.since_scheduled_start, spread, intervals);
  assert.ok(point.since_scheduled_start.p50_ms >= point.latency.p50_ms - 1);
  assert.equal(typeof point.carried, 'boolean');
});

test('a sweep rises until the model falls behind', async (t) => {
  const key = await storeKey(t);
  const benchmark = await runBenchmark(ownProject(), { ...key, id: 'sample-zero' }, { mode: 'open', concurrency: undefined, rate: 500, requests: 100, sweep: true });
  assert.equal(benchmark.status, 'completed', JSON.stringify(benchmark));
  const rates = benchmark.points.map(({ offered_rate }) => offered_rate);
  assert.equal(rates[0], 500);
  assert.ok(rates.length >= 2 && rates.length <= 7, rates);
  const carried = benchmark.points.filter((point) => point.carried).map(({ offered_rate }) => offered_rate);
  assert.equal(benchmark.knee_rate, carried.length ? Math.max(...carried) : undefined);
});

test('a benchmark is watched to its end', async (t) => {
  const key = await storeKey(t);
  const project = ownProject();
  const { id, status } = await ok(post('/benchmark/llm', { project, model: { ...key, id: 'sample-100ms' }, requests: 12 }), 202);
  assert.equal(status, 'running');
  const events = await (await EventStream.open('GET', `/benchmark/llm/${id}/events?project=${project}`)).all();
  const told = events.map(({ event, data }) => ({ event, ...JSON.parse(data) }));
  assert.ok(told.length >= 3, 'more than a second of calls');
  assert.deepEqual(told.slice(0, -1).map(({ event }) => event), told.slice(0, -1).map(() => 'progress'));
  const done = told.at(-1);
  assert.equal(done.event, 'done');
  assert.equal(done.status, 'completed');
  assert.match(done.completed_at, kTimestamp);
  for (let i = 1; i < told.length; i += 1) assert.ok(told[i].requests_done >= told[i - 1].requests_done);
  const { event: _, ...benchmark } = done;
  assert.deepEqual(await ok(get(`/benchmark/llm/${id}?project=${project}`)), benchmark);
  const { benchmarks } = await ok(get(`/benchmark/llm?project=${project}`));
  assert.deepEqual(benchmarks, [benchmark]);
  isProblem(await get(`/benchmark/llm/${id}`), 404, 'not_found');
});

test('a benchmark that is cancelled breaks its calls off and keeps what it had', async (t) => {
  const key = await storeKey(t);
  const project = ownProject();
  const { id } = await ok(post('/benchmark/llm', { project, model: { ...key, id: 'sample-slow' }, concurrency: 8, duration_s: 600, prompt_tokens: 16 }), 202);
  const rows = async (status) => (await ok(get(`/api/history?project=${project}&status=${status}&limit=100`))).requests;
  for (let tries = 0; (await rows('in_progress')).length < 8 && tries < 300; tries += 1) await new Promise((wake) => setTimeout(wake, 100));
  const began = Date.now();
  const cancelled = await ok(post(`/benchmark/llm/${id}/cancel`, { project }));
  assert.ok(Date.now() - began < 2000);
  assert.equal(cancelled.status, 'cancelled');
  for (let tries = 0; (await rows('in_progress')).length > 0 && tries < 50; tries += 1) await new Promise((wake) => setTimeout(wake, 50));
  assert.equal((await rows('cancelled')).length, 8);
  assert.deepEqual(await ok(post(`/benchmark/llm/${id}/cancel`, { project })), cancelled, 'as it is');
});

test('a server runs four benchmarks at a time, also of those that start together', async (t) => {
  const key = await storeKey(t);
  const project = ownProject();
  const start = () => post('/benchmark/llm', { project, model: { ...key, id: 'sample-slow' }, duration_s: 600, prompt_tokens: 16 });
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(start));
  const running = answers.filter(({ status }) => status === 202);
  t.after(() => Promise.all(running.map(({ json: { id } }) => post(`/benchmark/llm/${id}/cancel`, { project }))));
  assert.equal(running.length, 4);
  for (const answer of answers) if (answer.status !== 202) isProblem(answer, 503, 'overloaded');
  await ok(post(`/benchmark/llm/${running[0].json.id}/cancel`, { project }));
  running.push(await start());
  assert.equal(running.at(-1).status, 202, 'one has ended');
});

test('what is wrong with a benchmark is told at once, all of it', async (t) => {
  const key = await storeKey(t);
  const model = { ...key, id: 'sample-zero' };
  isProblem(await post('/benchmark/llm', {}), 422, 'invalid_field', ['model.id', 'model.service', 'requests']);
  isProblem(await post('/benchmark/llm', { model, mode: 'open', requests: 1 }), 422, 'invalid_field', ['rate']);
  isProblem(await post('/benchmark/llm', { model, mode: 'closed', rate: 1, arrivals: 'poisson', sweep: true, requests: 0 }), 422, 'invalid_field', ['arrivals', 'rate', 'requests', 'sweep']);
  isProblem(await post('/benchmark/llm', { model, concurrency: 257, prompt_tokens: 1, output_tokens: 0, duration_s: 0 }), 422, 'invalid_field', ['concurrency', 'duration_s', 'output_tokens', 'prompt_tokens']);
  isProblem(await post('/benchmark/llm', { model, mode: 'open', rate: 1000, duration_s: 101 }), 422, 'invalid_field', ['duration_s']);
  for (const id of ['00000000-0000-4000-8000-000000000000', 'no-id']) isProblem(await get(`/benchmark/llm/${id}`), 404, 'not_found');
  const failed = await runBenchmark(ownProject(), { service: 'openai_compatible', name: 'nobody', id: 'm' });
  assert.equal(failed.status, 'failed');
  assert.ok(failed.error);
});
