// Starting a run, and asking how it stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, get, ok, post, until, wait } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { hasFields, isAbout, isConventional, isProblem, kUuid } from './judge.mjs';
import { cleanUp, endOf, finishedRun, openSession, ownSuite, resultsOf, startRun, testedSession, uniquePrompts } from './sessions.mjs';

const unknownRun = '00000000-0000-4000-8000-000000000000';
const runFields = ['id', 'status', 'model_name', 'test_suite_id', 'total_prompts', 'completed_prompts', 'failed_prompts', 'progress'];
const runMayHave = ['test_suite_name', 'started_at', 'completed_at', 'eta_ms', 'paused_until', 'running_prompt_ids', 'error', 'error_type', 'last_sequence', 'parameters'];
const resultFields = ['prompt_id', 'test_run_id', 'prompt', 'response', 'success', 'latency_ms', 'ttft_ms', 'input_tokens', 'output_tokens', 'tokens_estimated', 'finish_reason', 'attempts', 'model_id', 'created_at'];
const resultMayHave = ['category', 'error', 'error_type', 'client_lag_ms', 'checks', 'sequence', 'outcome', 'ttfa_ms', 'itl_mean_ms', 'tpot_ms', 'dns_ms', 'connect_ms', 'tls_ms', 'wait_ms', 'stream_ms', 'total_ms', 'buffered', 'reasoning_tokens', 'cached_tokens', 'http_status', 'difficulty'];

const shippedSuite = async () => (await ok(get('test-suites?task_domain=customer_support'))).suites[0];

test('a shipped suite runs: 202 at once, then ten results in order', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-fast', model_name: 'My model' });
  const suite = await shippedSuite();
  const answer = await post('batch-test', { session_id: session, test_suite_id: suite.id });
  const started = await ok(answer, 202);
  hasFields(started, ['success', 'test_run_id', 'status', 'total_prompts']);
  isConventional(answer);
  assert.equal(started.success, true);
  assert.match(started.test_run_id, kUuid);
  assert.ok(['pending', 'running'].includes(started.status));
  assert.equal(started.total_prompts, 10);
  const state = await ok(get(`configure?session_id=${session}`));
  assert.equal(state.latest_test_run_id, started.test_run_id);
  await endOf(started.test_run_id);
  const whole = await get(`batch-test?test_run_id=${started.test_run_id}`);
  isConventional(whole);
  const run = await ok(whole);
  hasFields(run, [...runFields, 'started_at', 'completed_at', 'results'], [...runMayHave, 'next_page_token', 'total']);
  assert.deepEqual([run.id, run.status, run.model_name, run.test_suite_id], [started.test_run_id, 'completed', 'My model', suite.id]);
  assert.deepEqual([run.total_prompts, run.completed_prompts, run.failed_prompts, run.progress], [10, 10, 0, 1]);
  assert.ok(Date.parse(run.completed_at) >= Date.parse(run.started_at));
  assert.ok(!('eta_ms' in run) && !('error' in run) && !('error_type' in run));
  assert.deepEqual(run.running_prompt_ids ?? [], []);
  const { prompts } = await ok(get(`test-suites/${suite.id}`));
  assert.deepEqual(run.results.map(({ prompt_id }) => prompt_id), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const [index, result] of run.results.entries()) {
    hasFields(result, resultFields, resultMayHave);
    assert.equal(result.prompt, prompts[index].prompt);
    assert.equal(result.category, prompts[index].category);
    assert.equal(result.test_run_id, run.id);
    assert.equal(result.model_id, 'sample-fast');
    assert.deepEqual([result.success, result.attempts, result.finish_reason, result.tokens_estimated], [true, 1, 'stop', false]);
    assert.ok(result.ttft_ms > 30 && result.ttft_ms <= result.latency_ms, JSON.stringify(result));
    assert.ok(result.input_tokens > 0 && result.output_tokens > 0);
  }
});

