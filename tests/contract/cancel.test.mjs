// Stopping a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, get, ok, post, until, wait } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { isConventional, isProblem } from './judge.mjs';
import { endOf, finishedRun, resultsOf, startRun, testedSession, uniquePrompts } from './sessions.mjs';

test('what is finished stays, calls under way are broken off, and nothing is written afterwards', async (t) => {
  const endpoint = await chatEndpoint(t, ({ prompt }) => (/-[123]\.$/.test(prompt) ? {} : { delayMs: 3000 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(20), { concurrency: 4 });
  await until('three are done', async () => (await ok(get(`batch-test/${runId}/status`))).completed_prompts === 3);
  await until('four are called', () => endpoint.state.inFlight === 4);
  const answer = await post(`batch-test/${runId}/cancel`, {});
  const run = await ok(answer);
  isConventional(answer);
  assert.deepEqual([run.id, run.status, run.completed_prompts, run.total_prompts], [runId, 'cancelled', 3, 20]);
  assert.ok(run.completed_at);
  await until('the calls are broken off', () => endpoint.state.inFlight === 0, { seconds: 2 });
  const asked = endpoint.asked().length;
  await wait(1000);
  assert.equal(endpoint.asked().length, asked);
  const after = await resultsOf(runId);
  assert.deepEqual([after.status, after.completed_prompts, after.failed_prompts, after.results.length], ['cancelled', 3, 0, 3]);
  assert.deepEqual(after.running_prompt_ids ?? [], []);
  await finishedRun(session, uniquePrompts(3));
});

test('a key that was to go after the run goes when it is cancelled too', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 3000 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url, forget_key_after_run: true });
  const runId = await startRun(session, uniquePrompts(2));
  await until('it is called', () => endpoint.state.inFlight > 0);
  await ok(post(`batch-test/${runId}/cancel`, {}));
  await until('the key is forgotten', async () => (await ok(get(`configure?session_id=${session}`))).key_forgotten, { seconds: 5 });
});

test('a run that has ended is returned as it is', async (t) => {
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(1));
  const before = await ok(get(`batch-test?session_id=${session}`));
  for (const options of [{}, { body: {} }, { body: { session_id: session } }]) {
    assert.deepEqual(await ok(call('POST', `batch-test/${id}/cancel`, options)), before);
  }
});

test('cancelling twice at once is one cancellation', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 3000 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(4));
  const runs = await Promise.all(Array.from({ length: 5 }, () => ok(call('POST', `batch-test/${runId}/cancel`))));
  assert.ok(runs.every(({ status }) => status === 'cancelled'));
  assert.equal((await endOf(runId)).status, 'cancelled');
});

test('a run that is not there is 404, a field that is unknown 400', async (t) => {
  isProblem(await post('batch-test/00000000-0000-4000-8000-000000000000/cancel', {}), 404, 'run_not_found');
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(1));
  isProblem(await post(`batch-test/${id}/cancel`, { reason: 'none' }), 400, 'unknown_field', ['reason']);
});
