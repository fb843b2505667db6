// Deleting everything, and the receipt.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, ok, post, until, wait } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { hasFields, isConventional, isProblem } from './judge.mjs';
import { cleanUp, finishedRun, openSession, ownSuite, startRun, testedSession, uniquePrompts } from './sessions.mjs';

const nothing = { config: false, testRuns: 0, results: 0 };

test('everything is deleted, and the receipt says so', async (t) => {
  const session = await testedSession(t);
  const opened = Date.parse((await ok(get(`configure?session_id=${session}`))).created_at);
  await ownSuite(session, ['One.']);
  const { id } = await finishedRun(session, uniquePrompts(4));
  await finishedRun(session, uniquePrompts(3));
  const answer = await cleanUp(session);
  const cleaned = await ok(answer);
  isConventional(answer);
  hasFields(cleaned, ['success', 'message', 'deleted', 'receipt']);
  assert.equal(cleaned.success, true);
  assert.equal(cleaned.message, 'Session data deleted successfully');
  assert.deepEqual(cleaned.deleted, { config: true, testRuns: 2, results: 7 });
  hasFields(cleaned.receipt, ['deleted_at', 'counted_after', 'backups_unreadable_from']);
  assert.equal(cleaned.receipt.counted_after, 0);
  assert.ok(Math.abs(Date.parse(cleaned.receipt.deleted_at) - Date.now()) < 60_000);
  const unreadable = Date.parse(cleaned.receipt.backups_unreadable_from);
  assert.ok(unreadable >= Date.parse(cleaned.receipt.deleted_at) && unreadable <= opened + 76 * 60_000, JSON.stringify(cleaned.receipt));
  assert.match(answer.headers.get('clear-site-data') ?? '', /"(\*|storage|cache)"/);
  for (const path of ['configure', 'batch-test', 'analytics/metrics', 'analytics/results', 'test-suites']) {
    isProblem(await get(`${path}?session_id=${session}`), 410, 'session_expired');
  }
  assert.ok([404, 410].includes((await get(`batch-test?test_run_id=${id}`)).status));
  assert.ok([404, 410].includes((await get(`batch-test/${id}/events`)).status));
});

test('a second or unknown call is 200 and deletes nothing', async (t) => {
  const { session_id } = await openSession(t);
  await ok(cleanUp(session_id));
  for (const session of [session_id, `demo-${'d'.repeat(64)}`, 'nonsense']) {
    const again = await ok(post('cleanup', { session_id: session }));
    assert.equal(again.success, true);
    assert.equal(again.message, 'Nothing was left to delete');
    assert.deepEqual(again.deleted, nothing);
  }
});

test('two calls at once: one deletes, the other finds nothing', async (t) => {
  const session = await testedSession(t);
  await finishedRun(session, uniquePrompts(2));
  const answers = await Promise.all(Array.from({ length: 6 }, () => ok(cleanUp(session))));
  const deleted = answers.filter(({ deleted: { config } }) => config);
  assert.equal(deleted.length, 1);
  assert.deepEqual(deleted[0].deleted, { config: true, testRuns: 1, results: 2 });
  for (const answer of answers) if (!answer.deleted.config) assert.deepEqual(answer.deleted, nothing);
});

test('a run in progress is cancelled first, and writes nothing afterwards', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 400 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(40), { concurrency: 4 });
  await until('some are done', async () => (await ok(get(`batch-test/${runId}/status`))).completed_prompts >= 4);
  const cleaned = await ok(cleanUp(session));
  assert.equal(cleaned.deleted.testRuns, 1);
  assert.ok(cleaned.deleted.results >= 4 && cleaned.deleted.results < 40, JSON.stringify(cleaned));
  assert.equal(cleaned.receipt.counted_after, 0);
  await until('no call is under way', () => endpoint.state.inFlight === 0, { seconds: 3 });
  const asked = endpoint.asked().length;
  await wait(1500);
  assert.equal(endpoint.asked().length, asked);
  assert.ok([404, 410].includes((await get(`batch-test/${runId}/status`)).status));
});

test('if_abandoned leaves a session that is used again', async (t) => {
  const session = await testedSession(t);
  const answer = await ok(post('cleanup', { session_id: session, when: 'if_abandoned' }));
  assert.equal(answer.success, true);
  assert.deepEqual(answer.deleted, nothing);
  await ok(get(`configure?session_id=${session}`));
});

test('now is the default; another word, or none, is 422', async (t) => {
  const { session_id } = await openSession(t);
  isProblem(await post('cleanup', { session_id, when: 'later' }), 422, 'invalid_field', ['when']);
  isProblem(await post('cleanup', {}), 422, 'invalid_field', ['session_id']);
  const answer = await ok(post('cleanup', { session_id, when: 'now' }));
  assert.equal(answer.deleted.config, true);
});

test('a start that races the clean-up is started or told that the session is over', async (t) => {
  const came = new Set();
  for (let round = 0; round < 12; round += 1) {
    const session = await testedSession(t);
    const suite = await ownSuite(session, uniquePrompts(200));
    const body = { session_id: session, test_suite_id: suite.id, prompt_limit: 1 };
    const starts = [0, 1, 2, 3].map(async (index) => {
      await wait(index);
      return post('batch-test', body);
    });
    const [closed, ...answers] = await Promise.all([wait(round % 6).then(() => cleanUp(session)), ...starts]);
    assert.equal(closed.status, 200);
    for (const answer of answers) came.add(answer.status);
  }
  // 409: another of the four is under way; 404: the session's own suite has gone.
  assert.deepEqual([...came].filter((status) => ![202, 404, 409, 410].includes(status)), []);
});