test('the defaults are those of the contract, and reach the endpoint', async (t) => {
  const endpoint = await chatEndpoint(t);
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const run = await finishedRun(session, uniquePrompts(2));
  assert.deepEqual(run.parameters, { concurrency: 4, stream: true, requests_per_minute: 0, temperature: 0.7, max_tokens: 1024, timeout_ms: 60_000, repeat: 1 });
  for (const { body } of endpoint.asked()) {
    assert.equal(body.temperature, 0.7);
    assert.equal(body.max_tokens, 1024);
    assert.equal(body.stream, true);
    assert.equal(body.messages.length, 1);
  }
});

test('what is asked for reaches the endpoint', async (t) => {
  const endpoint = await chatEndpoint(t);
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const asked = { concurrency: 2, stream: false, temperature: 0, max_tokens: 4096, timeout_ms: 1000, system_prompt: 'Sei höflich. 🙂', repeat: 3, max_failures: 2, requests_per_minute: 60_000 };
  const run = await finishedRun(session, uniquePrompts(2), asked);
  assert.deepEqual(run.parameters, asked);
  const { manifest } = await ok(get(`batch-test?test_run_id=${run.id}&manifest=true`));
  assert.deepEqual(manifest.parameters, asked);
  assert.equal(manifest.suite.prompts, 6);
  assert.equal(manifest.model.id, run.results[0].model_id);
  for (const digest of [manifest.sha256, manifest.suite.sha256]) assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(run.total_prompts, 6);
  assert.equal(endpoint.asked().length, 6);
  for (const { body } of endpoint.asked()) {
    assert.deepEqual([body.temperature, body.max_tokens, body.stream ?? false], [0, 4096, false]);
    assert.deepEqual(body.messages[0], { role: 'system', content: 'Sei höflich. 🙂' });
  }
  for (const result of run.results) {
    assert.ok(!('ttft_ms' in result), 'whole answers have no time to first token');
    assert.equal(result.response, 'Fine.');
    assert.deepEqual([result.input_tokens, result.output_tokens], [7, 2]);
  }
  assert.deepEqual(run.results.map(({ prompt_id }) => prompt_id), [1, 2, 3, 4, 5, 6]);
  assert.equal(new Set(run.results.map(({ prompt }) => prompt)).size, 2);
});

test('the first prompts in order are taken, or all where there are fewer', async (t) => {
  const session = await testedSession(t);
  const prompts = uniquePrompts(5);
  const suite = await ownSuite(session, prompts);
  const start = (fields) => ok(post('batch-test', { session_id: session, test_suite_id: suite.id, ...fields }), 202);
  const first = await start({ prompt_limit: 3 });
  assert.equal(first.total_prompts, 3);
  await endOf(first.test_run_id);
  const { results } = await resultsOf(first.test_run_id);
  assert.deepEqual(results.map(({ prompt }) => prompt), prompts.slice(0, 3));
  const second = await start({});
  assert.equal(second.total_prompts, 5);
  await endOf(second.test_run_id);
});

test('every value that is missing or out of range is named at once', async (t) => {
  const session = await testedSession(t);
  isProblem(await post('batch-test', { session_id: session }), 422, 'invalid_field', ['test_suite_id']);
  const { id: test_suite_id } = await shippedSuite();
  const low = { prompt_limit: 0, concurrency: 0, max_failures: 0, requests_per_minute: -1, temperature: -0.1, max_tokens: 0, timeout_ms: 999, repeat: 0 };
  isProblem(await post('batch-test', { session_id: session, test_suite_id, ...low }), 422, 'invalid_field', Object.keys(low));
  const high = { concurrency: 257, temperature: 2.1, max_tokens: 4097, timeout_ms: 600_000.5, repeat: 11, system_prompt: 'x'.repeat(8 * 1024 + 1) };
  isProblem(await post('batch-test', { session_id: session, test_suite_id, ...high }), 422, 'invalid_field', Object.keys(high));
  isProblem(await get(`batch-test?session_id=${session}`), 404, 'no_run');
});

