// The workspace of one owner: who comes in, keys, models. Needs an installation with FTL_WORKSPACE=local.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { baseUrl, call, get, ok, post, sampleEndpoint } from './client.mjs';
import { hasFields, isConventional, isProblem, kTimestamp } from './judge.mjs';
import { openSession } from './sessions.mjs';

const kGood = 'sk-good-0123456789abcdefghij';
const origin = sampleEndpoint && new URL(sampleEndpoint).origin;
const remove = (service, name) => call('DELETE', `/api-keys/${service}${name === undefined ? '' : `?name=${encodeURIComponent(name)}`}`);

// Stores a key that goes when the test ends.
async function store(t, body) {
  t.after(() => remove(body.service_name, body.name ?? 'default'));
  return post('/api-keys', body);
}

// By a Host of one's own, which fetch does not let one say.
function askAs(host, path, headers = {}) {
  const { hostname, port } = new URL(baseUrl());
  return new Promise((done, failed) => {
    const asked = request({ hostname, port, path, headers: { host, ...headers } }, (answer) => {
      answer.resume();
      done(answer.statusCode);
    });
    asked.on('error', failed).end();
  });
}

async function makeToken(t, scopes, more = {}) {
  const made = await ok(post('/api/tokens', { name: `for ${scopes.join(' and ')}`, scopes, ...more }), 201);
  t.after(() => call('DELETE', `/api/tokens/${made.id}`));
  return made;
}
const by = (token) => ({ headers: { authorization: `Bearer ${token}` } });

test('the workspace has a page, and the wizard is told where', async () => {
  const { workspace } = await ok(get('providers'));
  assert.equal(workspace, '/workspace');
  const page = await get(workspace);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type'), /^text\/html/);
});

test('a token is told once and opens what its scopes say', async (t) => {
  const made = await makeToken(t, ['chat']);
  hasFields(made, ['id', 'token', 'name', 'scopes', 'created_at'], []);
  assert.match(made.token, /^ftl_[A-Za-z0-9_-]{43}$/);
  const listed = await get('/api/tokens');
  isConventional(listed);
  assert.ok(!listed.text.includes(made.token.slice(4)));
  const row = (await ok(listed)).tokens.find(({ id }) => id === made.id);
  hasFields(row, ['id', 'name', 'scopes', 'created_at'], ['last_used_at']);
  await ok(get('/api/models', by(made.token)));
  isProblem(await get('/api-keys', by(made.token)), 403, 'permission_denied');
  isProblem(await get('/api/tokens', by(made.token)), 403, 'permission_denied');
  const admin = await makeToken(t, ['admin']);
  await ok(get('/api-keys', by(admin.token)));
  assert.deepEqual(await ok(call('DELETE', `/api/tokens/${made.id}`)), { deleted: true });
  assert.deepEqual(await ok(call('DELETE', `/api/tokens/${made.id}`)), { deleted: false });
  isProblem(await get('/api/models', by(made.token)), 401, 'unauthenticated');
});

test('a token that is none is no owner, and neither is a session', async (t) => {
  const { session_id } = await openSession(t);
  for (const shown of ['ftl_nothing', session_id, `ftl_${'a'.repeat(43)}`]) {
    for (const path of ['/api-keys', '/api/tokens', '/api/models', '/v1/models']) {
      isProblem(await get(path, by(shown)), 401, 'unauthenticated');
    }
  }
  isProblem(await get(`/api-keys?session_id=${session_id}`), 400, 'unknown_field');
  const { token } = await makeToken(t, ['admin']);
  isProblem(await get('configure', by(token)), 404, 'session_not_found');
});

