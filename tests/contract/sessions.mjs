// Sessions, suites and runs for tests, cleaned up behind each test.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { get, ok, post, sampleEndpoint, until, wait } from './client.mjs';

const endings = ['completed', 'failed', 'cancelled'];

// A key that nothing else contains, so that it can be looked for.
export const apiKey = `sk-contract-${randomBytes(12).toString('hex')}`;

export function sampleUrl() {
  assert.ok(sampleEndpoint, 'set FTL_SAMPLE_ENDPOINT to the sample endpoint, such as http://127.0.0.1:9000/v1');
  return sampleEndpoint;
}

// Opens a session and deletes it after the test. Where an address may have one session at a time, it waits for its turn.
export async function openSession(t, fields = {}) {
  const body = { endpoint_url: fields.endpoint_url ?? sampleUrl(), api_key: apiKey, model_id: 'sample-zero', ...fields };
  const deadline = Date.now() + 60_000;
  let answer = await post('configure', body);
  while (answer.json?.code === 'active_session_exists' && Date.now() < deadline) {
    await wait(300);
    answer = await post('configure', body);
  }
  const session = await ok(answer, 201);
  t.after(() => cleanUp(session.session_id));
  return session;
}

export const cleanUp = (sessionId) => post('cleanup', { session_id: sessionId });

// Opens a session whose connection has been tested; gives its id.
export async function testedSession(t, fields) {
  const { session_id } = await openSession(t, fields);
  const test = await ok(post('configure/test', { session_id }));
  assert.equal(test.success, true, JSON.stringify(test));
  return session_id;
}

export async function ownSuite(sessionId, prompts, name = 'Own prompts') {
  return ok(post('test-suites', { session_id: sessionId, name, prompts }), 201);
}

// `count` prompts that no other test uses.
export function uniquePrompts(count, words = 'Say something about number') {
  const mark = randomBytes(4).toString('hex');
  return Array.from({ length: count }, (_, index) => `${words} ${mark}-${index + 1}.`);
}

// Starts a run of these prompts; gives its id.
export async function startRun(sessionId, prompts, options = {}) {
  const suite = await ownSuite(sessionId, prompts);
  const body = { session_id: sessionId, test_suite_id: suite.id, prompt_limit: prompts.length, ...options };
  const started = await ok(post('batch-test', body), 202);
  return started.test_run_id;
}

export async function endOf(runId, { seconds = 60 } = {}) {
  return until(`run ${runId} ends`, async () => {
    const run = await ok(get(`batch-test/${runId}/status?page_size=1`));
    return endings.includes(run.status) && run;
  }, { seconds });
}

// All results of a run over as many pages as there are, and the run.
export async function resultsOf(runId) {
  const results = [];
  let token = '';
  for (;;) {
    const page = await ok(get(`batch-test?test_run_id=${runId}&page_size=1000${token && `&page_token=${encodeURIComponent(token)}`}`));
    results.push(...page.results);
    token = page.next_page_token;
    if (!token) return { ...page, results };
  }
}

// A whole run: its final state with all results.
export async function finishedRun(sessionId, prompts, options, patience) {
  const runId = await startRun(sessionId, prompts, options);
  await endOf(runId, patience);
  return resultsOf(runId);
}
