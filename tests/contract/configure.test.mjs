// Opening a session and asking for its state.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, get, ok, post } from './client.mjs';
import { hasFields, isConventional, isProblem, kSessionId } from './judge.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { apiKey, cleanUp, finishedRun, openSession, sampleUrl, testedSession, uniquePrompts } from './sessions.mjs';

const stateFields = ['session_id', 'expires_at', 'model_id', 'model_name', 'endpoint_url', 'provider', 'created_at', 'connection_tested', 'key_forgotten'];
const laterFields = ['connection_latency_ms', 'last_error', 'latest_test_run_id', 'forget_key_after_run', 'capabilities'];

test('a session opens: 201 with id, end and model, and never the key', async (t) => {
  const answer = await post('configure', { endpoint_url: sampleUrl(), api_key: apiKey, model_id: 'sample-fast', model_name: 'My model', provider: 'custom' });
  const session = await ok(answer, 201);
  t.after(() => cleanUp(session.session_id));
  hasFields(session, ['session_id', 'expires_at', 'model_id', 'model_name']);
  isConventional(answer);
  assert.match(session.session_id, kSessionId);
  assert.equal(session.model_id, 'sample-fast');
  assert.equal(session.model_name, 'My model');
  assert.ok(Date.parse(session.expires_at) > Date.now());
  assert.ok(!answer.text.includes(apiKey));
});

test('its state has every field, and the name is the model id where none was given', async (t) => {
  const { session_id, expires_at } = await openSession(t, { model_id: 'sample-fast' });
  const answer = await get(`configure?session_id=${session_id}`);
  const state = await ok(answer);
  hasFields(state, stateFields, laterFields);
  isConventional(answer);
  assert.equal(state.session_id, session_id);
  assert.equal(state.expires_at, expires_at);
  assert.equal(state.model_name, 'sample-fast');
  assert.equal(state.endpoint_url, sampleUrl());
  assert.equal(state.connection_tested, false);
  assert.equal(state.key_forgotten, false);
  for (const field of ['connection_latency_ms', 'last_error', 'latest_test_run_id']) assert.ok(!(field in state), field);
  assert.ok(Math.abs(Date.parse(state.created_at) - Date.now()) < 60_000);
  assert.ok(!answer.text.includes(apiKey));
});

test('two sessions have ids that share nothing', async (t) => {
  const first = await openSession(t);
  await cleanUp(first.session_id);
  const second = await openSession(t);
  assert.notEqual(first.session_id.slice(5, 21), second.session_id.slice(5, 21));
});

test('an endpoint without a key needs none', async (t) => {
  await testedSession(t, { api_key: '' });
});

test('the full chat completions URL is taken as well as a base', async (t) => {
  for (const endpoint_url of [`${sampleUrl()}/chat/completions`, `${sampleUrl()}/`, sampleUrl()]) {
    const session = await testedSession(t, { endpoint_url });
    await cleanUp(session);
  }
});

test('every field that is missing is named at once', async () => {
  isProblem(await post('configure', { api_key: apiKey }), 422, 'invalid_field', ['endpoint_url', 'model_id']);
  isProblem(await post('configure', { endpoint_url: '', api_key: '', model_id: '' }), 422, 'invalid_field', ['endpoint_url', 'model_id']);
});

test('every field that is out of range is named at once, and the key is not repeated', async () => {
  const key = `${apiKey}-é`;
  const answer = await post('configure', {
    endpoint_url: sampleUrl(),
    api_key: key,
    model_id: 'm'.repeat(257),
    model_name: 'n'.repeat(257),
    provider: 'nobody',
  });
  isProblem(answer, 422, 'invalid_field', ['api_key', 'model_id', 'model_name', 'provider']);
  assert.ok(!answer.text.includes(apiKey));
  isProblem(await post('configure', { endpoint_url: sampleUrl(), api_key: 'k'.repeat(5000), model_id: 'm' }), 422, 'invalid_field', ['api_key']);
});

test('every provider of the contract is taken', async (t) => {
  for (const provider of ['together', 'fireworks', 'openrouter', 'groq', 'openai', 'azure_openai', 'vllm', 'ollama', 'custom']) {
    const { session_id } = await openSession(t, { provider });
    assert.equal((await ok(get(`configure?session_id=${session_id}`))).provider, provider);
    await cleanUp(session_id);
  }
});