test('the bounds themselves are taken', async (t) => {
  const session = await testedSession(t);
  for (const bounds of [{ concurrency: 1, temperature: 0, max_tokens: 1, timeout_ms: 1000, repeat: 1, max_failures: 1 }, { concurrency: 256, temperature: 2, max_tokens: 4096, timeout_ms: 600_000, repeat: 10, requests_per_minute: 0, system_prompt: 'x'.repeat(8 * 1024) }]) {
    await finishedRun(session, uniquePrompts(1), bounds);
  }
});

test('409 connection_not_tested before a test has passed', async (t) => {
  const { session_id } = await openSession(t);
  const { id: test_suite_id } = await shippedSuite();
  isProblem(await post('batch-test', { session_id, test_suite_id }), 409, 'connection_not_tested');
  const failed = await openSession(t, { model_id: 'fault-http-401' });
  await ok(post('configure/test', { session_id: failed.session_id }));
  isProblem(await post('batch-test', { session_id: failed.session_id, test_suite_id }), 409, 'connection_not_tested');
});

test('404 suite_not_found for a suite that is not there', async (t) => {
  const session = await testedSession(t);
  isProblem(await post('batch-test', { session_id: session, test_suite_id: unknownRun }), 404, 'suite_not_found');
  isProblem(await post('batch-test', { session_id: session, test_suite_id: 'nonsense' }), 404, 'suite_not_found');
});

test('422 prompt_limit_exceeded above what the session may run', async (t) => {
  const session = await testedSession(t);
  const { id: test_suite_id } = await shippedSuite();
  isProblem(await post('batch-test', { session_id: session, test_suite_id, prompt_limit: 2_147_483_647 }), 422, 'prompt_limit_exceeded');
});

test('one run at a time: 409 run_in_progress, and after its end the next may start', async (t) => {
  let release;
  const held = new Promise((wake) => (release = wake));
  const endpoint = await chatEndpoint(t, () => held);
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const prompts = uniquePrompts(2);
  const runId = await startRun(session, prompts);
  const { id: test_suite_id } = await shippedSuite();
  isProblem(await post('batch-test', { session_id: session, test_suite_id }), 409, 'run_in_progress');
  const going = await until('both are called', async () => {
    const run = await ok(get(`batch-test/${runId}/status`));
    return run.running_prompt_ids?.length === 2 && run;
  });
  assert.deepEqual([going.status, going.progress, going.completed_prompts], ['running', 0, 0]);
  assert.ok(!('completed_at' in going));
  assert.deepEqual([...going.running_prompt_ids].sort(), [1, 2]);
  release();
  await endOf(runId);
  await finishedRun(session, uniquePrompts(1));
});

test('two starts at the same moment make one run', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 500 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const suite = await ownSuite(session, uniquePrompts(1));
  const answers = await Promise.all(Array.from({ length: 8 }, () => post('batch-test', { session_id: session, test_suite_id: suite.id })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409, 409, 409, 409, 409, 409, 409]);
  for (const answer of answers.filter(({ status }) => status === 409)) isProblem(answer, 409, 'run_in_progress');
});

test('the same Idempotency-Key and body give the same run, another body is 409', async (t) => {
  const endpoint = await chatEndpoint(t);
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const suite = await ownSuite(session, uniquePrompts(1));
  const headers = { 'idempotency-key': 'the-run' };
  const body = { session_id: session, test_suite_id: suite.id };
  const first = await ok(call('POST', 'batch-test', { body, headers }), 202);
  const again = await ok(call('POST', 'batch-test', { body, headers }), 202);
  assert.equal(again.test_run_id, first.test_run_id);
  await endOf(first.test_run_id);
  assert.equal((await ok(call('POST', 'batch-test', { body, headers }), 202)).test_run_id, first.test_run_id);
  isProblem(await call('POST', 'batch-test', { body: { ...body, concurrency: 2 }, headers }), 409, 'idempotency_key_reused');
  assert.equal(endpoint.asked().length, 1);
});

