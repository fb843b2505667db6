// The log of the workspace's calls: list, row, figures, replay, file, deletion. Needs an installation with
// FTL_WORKSPACE=local.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, get, ok, post } from './client.mjs';
import { hasFields, isConventional, isProblem, kTimestamp, kUuid } from './judge.mjs';
import { openSession } from './sessions.mjs';
import { kDialects, ownProject, runBenchmark, storeKey } from './workspace-keys.mjs';

const history = (project, more = '') => ok(get(`/api/history?project=${project}${more}`));
const at = ({ timestamp }) => Date.parse(timestamp);
const listed = ['id', 'timestamp', 'project', 'kind', 'service', 'key_name', 'model', 'status', 'tokens_estimated'];
const mayBeListed = ['prompt_preview', 'response_time_ms', 'ttft_ms', 'prompt_tokens', 'completion_tokens', 'total_tokens', 'cost', 'finish_reason', 'error_type', 'error', 'replay_of'];

for (const dialect of kDialects) {
  test(`every call of ${dialect.service_name} is a row with its times and tokens`, async (t) => {
    const project = ownProject();
    const key = await storeKey(t, dialect);
    await runBenchmark(project, { ...key, id: 'sample-fast' });
    const answer = await get(`/api/history?project=${project}`);
    isConventional(answer);
    const { requests, total } = await ok(answer);
    assert.equal(requests.length, total);
    assert.ok(total >= 4, 'three calls and at least one that counted the prompt');
    for (const row of requests) {
      hasFields(row, listed, mayBeListed);
      assert.match(row.id, kUuid);
      assert.match(row.timestamp, kTimestamp);
      assert.deepEqual([row.kind, row.service, row.key_name, row.model, row.status], ['benchmark', dialect.service_name, key.name, 'sample-fast', 'success']);
      assert.ok(row.response_time_ms >= row.ttft_ms && row.ttft_ms > 10, JSON.stringify(row));
      assert.equal(row.total_tokens, row.prompt_tokens + row.completion_tokens);
      assert.ok(!('cost' in row), 'a model without a price costs not nothing');
    }
    const whole = await get(`/api/history/${requests[0].id}?project=${project}`);
    isConventional(whole);
    const row = await ok(whole);
    assert.equal(row.messages.at(-1).role, 'user');
    assert.ok(row.messages.at(-1).content.startsWith(row.prompt_preview));
    assert.ok(row.response.length > 0);
    assert.equal(row.attempts, 1);
    assert.equal(row.timing.latency_ms, row.response_time_ms);
    assert.deepEqual(row.parameters, { max_tokens: 16, stream: true });
  });
}

test('a call that fails says why, and counts as an error', async (t) => {
  const project = ownProject();
  const key = await storeKey(t, { ...kDialects[0], api_key: 'wrong-key' });
  const benchmark = await runBenchmark(project, { ...key, id: 'sample-fast' });
  assert.equal(benchmark.status, 'failed');
  const { requests } = await history(project);
  assert.equal(requests.length, 1);
  assert.deepEqual([requests[0].status, requests[0].error_type], ['error', 'auth']);
  assert.match(requests[0].error, /key/i);
  const figures = await ok(get(`/api/history/analytics?project=${project}`));
  assert.deepEqual(figures.errors_by_type, { auth: 1 });
  assert.equal(figures.error_rate, 100);
  assert.ok(!('avg_response_time_ms' in figures), 'latencies are of successes');
});