const forbidden = [
  'http://169.254.169.254/v1', 'http://10.0.0.1/v1', 'https://172.16.0.1/v1', 'https://172.31.255.255/v1', 'http://192.168.1.1/v1', 'http://100.64.0.1/v1',
  'http://0.0.0.0/v1', 'http://198.18.0.1/v1', 'http://224.0.0.1/v1', 'http://240.0.0.1/v1', 'http://255.255.255.255/v1', 'http://168.63.129.16/v1',
  'http://192.0.2.1/v1', 'http://[fe80::1]/v1', 'http://[fd00::1]/v1', 'http://[::]/v1', 'http://[::ffff:10.0.0.1]/v1', 'http://[::ffff:8.8.8.8]/v1',
  'http://[64:ff9b::808:808]/v1', 'http://[2002:808:808::1]/v1', 'http://[2001:db8::1]/v1', 'http://[ff02::1]/v1', 'http://[2001:0:1::1]/v1',
  'http://metadata.google.internal/v1', 'http://metadata/v1', 'http://printer.local/v1', 'http://db.internal./v1', 'http://127.0.0.1.nip.io/v1',
  'https://localtest.me/v1', 'https://x.sslip.io/v1', 'http://intranet/v1', 'https://router.lan/v1', 'https://x.consul/v1',
  'http://api.example.com:22/v1', 'http://api.example.com:5432/v1', 'http://api.example.com:6379/v1', 'http://api.example.com:25/v1',
];

test('a forbidden address is 422 endpoint_not_allowed', async () => {
  for (const endpoint_url of forbidden) {
    const answer = await post('configure', { endpoint_url, api_key: apiKey, model_id: 'm' });
    if (answer.status === 201) await cleanUp(answer.json.session_id);
    assert.equal(answer.json?.code, 'endpoint_not_allowed', `${endpoint_url}: ${answer.status} ${answer.text}`);
    isProblem(answer, 422, 'endpoint_not_allowed');
    assert.ok(!answer.text.includes(apiKey));
  }
});

const misspelt = [
  'ftp://api.example.com/v1', 'file:///etc/passwd', 'javascript:alert(1)', 'api.example.com/v1', '//api.example.com/v1', 'http:///v1', 'http://',
  'https://user:secret@api.example.com/v1', 'https://user@api.example.com/v1', 'https://api.example.com/v1#part', 'https://api.example.com\\@10.0.0.1/',
  'https://api.example.com/v1 ', ' https://api.example.com/v1', 'https://api.exam\tple.com/v1', 'http://2130706433/v1', 'http://0x7f000001/v1',
  'http://0177.0.0.1/v1', 'http://127.1/v1', 'http://１２７.0.0.1/v1', 'http://127。0。0。1/v1', 'https://api.example.com:99999/v1', 'https://api.example.com:/v1x y',
  `https://api.example.com/${'a'.repeat(2048)}`, 'https://xn--zzzzzz--.example.com/v1', 'https://[::1/v1', 'https://api.example.com:0/v1',
];

test('an odd spelling is 422, by whichever of the two reasons', async () => {
  for (const endpoint_url of misspelt) {
    const answer = await post('configure', { endpoint_url, api_key: apiKey, model_id: 'm' });
    if (answer.status === 201) await cleanUp(answer.json.session_id);
    assert.equal(answer.status, 422, `${endpoint_url}: ${answer.status} ${answer.text}`);
    isProblem(answer, 422, answer.json.code === 'invalid_field' ? 'invalid_field' : 'endpoint_not_allowed');
    assert.ok(!answer.text.includes('secret@') && !answer.text.includes(apiKey), answer.text);
  }
});

test('an address that is forbidden is refused in the same words whatever listens there', async () => {
  const [one, other] = [
    await post('configure', { endpoint_url: 'http://10.0.0.1/v1', api_key: '', model_id: 'm' }),
    await post('configure', { endpoint_url: 'http://192.168.7.9:8443/v1', api_key: '', model_id: 'm' }),
  ];
  assert.equal(one.json.detail, other.json.detail);
});

test('the same Idempotency-Key and body give the same session, another body is 409', async (t) => {
  const headers = { 'idempotency-key': `configure-${process.pid}-${Date.now()}` };
  const { session_id } = await openSession(t);
  await cleanUp(session_id);
  const body = { endpoint_url: sampleUrl(), api_key: apiKey, model_id: 'sample-zero' };
  const first = await ok(call('POST', 'configure', { body, headers }), 201);
  t.after(() => cleanUp(first.session_id));
  assert.match(first.session_id, kSessionId);
  assert.deepEqual(await ok(call('POST', 'configure', { body, headers }), 201), first);
  for (const change of [{ model_id: 'sample-fast' }, { api_key: `${apiKey}x` }]) {
    isProblem(await call('POST', 'configure', { body: { ...body, ...change }, headers }), 409, 'idempotency_key_reused');
  }
});

