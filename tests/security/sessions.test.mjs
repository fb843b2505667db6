// One session for an address, however many ask at once; and over is over at its moment, on every route and in open streams.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';

const lifeSeconds = 6;
// Within this much of its end nothing is asked: the clocks are one, but a request takes its time.
const marginMs = 250;
let installation;
let client;
let endpoints;

before(async () => {
  installation = Installation.start({ DEMO_SESSION_TTL_SECONDS: String(lifeSeconds), DEMO_MAX_PROMPTS_PER_SESSION: '1000' });
  client = await import('../contract/client.mjs');
  endpoints = await import('../contract/endpoint.mjs');
});

after(() => installation?.stop());

const configure = (fields) =>
  client.post('configure', { endpoint_url: client.sampleEndpoint, api_key: 'sk-doors', model_id: 'sample-slow', ...fields });

const cleanUp = (sessionId) => client.ok(client.post('cleanup', { session_id: sessionId }));

test('of twelve that ask at the same instant exactly one gets a session, twenty times over', async () => {
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(Array.from({ length: 12 }, () => configure()));
    const opened = answers.filter(({ status }) => status === 201);
    assert.equal(opened.length, 1, `round ${round}: ${answers.map(({ status }) => status)}`);
    for (const answer of answers.filter((one) => one !== opened[0])) {
      assert.equal(answer.status, 429);
      assert.equal(answer.json.code, 'active_session_exists');
      const wait = Number(answer.headers.get('retry-after'));
      assert.ok(wait >= 1 && wait <= lifeSeconds + 1, `Retry-After: ${wait}`);
    }
    await cleanUp(opened[0].json.session_id);
  }
});

test('of those that ask while it is cleaned up at most one gets a session', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { session_id: first } = await client.ok(configure(), 201);
    const answers = await Promise.all([cleanUp(first), ...Array.from({ length: 6 }, () => configure())]);
    const opened = answers.filter(({ status }) => status === 201);
    assert.ok(opened.length <= 1, `round ${round}: ${opened.length} sessions`);
    for (const { json } of opened) await cleanUp(json.session_id);
  }
});

// Every route that takes a session, and what it needs; a run's id is a capability of its own.
function routes(sessionId, runId, suiteId) {
  const session_id = sessionId;
  const query = `session_id=${sessionId}`;
  const get = (path) => [`GET ${path}`, () => client.get(path)];
  const post = (path, body) => [`POST ${path}`, () => client.post(path, { session_id, ...body })];
  return Object.fromEntries([
    get(`configure?${query}`), get(`test-suites?${query}`), get(`test-suites/${suiteId}?${query}`), get(`batch-test?${query}`),
    get(`batch-test?test_run_id=${runId}`), get(`batch-test/${runId}/status`), get(`analytics/metrics?${query}`),
    get(`analytics/results?${query}`), get(`analytics/search?${query}&keyword=a`), get(`analytics/latency-distribution?${query}`),
    get(`export?${query}&format=csv`), get(`export?${query}&format=json`), get(`export?${query}&format=jsonl`),
    post('atlas', { narrator: 'builtin' }), post('configure/models'), post('configure/test'),
    post('test-suites', { name: 'Late', prompts: ['Too late'] }), post('batch-test', { test_suite_id: suiteId }),
  ]);
}

async function untilMs(moment) {
  if (moment > Date.now()) await client.wait(moment - Date.now());
}

test('a session is over on every route and in open streams when its time is', async () => {
  const opened = await client.ok(configure(), 201);
  const { session_id: sessionId } = opened;
  const end = Date.parse(opened.expires_at);
  const life = end - Date.now();
  assert.ok(life > (lifeSeconds - 1) * 1000 && life <= lifeSeconds * 1000 + 50, `it lives ${life} ms`);
  await client.ok(client.post('configure/test', { session_id: sessionId }));
  const prompts = Array.from({ length: 20 }, (_, i) => `A slow one, number ${i}.`);
  const suite = await client.ok(client.post('test-suites', { session_id: sessionId, name: 'Slow', prompts }), 201);
  const started = await client.ok(client.post('batch-test', { session_id: sessionId, test_suite_id: suite.id, concurrency: 1, prompt_limit: 20 }), 202);
  const runId = started.test_run_id;
  const stream = await client.EventStream.open('GET', `batch-test/${runId}/events`);
  const streamEnd = stream.all().then((events) => ({ at: Date.now(), last: events.at(-1) }));

  await untilMs(end - 1500);
  for (const [name, ask] of Object.entries(routes(sessionId, runId, suite.id))) {
    if (name === 'POST configure/test') continue; // takes as long as the model, and went well above
    const { status } = await ask();
    // 409 while the run is under way.
    assert.ok([200, 201, 202, 409].includes(status), `${name} before its end is answered ${status}`);
  }
  assert.ok(Date.now() < end - marginMs, 'asking took too long to say anything');

  await untilMs(end + 20);
  const answers = await Promise.all(Object.entries(routes(sessionId, runId, suite.id)).map(async ([name, ask]) => [name, await ask()]));
  for (const [name, { status, json }] of answers) {
    assert.ok(status === 410 && json?.code === 'session_expired', `${name} after its end is answered ${status} ${json?.code}`);
  }
  const { at, last } = await streamEnd;
  assert.equal(last.event, 'error', JSON.stringify(last));
  assert.equal(JSON.parse(last.data).code, 'session_expired');
  assert.ok(at >= end - 20 && at <= end + 1000, `the stream ended ${at - end} ms after the session`);
});

// A session with a run, whose model takes its time whenever Atlas asks it.
async function silentModel(t) {
  const asksForAtlas = ({ body }) => body.messages[0].role === 'system';
  const endpoint = await endpoints.chatEndpoint(t, (call) => (asksForAtlas(call) ? { delayMs: 20_000 } : undefined));
  const opened = await client.ok(configure({ endpoint_url: endpoint.url }), 201);
  const session_id = opened.session_id;
  await client.ok(client.post('configure/test', { session_id }));
  const suite = await client.ok(client.post('test-suites', { session_id, name: 'One', prompts: ['One'] }), 201);
  const { test_run_id: run } = await client.ok(client.post('batch-test', { session_id, test_suite_id: suite.id }), 202);
  const stream = await client.EventStream.open('GET', `batch-test/${run}/events`);
  await stream.all();
  return { opened, session_id, isAsked: () => endpoint.calls.some(asksForAtlas) };
}

for (const [how, end] of [
  ['is cleaned up', async ({ session_id }) => cleanUp(session_id)],
  ['expires', async ({ opened }) => untilMs(Date.parse(opened.expires_at))],
]) {
  test(`an answer of Atlas that waits for the model ends when its session ${how}`, async (t) => {
    const session = await silentModel(t);
    const body = { session_id: session.session_id, narrator: 'model', messages: [{ role: 'user', content: 'Say hello.' }] };
    const stream = await client.EventStream.open('POST', 'atlas', { body });
    const answer = stream.all();
    await client.until('the model is asked', session.isAsked);
    await end(session);
    const over = Date.now();
    const events = await answer;
    assert.ok(Date.now() - over < 1000, `it ended ${Date.now() - over} ms after the session`);
    assert.equal(events.at(-1).data, '[DONE]');
    const problem = JSON.parse(events.at(-2).data);
    assert.equal(problem.type, 'error');
    assert.equal(problem.code, 'session_expired');
  });
}

test('the place of a session that is over is free at once', async () => {
  const first = await client.ok(configure(), 201);
  await untilMs(Date.parse(first.expires_at) + 20);
  const second = await client.ok(configure(), 201);
  await cleanUp(second.session_id);
});