test('the list goes by pages, and by every filter', async (t) => {
  const project = ownProject();
  const key = await storeKey(t);
  await runBenchmark(project, { ...key, id: 'sample-zero' }, { requests: 9 });
  await runBenchmark(project, { ...key, id: 'sample-echo' }, { requests: 2 });
  const all = await history(project, '&limit=1000');
  assert.equal(all.requests.length, all.total);
  const paged = [];
  for (let token = ''; token !== undefined;) {
    const page = await history(project, `&limit=4${token && `&page_token=${encodeURIComponent(token)}`}`);
    assert.equal(page.total, all.total);
    assert.ok(page.requests.length <= 4);
    paged.push(...page.requests.map(({ id }) => id));
    token = page.next_page_token;
  }
  assert.deepEqual(paged, all.requests.map(({ id }) => id));
  assert.deepEqual([...paged].sort().reverse(), paged, 'newest first');
  const echoes = all.requests.filter(({ model }) => model === 'sample-echo');
  const half = all.requests[Math.floor(all.total / 2)];
  const filters = [
    ['model=sample-echo', echoes.length],
    ['service=openai_compatible&kind=benchmark&status=success', all.total],
    ['service=openai', 0],
    ['kind=chat', 0],
    ['status=error', 0],
    ['query=HARBOUR', all.total],
    ['query=no%20such%20words', 0],
    [`from=${half.timestamp}`, all.requests.filter((row) => at(row) >= at(half)).length],
    [`to=${half.timestamp}`, all.requests.filter((row) => at(row) < at(half)).length],
    [`from=2020-01-01T00:30:00Z&to=${new Date(Date.now() + 60_000).toISOString()}`, all.total],
  ];
  for (const [filter, wanted] of filters) {
    const found = await history(project, `&limit=1000&${filter}`);
    assert.deepEqual([found.requests.length, found.total], [wanted, wanted], filter);
  }
  assert.equal((await history(project)).requests.length, Math.min(20, all.total));
  assert.equal((await history(ownProject())).total, 0);
});

test('what is wrong with a question is told', async () => {
  isProblem(await get('/api/history?limit=0'), 422, 'invalid_field', ['limit']);
  isProblem(await get('/api/history?query='), 422, 'invalid_field', ['query']);
  isProblem(await get('/api/history?page_token=x'), 422, 'invalid_field', ['page_token']);
  isProblem(await get('/api/history?since=yesterday'), 400, 'unknown_field');
  isProblem(await get(`/api/history?owner=${'a'.repeat(64)}`), 400, 'unknown_field');
  isProblem(await get('/api/history/analytics?days=0'), 422, 'invalid_field', ['days']);
  isProblem(await get('/api/history/export?format=pdf'), 422, 'invalid_field', ['format']);
  isProblem(await get('/api/history/export'), 422, 'invalid_field', ['format']);
  isProblem(await call('DELETE', '/api/history'), 422, 'invalid_field', ['before']);
  isProblem(await get('/api/history/nothing'), 404, 'not_found');
  isProblem(await get('/api/history/019ac52f-427b-7000-8000-000000000000'), 404, 'not_found');
  isProblem(await post('/api/history/019ac52f-427b-7000-8000-000000000000/replay', {}), 404, 'not_found');
});