test('what is wrong with a token is told at once', async () => {
  const answer = await post('/api/tokens', { name: '', scopes: ['chat', 'everything'], expires_at: '2001-01-01T00:00:00Z' });
  isProblem(answer, 422, 'invalid_field');
  assert.deepEqual(answer.json.errors.map(({ field }) => field.replace(/\[.*/, '')).sort(), ['expires_at', 'name', 'scopes']);
});

test('nobody comes in by a name that leads here, or from another site', async () => {
  for (const path of ['/api-keys', '/api/tokens', '/api/models', '/v1/models']) {
    assert.equal(await askAs('rebound.example.org', path), 403, path);
    assert.equal(await askAs('127.0.0.1.example.org:80', path), 403, path);
    assert.equal(await askAs('10.0.0.1', path), 403, path);
    assert.equal(await askAs('localhost:1', path, { 'sec-fetch-site': 'cross-site' }), 403, path);
    assert.equal(await askAs('localhost', path), 200, path);
    assert.equal(await askAs('[::1]:8080', path), 200, path);
  }
});

test('a key is stored, listed without itself, replaced and deleted', async (t) => {
  const answer = await store(t, { service_name: 'openai', api_key: kGood });
  const stored = await ok(answer, 201);
  isConventional(answer);
  hasFields(stored, ['service_name', 'name', 'key_hint', 'created_at'], []);
  assert.equal(stored.key_hint, 'ghij');
  assert.match(stored.created_at, kTimestamp);
  const listed = await get('/api-keys');
  assert.ok(!listed.text.includes(kGood) && !listed.text.includes('api_key"'), listed.text);
  const { configured_services, supported_services } = await ok(listed);
  hasFields(configured_services.find((key) => key.service_name === 'openai'),
    ['service_name', 'name', 'base_url', 'key_hint', 'created_at', 'needs_reentry', 'shared', 'project'], ['last_used_at', 'last_test']);
  assert.deepEqual(supported_services.map((service) => service.service_name),
    ['openai', 'anthropic', 'google', 'azure', 'cohere', 'huggingface', 'ollama', 'openai_compatible']);
  for (const service of supported_services) hasFields(service, ['service_name', 'name', 'key_format', 'docs_url', 'needs_base_url'], []);
  await ok(post('/api-keys', { service_name: 'openai', api_key: 'sk-other-0123456789abcdefwxyz' }), 201);
  const again = (await ok(get('/api-keys'))).configured_services.filter((key) => key.service_name === 'openai');
  assert.deepEqual(again.map((key) => key.key_hint), ['wxyz']);
  assert.deepEqual(await ok(remove('openai')), { deleted: true });
  assert.deepEqual(await ok(remove('openai')), { deleted: false });
});

test('what is no key of the service is refused with what one looks like', async () => {
  const answer = await post('/api-keys', { service_name: 'anthropic', api_key: 'sk-good-0123456789abcdefghij' });
  isProblem(answer, 422, 'key_format');
  assert.match(answer.text, /sk-ant-/);
  isProblem(await post('/api-keys', { service_name: 'nobody', api_key: kGood }), 422, 'invalid_field');
  isProblem(await post('/api-keys', { service_name: 'azure', api_key: 'a'.repeat(32) }), 422, 'invalid_field');
  isProblem(await post('/api-keys', { service_name: 'openai_compatible', base_url: 'https://x.example-models.com/v1' }), 422, 'invalid_field');
  isProblem(await post('/api-keys', { service_name: 'openai', api_key: kGood, base_url: 'http://10.1.2.3/v1' }), 422, 'endpoint_not_allowed');
  isProblem(await post('/api-keys', { service_name: 'openai', api_key: kGood, owner: 'a'.repeat(64) }), 400, 'unknown_field');
});

const kServices = [
  { service_name: 'openai', api_key: kGood, path: '/v1' },
  { service_name: 'anthropic', api_key: 'sk-ant-0123456789abcdefghij', path: '/anthropic/v1' },
  { service_name: 'google', api_key: `AIza${'g'.repeat(35)}`, path: '/google/v1beta' },
  { service_name: 'cohere', api_key: 'c'.repeat(40), path: '/cohere/v2' },
  { service_name: 'huggingface', api_key: 'hf_0123456789abcdefghij', path: '/huggingface/v1' },
  { service_name: 'ollama', api_key: '', path: '/v1' },
  { service_name: 'openai_compatible', name: 'mine', api_key: 'anything', path: '/v1' },
];

test('each service is asked whether it takes a key, before it is stored and after', async (t) => {
  for (const { path, ...key } of kServices) {
    const body = { ...key, base_url: origin + path };
    await ok(await store(t, { ...body, test: true }), 201);
    const name = key.name ?? 'default';
    const asStored = (await ok(get('/api-keys'))).configured_services.find((each) => each.service_name === key.service_name && each.name === name);
    assert.equal(asStored.last_test?.success, true, `${key.service_name}: the test before it was stored is its last one`);
    assert.match(asStored.last_test.message, /./);
    const tested = await ok(post(`/api-keys/${key.service_name}/test`, { name }));
    hasFields(tested, ['success', 'latency_ms', 'message'], []);
    assert.equal(tested.success, true, key.service_name);
    const { configured_services } = await ok(get('/api-keys'));
    const stored = configured_services.find((each) => each.service_name === key.service_name && each.name === name);
    assert.equal(stored.last_test.success, true);
    assert.match(stored.last_test.at, kTimestamp);
  }
});

test('a key that the service refuses is not stored where that is asked for', async (t) => {
  const body = { service_name: 'openai_compatible', name: 'refused', api_key: 'wrong-key', base_url: `${origin}/v1` };
  t.after(() => remove('openai_compatible', 'refused'));
  isProblem(await post('/api-keys', { ...body, test: true }), 422, 'invalid_field');
  const tested = await ok(post('/api-keys/openai_compatible/test', { api_key: 'wrong-key', base_url: `${origin}/v1` }));
  assert.equal(tested.success, false);
  assert.equal(tested.error_type, 'auth');
  assert.ok(!(await get('/api-keys')).text.includes('refused'));
  isProblem(await post('/api-keys/openai_compatible/test', { name: 'refused' }), 404, 'not_found');
  isProblem(await post('/api-keys/openai/test', { base_url: `${origin}/v1` }), 422, 'invalid_field');
});

test('the models of all keys come together, and a service that fails hides no other', async (t) => {
  for (const { path, ...key } of kServices) await ok(await store(t, { ...key, base_url: origin + path }), 201);
  const closed = { service_name: 'openai_compatible', name: 'closed', api_key: 'wrong-key', base_url: `${origin}/v1` };
  await ok(await store(t, closed), 201);
  const answer = await get('/api/models');
  isConventional(answer);
  const { models, errors } = await ok(answer);
  for (const { service_name } of kServices) {
    const model = models.find((each) => each.service === service_name && each.id === 'sample-fast');
    assert.ok(model, service_name);
    hasFields(model, ['id', 'service', 'name', 'key_name'], ['context_length', 'input_price', 'output_price', 'created_at']);
  }
  assert.ok(!models.some(({ id }) => id === 'sample-embedding'));
  assert.equal(models.find((each) => each.service === 'huggingface').input_price, 0.2);
  const ours = errors.filter(({ key_name }) => ['default', 'mine', 'closed'].includes(key_name));
  assert.deepEqual(ours.map(({ service, key_name, error_type }) => ({ service, key_name, error_type })),
    [{ service: 'openai_compatible', key_name: 'closed', error_type: 'auth' }]);
  const { object, data } = await ok(get('/v1/models'));
  assert.equal(object, 'list');
  assert.ok(data.some(({ id, object: kind, owned_by }) => id === 'anthropic/sample-fast' && kind === 'model' && owned_by === 'anthropic'));
  assert.ok(data.some(({ id }) => id === 'openai_compatible:mine/sample-fast'));
});
