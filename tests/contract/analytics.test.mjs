// Every number, worked out again from the results.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, ok, post } from './client.mjs';
import { chatEndpoint, faultRelay } from './endpoint.mjs';
import { metricsOf, percentile } from './figures.mjs';
import { hasFields, isAbout, isConventional, isProblem } from './judge.mjs';
import { endOf, finishedRun, openSession, resultsOf, startRun, testedSession, uniquePrompts } from './sessions.mjs';

const counts = ['total_prompts', 'completed_prompts', 'failed_prompts', 'total_input_tokens', 'total_output_tokens', 'errors_by_type', 'checks_passed', 'checks_failed', 'n', 'answers_without_text'];
const measured = ['success_rate', ...['latency', 'ttft'].flatMap((name) => ['avg', 'p50', 'p90', 'p95', 'p99', 'min', 'max'].map((what) => `${what}_${name}_ms`)), 'avg_response_length', 'avg_output_tokens', 'output_tokens_per_second'];

// The metrics that are told are those that the results bear out.
async function judgeMetrics(query, results, totalPrompts) {
  const answer = await get(`analytics/metrics?${query}`);
  const told = await ok(answer);
  isConventional(answer);
  const times = ['started_at', 'completed_at', 'duration_ms', 'requests_per_second'];
  hasFields(told, [...counts, 'percentile_method'], [...measured, ...times, 'tokens_estimated', 'success_interval']);
  assert.equal(told.percentile_method, 'linear');
  const wanted = metricsOf(results, totalPrompts);
  for (const [name, value] of Object.entries(wanted)) {
    if (typeof value === 'object' || Number.isInteger(told[name]) && counts.includes(name)) assert.deepEqual(told[name], value, name);
    else isAbout(told[name], value, Math.max(0.0015, Math.abs(value) * 1e-6), name);
  }
  assert.deepEqual(measured.filter((name) => name in told && !(name in wanted)), [], 'what was not measured is absent');
  return told;
}

test('a session without a run has counts of nothing and no figures', async (t) => {
  const { session_id } = await openSession(t);
  const told = await judgeMetrics(`session_id=${session_id}`, [], 0);
  assert.deepEqual(told.errors_by_type, {});
  const distribution = await ok(get(`analytics/latency-distribution?session_id=${session_id}`));
  assert.deepEqual([distribution.count, distribution.buckets], [0, []]);
  assert.ok(!('p50_ms' in distribution));
  const results = await ok(get(`analytics/results?session_id=${session_id}`));
  assert.deepEqual([results.results, results.total], [[], 0]);
});

test('metrics at every n from 1 to 5, where percentiles go wrong first', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-fast' });
  for (let n = 1; n <= 5; n += 1) {
    const run = await finishedRun(session, uniquePrompts(n));
    await judgeMetrics(`session_id=${session}&test_run_id=${run.id}`, run.results, n);
  }
});

test('metrics of successes and failures together; of all runs of the session, and of one', async (t) => {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t), model_id: 'sample-steady' });
  const mixed = ['fault-http-401: a', 'fault-http-403: b', 'fault-http-404-model: c', 'fault-cut-stream: d', 'fault-filtered: e', 'fault-no-usage: f', 'fault-tool-calls: g', { prompt: 'What is 6 times 7?', expected_answer: '42' }, ...uniquePrompts(9)];
  const first = await finishedRun(session, mixed, { concurrency: 8 });
  const second = await finishedRun(session, uniquePrompts(3), { stream: false });
  const told = await judgeMetrics(`session_id=${session}&test_run_id=${first.id}`, first.results, mixed.length);
  assert.equal(told.tokens_estimated, true);
  assert.equal(told.errors_by_type.auth, 2);
  await judgeMetrics(`session_id=${session}&test_run_id=${second.id}`, second.results, 3);
  await judgeMetrics(`session_id=${session}`, [...first.results, ...second.results], mixed.length + 3);
  await judgeMetrics(`test_run_id=${second.id}&session_id=${session}`, second.results, 3);
});

test('metrics while a run is going on are those of what is there', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 60 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(30), { concurrency: 3 });
  for (let reads = 0; reads < 8; reads += 1) {
    const told = await ok(get(`analytics/metrics?session_id=${session}`));
    assert.equal(told.total_prompts, 30);
    if (told.n) assert.ok(told.started_at, 'it has begun');
    if (told.n < 30) assert.ok(!('completed_at' in told) && !('duration_ms' in told), 'it is not over');
    assert.ok(told.completed_prompts + told.failed_prompts <= 30);
    if (told.completed_prompts) assert.ok(told.min_latency_ms <= told.p50_latency_ms && told.p50_latency_ms <= told.max_latency_ms);
  }
  await endOf(runId);
  const { results } = await resultsOf(runId);
  const told = await judgeMetrics(`session_id=${session}`, results, 30);
  isAbout(told.duration_ms, Date.parse(told.completed_at) - Date.parse(told.started_at), 2, 'from start to end');
  isAbout(told.requests_per_second, 30_000 / told.duration_ms, 0.01, 'results over that');
});