test('404 for a session that never was, 410 for one that was deleted', async (t) => {
  isProblem(await get(`configure?session_id=demo-${'a'.repeat(64)}`), 404, 'session_not_found');
  const { session_id } = await openSession(t);
  await cleanUp(session_id);
  isProblem(await get(`configure?session_id=${session_id}`), 410, 'session_expired');
  isProblem(await post('configure/test', { session_id }), 410, 'session_expired');
  isProblem(await get(`analytics/metrics?session_id=${session_id}`), 410, 'session_expired');
  isProblem(await get(`batch-test?session_id=${session_id}`), 410, 'session_expired');
  isProblem(await get(`export?session_id=${session_id}&format=csv`), 410, 'session_expired');
  isProblem(await post('atlas', { session_id }), 410, 'session_expired');
  isProblem(await post('test-suites', { session_id, name: 'Mine', prompts: ['Hi.'] }), 410, 'session_expired');
});

test('a session id is case-sensitive and whole', async (t) => {
  const { session_id } = await openSession(t);
  for (const other of [session_id.toUpperCase(), session_id.slice(5), session_id.slice(0, -1), `${session_id}0`]) {
    isProblem(await get(`configure?session_id=${other}`), 404, 'session_not_found');
  }
});

test('DELETE on the same path is clean-up', async (t) => {
  const { session_id } = await openSession(t);
  const gone = await ok(call('DELETE', `configure?session_id=${session_id}`));
  assert.equal(gone.success, true);
  assert.deepEqual(gone.deleted, { config: true, testRuns: 0, results: 0 });
  isProblem(await get(`configure?session_id=${session_id}`), 410, 'session_expired');
});

test('further headers go to the endpoint with every call, and nowhere else', async (t) => {
  const endpoint = await chatEndpoint(t, ({ headers }) => ({ text: `You sent ${headers['x-gate']}.` }));
  const headers = { 'X-Gate': 'gate-secret-0123456789', 'cf-access-client-id': 'abc', 'User-Agent': 'my-tool/1' };
  const session = await testedSession(t, { endpoint_url: endpoint.url, headers });
  const run = await finishedRun(session, uniquePrompts(2));
  assert.equal(run.completed_prompts, 2);
  for (const call of endpoint.calls) {
    assert.deepEqual([call.headers['x-gate'], call.headers['cf-access-client-id'], call.headers['user-agent'], call.headers.authorization], [headers['X-Gate'], 'abc', 'my-tool/1', `Bearer ${apiKey}`]);
  }
  assert.match(run.results[0].response, /^You sent \[key removed\]\.$/);
  for (const path of [`configure?session_id=${session}`, `batch-test?test_run_id=${run.id}&manifest=true`, `export?session_id=${session}&format=json`, `export?session_id=${session}&format=csv`]) {
    const { text } = await get(path);
    assert.ok(!/gate-secret|X-Gate/i.test(text), path);
  }
});

test('headers of the connection, the body and the key are refused, each by name, and no value is repeated', async () => {
  const refused = ['Host', 'authorization', 'Connection', 'Content-Type', 'Content-Length', 'Transfer-Encoding', 'Proxy-Authorization', 'Accept-Encoding'];
  for (const name of refused) {
    const answer = await post('configure', { endpoint_url: sampleUrl(), api_key: '', model_id: 'm', headers: { [name]: 'a-value-of-mine' } });
    isProblem(answer, 422, 'invalid_field', [`headers.${name}`]);
    assert.ok(!answer.text.includes('a-value-of-mine'), answer.text);
  }
  const open = (headers) => post('configure', { endpoint_url: sampleUrl(), api_key: '', model_id: 'm', headers });
  isProblem(await open({ 'X-A': 'one\r\nHost: elsewhere' }), 422, 'invalid_field', ['headers.X-A']);
  isProblem(await open({ 'X A': 'one' }), 422, 'invalid_field', ['headers.X A']);
  isProblem(await open({ 'X-A': 'one', 'x-a': 'two' }), 422, 'invalid_field', ['headers.x-a']);
  isProblem(await open(Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`X-${index}`, 'v']))), 422, 'invalid_field', ['headers']);
  isProblem(await open(['X-A']), 400, 'invalid_field');
  isProblem(await open({ 'X-A': 7 }), 400, 'invalid_field');
});

test('a URL is taken as it is pasted', async (t) => {
  const { session_id } = await openSession(t, { endpoint_url: `  "${sampleUrl()}"\n` });
  assert.equal((await ok(get(`configure?session_id=${session_id}`))).endpoint_url, sampleUrl());
});