test('by session: the latest run without results, 404 no_run before; by run: with results; as status: the same', async (t) => {
  const session = await testedSession(t);
  isProblem(await get(`batch-test?session_id=${session}`), 404, 'no_run');
  const first = await finishedRun(session, uniquePrompts(2));
  const second = await finishedRun(session, uniquePrompts(3));
  const latest = await ok(get(`batch-test?session_id=${session}`));
  assert.equal(latest.id, second.id);
  assert.ok(!('results' in latest));
  hasFields(latest, runFields, runMayHave);
  assert.equal((await ok(get(`batch-test/${first.id}/status`))).results.length, 2);
  assert.equal((await ok(get(`batch-test?test_run_id=${first.id}&session_id=${session}`))).id, first.id);
  assert.deepEqual(await ok(get(`batch-test/${second.id}/status`)), await ok(get(`batch-test?test_run_id=${second.id}`)));
});

test('a run id needs no session, but a session that is given must be its own', async (t) => {
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(1));
  await ok(get(`batch-test?test_run_id=${id}`));
  await ok(get(`batch-test/${id}/status`, { headers: { authorization: `Bearer ${session}` } }));
  const unknown = `demo-${'c'.repeat(64)}`;
  assert.equal((await get(`batch-test?test_run_id=${id}&session_id=${unknown}`)).status, 404);
  assert.equal((await get(`batch-test/${id}/status?session_id=${unknown}`)).status, 404);
  isProblem(await get('batch-test'), 422, 'invalid_field');
  for (const path of [`batch-test?test_run_id=${unknownRun}`, `batch-test/${unknownRun}/status`, 'batch-test?test_run_id=nonsense', 'batch-test/nonsense/status']) {
    isProblem(await get(path), 404, 'run_not_found');
  }
  await cleanUp(session);
  for (const path of [`batch-test?test_run_id=${id}`, `batch-test/${id}/status`, `batch-test/${id}/events`, `analytics/metrics?test_run_id=${id}`]) {
    isProblem(await get(path), 410, 'session_expired');
  }
  isProblem(await post(`batch-test/${id}/cancel`, {}), 410, 'session_expired');
});

test("another session's run is 404, although both are good", async (t) => {
  const owner = await testedSession(t);
  const { id } = await finishedRun(owner, uniquePrompts(1));
  const answer = await post('configure', { endpoint_url: process.env.FTL_SAMPLE_ENDPOINT, api_key: '', model_id: 'sample-zero' });
  if (answer.status === 429) return t.skip('this installation allows one session for an address');
  const { session_id: other } = await ok(answer, 201);
  t.after(() => cleanUp(other));
  isProblem(await get(`batch-test?test_run_id=${id}&session_id=${other}`), 404, 'run_not_found');
  isProblem(await get(`analytics/metrics?test_run_id=${id}&session_id=${other}`), 404, 'run_not_found');
  isProblem(await get(`export?format=csv&test_run_id=${id}&session_id=${other}`), 404, 'run_not_found');
  isProblem(await post(`batch-test/${id}/cancel`, { session_id: other }), 404, 'run_not_found');
  isProblem(await get(`batch-test/${id}/events?session_id=${other}`), 404, 'run_not_found');
});

test('results come in pages that together are all of them, once each', async (t) => {
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(23), { concurrency: 8 });
  const ids = [];
  let token = '';
  let pages = 0;
  do {
    const page = await ok(get(`batch-test?test_run_id=${id}&page_size=5${token && `&page_token=${encodeURIComponent(token)}`}`));
    assert.ok(page.results.length <= 5);
    assert.equal(page.total, 23);
    ids.push(...page.results.map(({ prompt_id }) => prompt_id));
    token = page.next_page_token;
    pages += 1;
  } while (token);
  assert.deepEqual(ids, Array.from({ length: 23 }, (_, index) => index + 1));
  assert.equal(pages, 5);
  const whole = await ok(get(`batch-test?test_run_id=${id}&page_size=1000000`));
  assert.equal(whole.results.length, 23);
  assert.ok(!('next_page_token' in whole));
});

