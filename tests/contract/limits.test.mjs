// What the limits of the demo tier do, in installations with limits low enough to meet: sessions for an address, prompts for a
// session, requests in a minute, the life of a session, turns of a model. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, EventStream, get, ok, post, until, wait } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { installed } from './installation.mjs';
import { isProblem } from './judge.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';

const open = (installation, more = {}) => post('configure', { endpoint_url: installation.sampleEndpoint, api_key: 'a-key-of-these-tests', model_id: 'sample-zero', ...more });
const close = (session_id) => ok(post('cleanup', { session_id }));

async function opened(installation, more) {
  const { session_id } = await ok(open(installation, more), 201);
  assert.equal((await ok(post('configure/test', { session_id }))).success, true);
  return session_id;
}

describe('with the limits as they come', { skip }, () => {
  const installation = installed({});

  test('a second session of one address is 429 with the time left; after clean-up the next opens', async () => {
    const { session_id, expires_at } = await ok(open(installation), 201);
    const answer = await open(installation);
    isProblem(answer, 429, 'active_session_exists');
    const left = (Date.parse(expires_at) - Date.now()) / 1000;
    assert.ok(Math.abs(Number(answer.headers.get('retry-after')) - left) <= 3, `${answer.headers.get('retry-after')} and ${left}`);
    assert.ok(left > 3500 && left <= 3600);
    await close(session_id);
    await close((await ok(open(installation), 201)).session_id);
  });

  test('of many that open at once, one is let in', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => open(installation)));
    const let_in = answers.filter(({ status }) => status === 201);
    assert.equal(let_in.length, 1, answers.map(({ status }) => status).join());
    for (const answer of answers) if (answer.status !== 201) isProblem(answer, 429, 'active_session_exists');
    await close(let_in[0].json.session_id);
  });

  test('a forged X-Forwarded-For is another address to nobody', async () => {
    const { session_id } = await ok(open(installation), 201);
    const body = { endpoint_url: installation.sampleEndpoint, api_key: '', model_id: 'm' };
    isProblem(await call('POST', 'configure', { body, headers: { 'x-forwarded-for': '203.0.113.9' } }), 429, 'active_session_exists');
    await close(session_id);
  });

  test('twenty prompts for a session, over all of its runs', async (t) => {
    const session_id = await opened(installation);
    const start = (prompt_limit, more = {}) => post('batch-test', { session_id, test_suite_id: suites[0].id, prompt_limit, ...more });
    const { suites } = await ok(get('test-suites?task_domain=customer_support'));
    isProblem(await start(21), 422, 'prompt_limit_exceeded', ['prompt_limit']);
    isProblem(await start(10, { repeat: 3 }), 422, 'prompt_limit_exceeded');
    const { test_run_id } = await ok(start(10), 202);
    await until('it ends', async () => (await ok(get(`batch-test/${test_run_id}/status`))).status === 'completed');
    isProblem(await start(11), 422, 'prompt_limit_exceeded');
    await ok(start(10), 202);
    t.after(() => close(session_id));
  });
});

describe('with thirty requests in a minute', { skip }, () => {
  installed({ DEMO_MAX_REQUESTS_PER_MINUTE: '30' });

  test('more are 429 rate_limited with the time to wait, and operations are not counted', async () => {
    let taken = 0;
    let answer;
    do {
      answer = await get('providers');
      taken += answer.status === 200 ? 1 : 0;
    } while (answer.status === 200 && taken < 200);
    isProblem(answer, 429, 'rate_limited');
    assert.ok(taken >= 28 && taken <= 65, `${taken} were taken`);
    assert.ok(Number(answer.headers.get('retry-after')) <= 60);
    await ok(get('/health'));
    assert.equal((await get('/livez')).status, 200);
  });
});

describe('with sessions of six seconds and a grace of two', { skip }, () => {
  const installation = installed({ DEMO_SESSION_TTL_SECONDS: '6', DEMO_ABANDON_GRACE_SECONDS: '2', DEMO_MAX_SESSIONS_PER_ADDRESS: '100' });

  test('at its end a session is 410 on every call, its stream ends with an error, and its run stops', async (t) => {
    const endpoint = await chatEndpoint(t, () => ({ delayMs: 400 }));
    const session_id = await opened(installation, { endpoint_url: endpoint.url });
    const { id } = await ok(post('test-suites', { session_id, name: 'Long', prompts: Array.from({ length: 20 }, (_, index) => `Prompt ${index + 1}.`) }), 201);
    const { test_run_id } = await ok(post('batch-test', { session_id, test_suite_id: id, prompt_limit: 20, concurrency: 1 }), 202);
    const events = (await EventStream.open('GET', `batch-test/${test_run_id}/events`)).all();
    const { expires_at } = await ok(get(`configure?session_id=${session_id}`));
    await wait(Date.parse(expires_at) - Date.now() + 50);
    for (const path of ['configure', 'batch-test', 'analytics/metrics', 'analytics/results', 'analytics/search?keyword=a', 'export?format=csv', 'test-suites']) {
      isProblem(await get(`${path}${path.includes('?') ? '&' : '?'}session_id=${session_id}`), 410, 'session_expired');
    }
    isProblem(await post('atlas', { session_id }), 410, 'session_expired');
    isProblem(await post('batch-test', { session_id, test_suite_id: id }), 410, 'session_expired');
    const last = (await events).pop();
    assert.equal(last.event, 'error');
    assert.equal(JSON.parse(last.data).code, 'session_expired');
    await until('no call is under way', () => endpoint.state.inFlight === 0, { seconds: 5 });
    const asked = endpoint.asked().length;
    await wait(1500);
    assert.equal(endpoint.asked().length, asked, 'nothing is called after the end');
    assert.ok([404, 410].includes((await get(`batch-test/${test_run_id}/status`)).status));
  });

  test('a session whose page was left goes after the grace, unless it is used again', async () => {
    const left = (await ok(open(installation), 201)).session_id;
    const kept = (await ok(open(installation), 201)).session_id;
    for (const session_id of [left, kept]) await ok(post('cleanup', { session_id, when: 'if_abandoned' }));
    await wait(500);
    await ok(get(`configure?session_id=${kept}`));
    await wait(2500);
    isProblem(await get(`configure?session_id=${left}`), 410, 'session_expired');
    await ok(get(`configure?session_id=${kept}`));
    await close(kept);
  });
});

describe('with two turns of a model in a session', { skip }, () => {
  const installation = installed({ DEMO_ALLOW_LOCALHOST: 'true', DEMO_MAX_CHAT_TURNS: '2' });

  test('the third is refused where the model was asked for, and left out with a word where it was not', async () => {
    const session_id = await opened(installation);
    const { suites } = await ok(get('test-suites'));
    const { test_run_id } = await ok(post('batch-test', { session_id, test_suite_id: suites[0].id, prompt_limit: 1 }), 202);
    await until('the run has ended', async () => (await ok(get(`batch-test?test_run_id=${test_run_id}`))).status === 'completed');
    const messages = [{ role: 'user', content: 'How many prompts failed?' }];
    for (let turn = 0; turn < 2; turn += 1) assert.equal((await post('atlas', { session_id, messages, narrator: 'model' })).status, 200);
    isProblem(await post('atlas', { session_id, messages, narrator: 'model' }), 429, 'chat_limit_reached');
    const commented = await post('atlas', { session_id, messages });
    assert.equal(commented.status, 200);
    assert.match(commented.text, /2 times in this session, which is the limit/);
    await close(session_id);
  });
});