test('where nothing succeeded there are counts, and no latency', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ status: 400 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const run = await finishedRun(session, uniquePrompts(3));
  const told = await judgeMetrics(`session_id=${session}`, run.results, 3);
  assert.equal(told.success_rate, 0);
});

test('results are ordered, filtered and paged', async (t) => {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t), model_id: 'sample-steady' });
  const prompts = ['fault-http-401: x', 'fault-http-400: x', ...uniquePrompts(18).map((prompt, index) => ({ prompt, category: index % 2 ? 'odd' : 'even', ...(index < 4 ? { checks: [{ kind: 'contains', value: index < 2 ? 'e' : 'never said' }] } : {}) }))];
  const { results: all } = await finishedRun(session, prompts, { concurrency: 10 });
  const ask = async (query) => {
    const answer = await get(`analytics/results?session_id=${session}&${query}`);
    isConventional(answer);
    return ok(answer);
  };
  const keys = { latency: 'latency_ms', ttft: 'ttft_ms', tokens: 'output_tokens', created_at: 'created_at' };
  for (const [sort_by, key] of Object.entries(keys)) {
    for (const order of ['asc', 'desc']) {
      const { results, total } = await ask(`sort_by=${sort_by}&order=${order}&success=true`);
      assert.equal(total, 18);
      const values = results.map((one) => one[key]);
      const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      assert.deepEqual(values, order === 'asc' ? sorted : sorted.reverse(), `${sort_by} ${order}`);
    }
  }
  const lengths = (await ask('sort_by=length&order=desc&success=true')).results.map(({ response }) => [...response].length);
  assert.deepEqual(lengths, [...lengths].sort((a, b) => b - a));
  const same = async (query, keep) => {
    const { results, total } = await ask(`page_size=1000&${query}`);
    const wanted = all.filter(keep).map(({ prompt_id }) => prompt_id);
    assert.deepEqual(results.map(({ prompt_id }) => prompt_id).sort((a, b) => a - b), wanted, query);
    assert.equal(total, wanted.length, query);
  };
  const good = all.filter(({ success }) => success);
  const middle = percentile(good.map(({ latency_ms }) => latency_ms), 0.5);
  const tokens = good[3].output_tokens;
  await same('', () => true);
  await same('success=false', ({ success }) => !success);
  await same('error_type=auth', ({ error_type }) => error_type === 'auth');
  await same('outcome=ok', ({ outcome }) => outcome === 'ok');
  await same('prompt_id=7', ({ prompt_id }) => prompt_id === 7);
  await same('prompt_id=2&prompt_id=7&prompt_id=900', ({ prompt_id }) => prompt_id === 2 || prompt_id === 7);
  await same('prompt_id=1&prompt_id=7&success=true', ({ prompt_id }) => prompt_id === 7);
  await same('category=odd', ({ category }) => category === 'odd');
  await same(`min_latency_ms=${middle.toFixed(3)}&success=true`, ({ success, latency_ms }) => success && latency_ms >= Number(middle.toFixed(3)));
  await same(`max_latency_ms=${middle.toFixed(3)}&success=true`, ({ success, latency_ms }) => success && latency_ms <= Number(middle.toFixed(3)));
  await same(`min_output_tokens=${tokens}&max_output_tokens=${tokens}`, ({ output_tokens }) => output_tokens === tokens);
  await same('keyword=NUMBER', ({ prompt, response = '' }) => /number/i.test(prompt + response));
  await same('keyword=%25', ({ prompt, response = '' }) => `${prompt}\n${response}`.includes('%'));
  await same(`keyword=${encodeURIComponent('-1')}&category=odd`, ({ prompt, response = '', category }) => category === 'odd' && `${prompt}\n${response}`.includes('-1'));
  await same('checks=passed', ({ checks = [] }) => checks.length && checks.every(({ passed }) => passed));
  await same('checks=failed', ({ checks = [] }) => checks.some(({ passed }) => !passed));
  await same(`category=even&max_latency_ms=${middle.toFixed(3)}`, ({ category, latency_ms }) => category === 'even' && latency_ms <= Number(middle.toFixed(3)));
  const { results } = await ask('page_size=1000');
  assert.deepEqual(results, all, 'the same fields as by run');

  const seen = [];
  let token = '';
  do {
    const page = await ask(`sort_by=latency&order=desc&page_size=7${token && `&page_token=${encodeURIComponent(token)}`}`);
    assert.equal(page.total, all.length);
    seen.push(...page.results.map(({ prompt_id }) => prompt_id));
    token = page.next_page_token;
  } while (token);
  assert.equal(seen.length, all.length);
  assert.equal(new Set(seen).size, all.length);
});