test('figures are those of the rows', async (t) => {
  const project = ownProject();
  const key = await storeKey(t);
  await runBenchmark(project, { ...key, id: 'sample-100ms' }, { requests: 12, concurrency: 4 });
  const other = await storeKey(t, kDialects[1]);
  await runBenchmark(project, { ...other, id: 'sample-zero' }, { requests: 2 });
  const { requests } = await history(project, '&limit=1000');
  for (const days of [1, 7, 30]) {
    const answer = await get(`/api/history/analytics?project=${project}&days=${days}`);
    isConventional(answer);
    const figures = await ok(answer);
    const sum = (name) => requests.reduce((so_far, row) => so_far + row[name], 0);
    assert.equal(figures.total_requests, requests.length);
    assert.equal(figures.prompt_tokens, sum('prompt_tokens'));
    assert.equal(figures.completion_tokens, sum('completion_tokens'));
    assert.equal(figures.total_tokens, sum('total_tokens'));
    assert.ok(Math.abs(figures.avg_tokens_per_request - sum('total_tokens') / requests.length) < 1e-6);
    assert.ok(Math.abs(figures.avg_response_time_ms - sum('response_time_ms') / requests.length) < 0.01);
    const times = requests.map(({ response_time_ms }) => response_time_ms).sort((a, b) => a - b);
    for (const [name, share] of [['p50', 0.5], ['p95', 0.95], ['p99', 0.99]]) {
      const below = Math.floor(share * (times.length - 1));
      const truth = times[below] + (share * (times.length - 1) - below) * ((times[below + 1] ?? times[below]) - times[below]);
      const told = figures[`${name}_response_time_ms`];
      assert.ok(Math.abs(told - truth) < 0.002, `${name} is ${told}, and the rows say ${truth}`);
    }
    assert.equal(figures.percentile_method, 'linear');
    hasFields(figures.ttft, ['avg_ms', 'p50_ms', 'p95_ms', 'p99_ms'], []);
    assert.equal(figures.error_rate, 0);
    assert.deepEqual(figures.errors_by_type, {});
    const count = (name, value) => requests.filter((row) => row[name] === value).length;
    assert.deepEqual(figures.requests_by_model, { 'sample-100ms': count('model', 'sample-100ms'), 'sample-zero': count('model', 'sample-zero') });
    assert.deepEqual(figures.requests_by_provider, { openai_compatible: count('service', 'openai_compatible'), anthropic: count('service', 'anthropic') });
    assert.ok(!('cost' in figures));
    assert.equal(figures.requests_without_price, requests.length);
    assert.equal(figures.series_step, days <= 2 ? 'hour' : 'day');
    assert.equal(figures.series.reduce((so_far, step) => so_far + step.requests, 0), requests.length);
  }
});

test('a call is made again as it was, or with another model and other parameters', async (t) => {
  const project = ownProject();
  const key = await storeKey(t);
  await runBenchmark(project, { ...key, id: 'sample-echo' });
  const [old] = (await history(project)).requests;
  const before = await ok(get(`/api/history/${old.id}?project=${project}`));
  const answer = await post(`/api/history/${old.id}/replay`, { project });
  isConventional(answer);
  const again = await ok(answer);
  assert.equal(again.replay_of, old.id);
  assert.notEqual(again.id, old.id);
  assert.deepEqual(again.messages, before.messages);
  assert.deepEqual(again.parameters, before.parameters);
  assert.equal(again.model, 'sample-echo');
  assert.equal(again.status, 'success');
  const other = await storeKey(t, kDialects[3]);
  const changed = await ok(post(`/api/history/${again.id}/replay`, { project, model: { ...other, id: 'sample-64' }, parameters: { max_tokens: 8, temperature: 0 } }));
  assert.deepEqual([changed.service, changed.model, changed.replay_of], ['cohere', 'sample-64', again.id]);
  assert.deepEqual(changed.parameters, { temperature: 0, max_tokens: 8, stream: true });
  assert.equal((await history(project)).requests[0].id, changed.id);
  isProblem(await post(`/api/history/${old.id}/replay`, { project, parameters: { temperature: 3, max_tokens: 0 } }), 422, 'invalid_field', ['parameters.max_tokens', 'parameters.temperature']);
  isProblem(await post(`/api/history/${old.id}/replay`, { project, model: { service: 'openai_compatible', name: 'nobody', id: 'm' } }), 404, 'not_found');
  isProblem(await post(`/api/history/${old.id}/replay`, {}), 404, 'not_found');
});

