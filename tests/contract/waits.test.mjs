// An endpoint that asks to wait (429 or 503 with Retry-After) is waited for: by the whole run, and by everybody with the same
// endpoint and key. Nothing is lost over it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, ok, post, until } from './client.mjs';
import { chatEndpoint, faultRelay, waitsAtFirst } from './endpoint.mjs';
import { isProblem, kTimestamp } from './judge.mjs';
import { endOf, resultsOf, startRun, testedSession, uniquePrompts } from './sessions.mjs';

const status = (runId) => ok(get(`batch-test/${runId}/status?page_size=1`));
const pauseOf = (runId) => until(`run ${runId} waits`, async () => {
  const run = await status(runId);
  return run.paused_until && !run.running_prompt_ids?.length && run;
});

// Refuses every call for `seconds` from the first on, which tells to wait until then.
async function closedEndpoint(t, code, seconds) {
  const door = { opens: 0, refused: 0 };
  const endpoint = await chatEndpoint(t, () => {
    door.opens ||= Date.now() + seconds * 1000;
    if (Date.now() >= door.opens) return undefined;
    door.refused += 1;
    return { status: code, headers: { 'retry-after': String(Math.ceil((door.opens - Date.now()) / 1000)) }, json: { error: { message: 'Slow down.' } } };
  });
  return { endpoint, door };
}

for (const code of [429, 503]) {
  test(`a run waits as long as a ${code} asks, says until when, and loses nothing`, async (t) => {
    const { endpoint, door } = await closedEndpoint(t, code, 4);
    const session = await testedSession(t, { endpoint_url: endpoint.url });
    const runId = await startRun(session, uniquePrompts(20), { concurrency: 4 });
    const paused = await pauseOf(runId);
    assert.equal(paused.status, 'running', JSON.stringify(paused));
    assert.match(paused.paused_until, kTimestamp);
    assert.ok(Math.abs(Date.parse(paused.paused_until) - door.opens) < 1100, `${paused.paused_until} is told, ${new Date(door.opens).toISOString()} is meant`);
    assert.deepEqual([paused.completed_prompts, paused.failed_prompts], [0, 0], JSON.stringify(paused));
    const run = await endOf(runId);
    assert.deepEqual([run.status, run.completed_prompts, run.failed_prompts, run.paused_until], ['completed', 20, 0, undefined], JSON.stringify(run));
    assert.ok(door.refused <= 4, `${door.refused} calls were refused, and four were under way`);
    const { results } = await resultsOf(runId);
    assert.deepEqual(results.filter(({ attempts }) => attempts !== 1), [], 'a wait is no attempt');
  });
}

test('another session with the same endpoint and key waits too, and one with another key does not', async (t) => {
  const { endpoint, door } = await closedEndpoint(t, 429, 5);
  const [first, second] = [await testedSession(t, { endpoint_url: endpoint.url }), await testedSession(t, { endpoint_url: endpoint.url })];
  const stranger = await testedSession(t, { endpoint_url: endpoint.url, api_key: 'sk-another' });
  const firstRun = await startRun(first, uniquePrompts(5), { concurrency: 1 });
  await pauseOf(firstRun);
  const secondRun = await startRun(second, uniquePrompts(5), { concurrency: 1 });
  await pauseOf(secondRun);
  assert.equal(door.refused, 1, 'the second was never called');
  const strangerRun = await startRun(stranger, uniquePrompts(1), { concurrency: 1 });
  await until('the stranger is called', () => door.refused === 2);
  for (const runId of [firstRun, secondRun, strangerRun]) {
    const run = await endOf(runId);
    assert.deepEqual([run.status, run.failed_prompts], ['completed', 0], JSON.stringify(run));
  }
});

test('while an endpoint asks to wait, a connection test and a list of models say until when, and call nobody', async (t) => {
  const { endpoint, door } = await closedEndpoint(t, 429, 30);
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(2), { concurrency: 1 });
  await pauseOf(runId);
  const calls = endpoint.calls.length;
  const test = await ok(post('configure/test', { session_id: session }));
  assert.deepEqual([test.success, test.error_type], [false, 'rate_limit'], JSON.stringify(test));
  assert.match(test.error, /asked all who call it with this key to wait\. Try again in (2\d|30) s\./);
  const models = await post('configure/models', { session_id: session });
  isProblem(models, 502, 'endpoint_failed');
  assert.match(models.text, /Try again in (2\d|30) s\./);
  assert.ok(Number(models.headers.get('retry-after')) > 15, models.headers.get('retry-after'));
  assert.deepEqual([endpoint.calls.length, door.refused], [calls, 1], 'nobody was called');
  await ok(post(`batch-test/${runId}/cancel`, {}));
});

test('a prompt that alone is told to wait, again and again, comes last and holds up no other', async (t) => {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t) });
  const shapes = ['openai', 'azure', 'vllm', 'groq'].map((shape) => `shape-${shape}: What is your return policy?`);
  const runId = await startRun(session, ['fault-http-429: What is your return policy?', ...shapes], { concurrency: 1 });
  await until('the others are answered', async () => (await status(runId)).completed_prompts === shapes.length);
  const run = await ok(post(`batch-test/${runId}/cancel`, {}));
  assert.deepEqual([run.status, run.failed_prompts], ['cancelled', 0], JSON.stringify(run));
});

test('limits of a moment, however told, and a model that is loading are waited for and lose nothing', async (t) => {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t) });
  const mark = uniquePrompts(1)[0];
  const runId = await startRun(session, [...waitsAtFirst, 'shape-openai'].map((fault) => `${fault}: ${mark}`), { concurrency: 4 });
  const run = await endOf(runId, { seconds: 100 });
  assert.deepEqual([run.status, run.failed_prompts], ['completed', 0], JSON.stringify(run));
  const { results } = await resultsOf(runId);
  assert.deepEqual(results.filter(({ attempts, outcome }) => attempts !== 1 || outcome !== 'ok').map(({ prompt, attempts }) => [prompt, attempts]), [], 'a wait is no attempt');
});