test('the default page has fifty, and a page ends at 2 MiB', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  const { id } = await finishedRun(session, [...uniquePrompts(40), ...uniquePrompts(60, 'x'.repeat(60_000))], { concurrency: 32 });
  const first = await ok(get(`batch-test?test_run_id=${id}`));
  assert.ok(first.results.length <= 50 && first.next_page_token);
  const large = await get(`batch-test?test_run_id=${id}&page_size=1000`);
  assert.ok(Buffer.byteLength(large.text) <= 2.1 * 1024 * 1024, `${Buffer.byteLength(large.text)} bytes`);
  const { results } = await resultsOf(id);
  assert.deepEqual(results.map(({ prompt_id }) => prompt_id), Array.from({ length: 100 }, (_, index) => index + 1));
});

test('max_failures gives the run up: failed, with what was called and no more', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ status: 400 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(20), { max_failures: 3, concurrency: 1 });
  const run = await endOf(runId);
  assert.deepEqual([run.status, run.failed_prompts, run.completed_prompts], ['failed', 3, 0], JSON.stringify(run));
  assert.ok(run.error);
  assert.equal((await resultsOf(runId)).results.length, 3);
  assert.equal(endpoint.asked().length, 3);
});

test('a key that goes with its run goes with one that is cancelled', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-slow', forget_key_after_run: true });
  const runId = await startRun(session, uniquePrompts(10), { concurrency: 1 });
  await ok(post(`batch-test/${runId}/cancel`, {}));
  assert.equal((await ok(get(`configure?session_id=${session}`))).key_forgotten, true);
  const { id: test_suite_id } = await shippedSuite();
  isProblem(await post('batch-test', { session_id: session, test_suite_id }), 409, 'key_forgotten');
});

test('a key that is forgotten after the run is gone: 409 key_forgotten', async (t) => {
  const session = await testedSession(t, { forget_key_after_run: true });
  await finishedRun(session, uniquePrompts(1));
  await until('the key is forgotten', async () => (await ok(get(`configure?session_id=${session}`))).key_forgotten);
  const { id: test_suite_id } = await shippedSuite();
  isProblem(await post('batch-test', { session_id: session, test_suite_id }), 409, 'key_forgotten');
  await ok(get(`analytics/metrics?session_id=${session}`));
});

test('counters equal the results at every read', async (t) => {
  const endpoint = await chatEndpoint(t, ({ prompt }) => ({ delayMs: 20, status: prompt.endsWith('7.') ? 400 : 200 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(60), { concurrency: 6 });
  for (;;) {
    const run = await ok(get(`batch-test?test_run_id=${runId}&page_size=1000`));
    const good = run.results.filter(({ success }) => success).length;
    assert.deepEqual([run.completed_prompts, run.failed_prompts], [good, run.results.length - good]);
    isAbout(run.progress, run.results.length / 60, 0.001, 'progress');
    if (run.status === 'completed') break;
    await wait(10);
  }
  assert.equal((await resultsOf(runId)).failed_prompts, 6);
});

test('a limit larger than the model takes is lowered once, and said in the run and its manifest', async (t) => {
  const endpoint = await chatEndpoint(t, ({ body }) => (body.max_tokens > 512 ? { status: 400, json: { error: { message: `max_tokens ${body.max_tokens}, at most 512` } } } : undefined));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(6), { concurrency: 1 });
  await endOf(runId);
  const run = await resultsOf(runId);
  assert.deepEqual([run.status, run.completed_prompts, run.failed_prompts], ['completed', 6, 0], JSON.stringify(run));
  assert.deepEqual(endpoint.asked().map(({ body }) => body.max_tokens), [1024, 512, 512, 512, 512, 512, 512]);
  assert.deepEqual([run.parameters.max_tokens, run.parameters.lowered_max_tokens], [1024, 512]);
  const { manifest } = await ok(get(`batch-test?test_run_id=${runId}&manifest=true`));
  assert.deepEqual([manifest.parameters.max_tokens, manifest.parameters.lowered_max_tokens], [1024, 512]);
  assert.match(manifest.sha256, /^[0-9a-f]{64}$/);
  const few = await startRun(session, uniquePrompts(1), { max_tokens: 100 });
  await endOf(few);
  assert.equal((await resultsOf(few)).parameters.lowered_max_tokens, undefined);
});