test('keys in what was asked and answered are masked', async (t) => {
  const project = ownProject();
  const key = await storeKey(t);
  const secret = 'sk-proj-0123456789abcdefghij';
  const measured = await ok(call('POST', `/benchmark/llm?project=${project}&model_name=${key.service}:${key.name}/sample-echo&iterations=1&prompt=${encodeURIComponent(`my key is ${secret}`)}`));
  assert.equal(measured.errors, 0);
  const { requests: [row] } = await history(project);
  const whole = await get(`/api/history/${row.id}?project=${project}`);
  assert.ok(!whole.text.includes('0123456789abcdefghij'), whole.text);
  assert.equal((await ok(whole)).messages[0].content, 'my key is sk-[key removed]');
  for (const format of ['csv', 'json', 'jsonl']) {
    assert.ok(!(await get(`/api/history/export?format=${format}&project=${project}`)).text.includes('0123456789abcdefghij'));
  }
});

test('the file has every call of its time, oldest first', async (t) => {
  const project = ownProject();
  const key = await storeKey(t);
  await runBenchmark(project, { ...key, id: 'sample-zero' }, { requests: 8 });
  const { requests } = await history(project, '&limit=1000');
  const ids = requests.map(({ id }) => id).reverse();
  const json = await get(`/api/history/export?format=json&project=${project}`);
  assert.match(json.headers.get('content-disposition'), /^attachment; filename="finetunelab-history-\d{4}-\d\d-\d\d\.json"$/);
  assert.deepEqual((await ok(json)).requests.map(({ id }) => id), ids);
  const jsonl = await get(`/api/history/export?format=jsonl&project=${project}`);
  assert.equal(jsonl.headers.get('content-type'), 'application/x-ndjson');
  const rows = jsonl.text.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rows.map(({ id }) => id), ids);
  assert.deepEqual(rows[0], await ok(get(`/api/history/${ids[0]}?project=${project}`)));
  const csv = await get(`/api/history/export?format=csv&project=${project}`);
  const lines = csv.text.trimEnd().split('\r\n');
  assert.equal(lines.length, 1 + ids.length);
  assert.deepEqual(lines.slice(1).map((line) => line.split(',')[0]), ids);
  const some = await get(`/api/history/export?format=jsonl&project=${project}&from=${rows[2].timestamp}&to=${rows[5].timestamp}`);
  const within = rows.filter((row) => at(row) >= at(rows[2]) && at(row) < at(rows[5]));
  assert.equal(some.text.split('\n').length - 1, within.length);
});

test('what is deleted is gone from list, file and figures', async (t) => {
  const project = ownProject();
  const key = await storeKey(t);
  await runBenchmark(project, { ...key, id: 'sample-zero' }, { requests: 6, concurrency: 1 });
  const { requests, total } = await history(project);
  const { timestamp } = requests[2];
  const older = requests.filter((row) => at(row) < at(requests[2])).length;
  assert.deepEqual(await ok(call('DELETE', `/api/history?project=${project}&before=${timestamp}`)), { deleted: older });
  assert.equal((await history(project)).total, total - older);
  assert.equal((await ok(get(`/api/history/analytics?project=${project}&days=1`))).total_requests, total - older);
  assert.equal((await ok(get(`/api/history/analytics?project=${project}&days=9`))).total_requests, total - older);
  await ok(call('DELETE', `/api/history?project=${project}&before=${new Date(Date.now() + 1000).toISOString()}`));
  assert.equal((await history(project)).total, 0);
  assert.equal((await ok(get(`/api/history/analytics?project=${project}`))).total_requests, 0);
});

test('a token for the history opens it, and no session and no other token does', async (t) => {
  const { session_id } = await openSession(t);
  isProblem(await get('/api/history', { headers: { authorization: `Bearer ${session_id}` } }), 401, 'unauthenticated');
  for (const [scope, status] of [['history', 200], ['chat', 403]]) {
    const { id, token } = await ok(post('/api/tokens', { name: scope, scopes: [scope] }), 201);
    t.after(() => call('DELETE', `/api/tokens/${id}`));
    for (const path of ['/api/history', '/api/history/analytics', '/api/history/export?format=jsonl']) {
      assert.equal((await get(path, { headers: { authorization: `Bearer ${token}` } })).status, status, path);
    }
  }
});