test('what cannot be asked is refused, all of it at once', async (t) => {
  const { session_id } = await openSession(t);
  isProblem(await get(`analytics/results?session_id=${session_id}&sort_by=beauty&order=up`), 422, 'invalid_field', ['sort_by', 'order']);
  isProblem(await get(`analytics/results?session_id=${session_id}&min_latency_ms=fast&success=maybe`), 400, 'invalid_field', ['min_latency_ms', 'success']);
  isProblem(await get(`analytics/search?session_id=${session_id}`), 422, 'invalid_field', ['keyword']);
  isProblem(await get(`analytics/metrics?session_id=${session_id}&test_run_id=00000000-0000-4000-8000-000000000000`), 404, 'run_not_found');
});

test('a keyword is found in prompts and responses, ignoring case, and taken literally', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  const prompts = ['A Kangaroo jumps.', 'kangaroos too', '100% sure', 'a_b', 'ab', 'Ärger über Öl', "it's quoted \\ here", '漢字 and 🙂'];
  await finishedRun(session, prompts);
  const found = async (keyword) => {
    const { results, total } = await ok(get(`analytics/search?session_id=${session}&keyword=${encodeURIComponent(keyword)}`));
    assert.equal(total, results.length);
    return results.map(({ prompt_id }) => prompt_id).sort((a, b) => a - b);
  };
  assert.deepEqual(await found('KANGAROO'), [1, 2]);
  assert.deepEqual(await found('0%'), [3]);
  assert.deepEqual(await found('%'), [3]);
  assert.deepEqual(await found('a_b'), [4]);
  assert.deepEqual(await found('ärger'), [6]);
  assert.deepEqual(await found("'"), [7]);
  assert.deepEqual(await found('\\'), [7]);
  assert.deepEqual(await found('漢'), [8]);
  assert.deepEqual(await found('🙂'), [8]);
  assert.deepEqual(await found('nothing like it'), []);
  const page = await ok(get(`analytics/search?session_id=${session}&keyword=kangaroo&page_size=1`));
  assert.deepEqual([page.results.length, page.total], [1, 2]);
  const rest = await ok(get(`analytics/search?session_id=${session}&keyword=kangaroo&page_size=1&page_token=${encodeURIComponent(page.next_page_token)}`));
  assert.notEqual(rest.results[0].prompt_id, page.results[0].prompt_id);
  assert.ok(!('next_page_token' in rest));
});

test('a token of a page belongs to its question', async (t) => {
  const session = await testedSession(t);
  await finishedRun(session, uniquePrompts(5));
  const { next_page_token } = await ok(get(`analytics/results?session_id=${session}&page_size=2&sort_by=latency`));
  const answer = await get(`analytics/search?session_id=${session}&keyword=Say&page_token=${encodeURIComponent(next_page_token)}`);
  assert.ok([400, 422].includes(answer.status), `${answer.status} ${answer.text.slice(0, 200)}`);
});

test('the distribution covers every success once, in buckets without gaps', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-steady' });
  const run = await finishedRun(session, uniquePrompts(20), { concurrency: 20 });
  const answer = await get(`analytics/latency-distribution?session_id=${session}&test_run_id=${run.id}`);
  const told = await ok(answer);
  isConventional(answer);
  hasFields(told, ['count', 'buckets', 'p50_ms', 'p90_ms', 'p95_ms', 'p99_ms']);
  const latencies = run.results.map(({ latency_ms }) => latency_ms);
  assert.equal(told.count, 20);
  assert.equal(told.buckets.reduce((sum, { count }) => sum + count, 0), 20);
  for (const [index, bucket] of told.buckets.entries()) {
    hasFields(bucket, ['from_ms', 'to_ms', 'count']);
    if (index) assert.equal(bucket.from_ms, told.buckets[index - 1].to_ms);
    const isLast = index === told.buckets.length - 1;
    const inside = latencies.filter((one) => one >= bucket.from_ms && (one < bucket.to_ms || (isLast && one <= bucket.to_ms)));
    assert.equal(bucket.count, inside.length, JSON.stringify(bucket));
  }
  for (const share of [50, 90, 95, 99]) isAbout(told[`p${share}_ms`], percentile(latencies, share / 100), 0.0015, `p${share}_ms`);
});

test('nothing of another session is in any number', async (t) => {
  const first = await testedSession(t);
  await finishedRun(first, ['Only the first knows the word xylophone.']);
  const answer = await post('configure', { endpoint_url: process.env.FTL_SAMPLE_ENDPOINT, api_key: '', model_id: 'sample-echo' });
  if (answer.status === 429) return t.skip('this installation allows one session for an address');
  const { session_id: second } = await ok(answer, 201);
  t.after(() => post('cleanup', { session_id: second }));
  assert.equal((await ok(get(`analytics/search?session_id=${second}&keyword=xylophone`))).total, 0);
  assert.equal((await ok(get(`analytics/metrics?session_id=${second}`))).total_prompts, 0);
});
