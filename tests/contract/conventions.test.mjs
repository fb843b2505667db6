// The first section of the contract: what every route does alike.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, EventStream, get, ok, post, urlOf } from './client.mjs';
import { carriesHeaders, isConventional, isProblem } from './judge.mjs';
import { apiKey, openSession, sampleUrl } from './sessions.mjs';

const unknownSession = `demo-${'0'.repeat(64)}`;
const unknownRun = '00000000-0000-4000-8000-000000000000';

const routes = {
  configure: ['GET', 'POST', 'DELETE'],
  'configure/test': ['POST'],
  'configure/models': ['POST'],
  providers: ['GET'],
  'test-suites': ['GET', 'POST'],
  'test-suites/preview': ['POST'],
  [`test-suites/${unknownRun}`]: ['GET'],
  'batch-test': ['GET', 'POST'],
  [`batch-test/${unknownRun}/status`]: ['GET'],
  [`batch-test/${unknownRun}/events`]: ['GET'],
  [`batch-test/${unknownRun}/cancel`]: ['POST'],
  'analytics/metrics': ['GET'],
  'analytics/results': ['GET'],
  'analytics/search': ['GET'],
  'analytics/latency-distribution': ['GET'],
  'analytics/compare': ['GET'],
  'analytics/by-group': ['GET'],
  'analytics/query': ['POST'],
  atlas: ['POST'],
  export: ['GET'],
  cleanup: ['POST'],
  '/health': ['GET'],
  '/livez': ['GET'],
  '/readyz': ['GET'],
  '/metrics': ['GET'],
  '/metrics/prometheus': ['GET'],
  '/openapi.json': ['GET'],
  '/docs': ['GET'],
  '/': ['GET'],
  '/demo/test-model': ['GET'],
};

const posts = Object.keys(routes).filter((path) => routes[path].includes('POST') && !path.endsWith('/cancel'));

test('an unknown path is 404 with a problem document, whatever the method', async () => {
  for (const path of ['/nowhere', 'nowhere', '/api/demo/v2', '/api/demo/v1/configure', 'configure/', '/API/demo/v2/providers']) {
    for (const method of ['GET', 'POST', 'DELETE']) isProblem(await call(method, path), 404, 'not_found');
  }
});

test('another method is 405, and Allow names those that there are', async () => {
  for (const [path, methods] of Object.entries(routes)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !methods.includes(one))) {
      const answer = await call(method, path);
      isProblem(answer, 405, 'method_not_allowed');
      const allowed = answer.headers.get('allow').split(/, */);
      for (const one of methods) assert.ok(allowed.includes(one), `Allow of ${path} is ${allowed}`);
      assert.ok(!allowed.includes(method), `Allow of ${path} is ${allowed}`);
    }
  }
});

test('OPTIONS says what is allowed, and opens nothing to other origins', async () => {
  for (const [path, methods] of Object.entries(routes)) {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': methods[0] };
    const answer = await call('OPTIONS', path, { headers });
    assert.ok([200, 204].includes(answer.status), `${path}: ${answer.status}`);
    for (const one of methods) assert.ok(answer.headers.get('allow').split(/, */).includes(one), `${path}: ${answer.headers.get('allow')}`);
    carriesHeaders(answer);
  }
});

test('HEAD answers as GET does, without the body', async () => {
  for (const path of ['providers', 'test-suites', '/livez', '/openapi.json', '/', '/nowhere']) {
    const [head, full] = [await call('HEAD', path), await get(path)];
    assert.equal(head.status, full.status, path);
    assert.equal(head.text, '');
    assert.equal(head.headers.get('content-type'), full.headers.get('content-type'), path);
    carriesHeaders(head);
  }
});

test('security headers are on everything', async (t) => {
  const { session_id } = await openSession(t);
  for (const path of ['providers', '/', '/demo/test-model', '/docs', '/health', '/metrics', '/metrics/prometheus', '/openapi.json', '/livez']) {
    carriesHeaders(await get(path));
  }
  carriesHeaders(await get(`configure?session_id=${session_id}`));
  carriesHeaders(await get('configure'));
});

test("a session's answers are stored by no cache", async (t) => {
  const session = await openSession(t);
  for (const path of ['configure', 'test-suites', 'batch-test', 'analytics/metrics']) {
    const answer = await get(`${path}?session_id=${session.session_id}`);
    assert.match(answer.headers.get('cache-control') ?? '', /\bno-store\b/, path);
  }
});

test('X-Request-Id is taken where it is sane and made where it is not', async () => {
  const sane = 'a-sane.request_ID-42';
  assert.equal((await get('providers', { headers: { 'x-request-id': sane } })).headers.get('x-request-id'), sane);
  const problem = await get('/nowhere', { headers: { 'x-request-id': sane } });
  assert.equal(problem.json.request_id, sane);
  for (const odd of ['two words', '<b>', 'x'.repeat(300), '"', 'a;b']) {
    const given = (await get('providers', { headers: { 'x-request-id': odd } })).headers.get('x-request-id');
    assert.notEqual(given, odd);
    assert.match(given, /^[A-Za-z0-9._-]{1,128}$/);
  }
  const [one, other] = [await get('providers'), await get('providers')];
  assert.notEqual(one.headers.get('x-request-id'), other.headers.get('x-request-id'));
});

test('traceparent is taken, and a malformed one is left alone', async () => {
  for (const traceparent of ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'nonsense', '00-0-0-00', 'ff-'.padEnd(55, '0')]) {
    await ok(get('providers', { headers: { traceparent } }));
  }
});

test('what is not JSON is 400 malformed_json', async (t) => {
  const { session_id } = await openSession(t);
  const good = JSON.stringify({ session_id });
  const bad = {
    blanks: '  \n',
    'a cut object': '{"session_id":"x"',
    'a trailing comma': `{"session_id":"${session_id}",}`,
    'single quotes': "{'session_id':'x'}",
    'a comment': `/* */${good}`,
    'more after it': `${good}{}`,
    'a word': 'nonsense',
    NaN: `{"session_id":"${session_id}","prompt_limit":NaN}`,
    'a leading zero': `{"session_id":"${session_id}","prompt_limit":01}`,
    'a control character in text': '{"session_id":"a\nb"}',
    'bytes that are not UTF-8': Buffer.from('{"session_id":"\xff\xfe"}', 'latin1'),
    'an overlong form': Buffer.from('{"session_id":"\xc0\xaf"}', 'latin1'),
    'the same key twice': `{"session_id":"${session_id}","session_id":"${session_id}"}`,
    'the same key twice, once escaped': `{"session_id":"${session_id}","session\\u005fid":"${session_id}"}`,
    'too deep': `{"session_id":${'['.repeat(65)}${']'.repeat(65)}}`,
    'far too deep': '['.repeat(30_000),
    'half a surrogate pair': '{"session_id":"\\ud800"}',
  };
  for (const [name, body] of Object.entries(bad)) {
    const answer = await call('POST', 'configure/test', { body });
    assert.equal(answer.json?.code, 'malformed_json', `${name}: ${answer.status} ${answer.text}`);
    isProblem(answer, 400, 'malformed_json');
  }
  isProblem(await call('POST', 'batch-test', { headers: { 'content-type': 'application/json' } }), 400, 'malformed_json');
});

test('JSON that is no object is 400', async () => {
  for (const path of posts) {
    for (const body of ['[]', 'null', '"text"', '1', 'true']) isProblem(await post(path, body), 400);
  }
});

test('U+0000 from a client is refused', async (t) => {
  const { session_id } = await openSession(t);
  const answers = [
    await post('test-suites', `{"session_id":"${session_id}","name":"a\\u0000b","prompts":["Hi."]}`),
    await post('test-suites', `{"session_id":"${session_id}","name":"a","prompts":["H\\u0000i."]}`),
    await post('configure', `{"endpoint_url":"${sampleUrl()}","api_key":"","model_id":"a\\u0000b"}`),
    await get(`analytics/search?session_id=${session_id}&keyword=a%00b`),
  ];
  for (const answer of answers) isProblem(answer, answer.status === 422 ? 422 : 400);
});

test('every unknown field is named, together with whatever else is wrong, and nothing passes silently', async (t) => {
  const { session_id } = await openSession(t);
  for (const path of posts) {
    const answer = await post(path, { session_id, misspelt_option: 1, Another: null });
    const { errors } = isProblem(answer, 400, 'unknown_field');
    const named = errors.map(({ field }) => field);
    for (const field of ['misspelt_option', 'Another']) assert.ok(named.includes(field), `${path}: ${answer.text}`);
  }
  const mixed = await post('batch-test', { session_id, test_suite_id: 7, temprature: 1, concurrency: 'four', stream: 'yes' });
  isProblem(mixed, 400, 'unknown_field', ['test_suite_id', 'temprature', 'concurrency', 'stream']);
  isProblem(await get(`configure?session_id=${session_id}&misspelt=1&wrong=2`), 400, 'unknown_field', ['misspelt', 'wrong']);
});

test('a wrong type is 400 invalid_field, and every one is named', async (t) => {
  const { session_id } = await openSession(t);
  const wrong = { endpoint_url: 1, api_key: [], model_id: {}, model_name: true, provider: 3, forget_key_after_run: 'yes' };
  isProblem(await post('configure', wrong), 400, 'invalid_field', Object.keys(wrong));
  const numbers = { concurrency: '4', prompt_limit: 1.5, max_tokens: true, temperature: '0.7', timeout_ms: '1000', repeat: [1], system_prompt: 5 };
  isProblem(await post('batch-test', { session_id, test_suite_id: unknownRun, ...numbers }), 400, 'invalid_field', Object.keys(numbers));
  isProblem(await get(`analytics/results?session_id=${session_id}&page_size=many&success=perhaps`), 400, 'invalid_field', ['page_size', 'success']);
});

test('a body that is not application/json is 415', async (t) => {
  const { session_id } = await openSession(t);
  const body = JSON.stringify({ session_id });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'application/problem+json', '']) {
    for (const path of posts) isProblem(await call('POST', path, { body, headers: { 'content-type': type } }), 415, 'unsupported_media_type');
  }
  for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json ;charset=UTF-8']) {
    await ok(call('POST', 'configure/test', { body, headers: { 'content-type': type } }));
  }
});

test('a body over its limit is 413: 64 KiB, for Atlas 1 MiB, for own suites 32 MiB', async (t) => {
  const { session_id } = await openSession(t);
  const padded = (bytes) => `{"session_id":"${session_id}"${' '.repeat(bytes)}}`;
  for (const path of posts.filter((one) => !['atlas', 'test-suites', 'test-suites/preview'].includes(one))) {
    isProblem(await post(path, padded(64 * 1024)), 413, 'body_too_large');
  }
  isProblem(await post('atlas', padded(1024 * 1024)), 413, 'body_too_large');
  isProblem(await post('test-suites', padded(32 * 1024 * 1024)), 413, 'body_too_large');
  const within = await post('test-suites', `{"session_id":"${session_id}","name":"Padded","prompts":["Hi."]${' '.repeat(2 * 1024 * 1024)}}`);
  await ok(within, 201);
});

test('a session is taken from query, body or bearer; twice the same is fine, two different ones are 400', async (t) => {
  const { session_id } = await openSession(t);
  const bearer = { authorization: `Bearer ${session_id}` };
  await ok(get(`configure?session_id=${session_id}`));
  await ok(get('configure', { headers: bearer }));
  await ok(get(`configure?session_id=${session_id}`, { headers: bearer }));
  await ok(call('POST', 'configure/test', { body: {}, headers: bearer }));
  await ok(call('POST', `configure/test?session_id=${session_id}`, { body: { session_id }, headers: bearer }));
  isProblem(await get(`configure?session_id=${unknownSession}`, { headers: bearer }), 400);
  isProblem(await get(`configure?session_id=${session_id}&session_id=${unknownSession}`), 400);
  isProblem(await call('POST', 'configure/test', { body: { session_id: unknownSession }, headers: bearer }), 400);
  isProblem(await call('POST', `configure/test?session_id=${session_id}`, { body: { session_id: unknownSession } }), 400);
});

test('without a session every route that needs one says so, and an unknown one is 404', async () => {
  const needing = {
    GET: ['configure', 'analytics/metrics', 'analytics/results', 'analytics/search?keyword=a', 'analytics/latency-distribution', `analytics/compare?base=${unknownRun}&other=11111111-0000-4000-8000-000000000000`, 'analytics/by-group?group_by=category', 'export?format=json'],
    POST: ['configure/test', 'atlas', 'batch-test', 'test-suites', 'analytics/query'],
  };
  const more = { 'analytics/query': { query: { measure: 'latency', statistic: 'mean' } }, 'batch-test': { test_suite_id: unknownRun }, 'test-suites': { name: 'Mine', prompts: ['Hi.'] } };
  for (const path of needing.GET) {
    isProblem(await get(path), 422, 'invalid_field', ['session_id']);
    const given = `${path}${path.includes('?') ? '&' : '?'}session_id=`;
    isProblem(await get(given + unknownSession), 404, 'session_not_found');
    isProblem(await get(`${given}demo-nonsense`), 404, 'session_not_found');
  }
  for (const path of needing.POST) {
    isProblem(await post(path, { ...more[path] }), 422, 'invalid_field', ['session_id']);
    isProblem(await post(path, { session_id: unknownSession, ...more[path] }), 404, 'session_not_found');
    isProblem(await post(path, { session_id: 'nonsense', ...more[path] }), 404, 'session_not_found');
  }
});

test('changes asked for from another site are refused, and reading is not opened to it', async (t) => {
  const { session_id } = await openSession(t);
  const body = { session_id };
  const own = new URL(urlOf('/')).origin;
  for (const headers of [{ origin: 'https://elsewhere.example' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'null' }]) {
    isProblem(await call('POST', 'configure/test', { body, headers }), 403, 'forbidden_origin');
    isProblem(await call('DELETE', `configure?session_id=${session_id}`, { headers }), 403, 'forbidden_origin');
  }
  await ok(call('POST', 'configure/test', { body, headers: { origin: own, 'sec-fetch-site': 'same-origin' } }));
  carriesHeaders(await get('providers', { headers: { origin: 'https://elsewhere.example' } }));
});

test('pages: the default, the most, what is refused', async (t) => {
  const { session_id } = await openSession(t);
  const path = `analytics/results?session_id=${session_id}`;
  await ok(get(`${path}&page_size=0`));
  await ok(get(`${path}&page_size=1000000`));
  isProblem(await get(`${path}&page_size=-1`), 422, 'invalid_field', ['page_size']);
  isProblem(await get(`${path}&page_size=2&page_size=3`), 400, 'invalid_field', ['page_size']);
  for (const token of ['nonsense', 'AAAA', '..%2F..']) {
    const answer = await get(`${path}&page_token=${token}`);
    isProblem(answer, answer.status === 400 ? 400 : 422, 'invalid_field', ['page_token']);
  }
});

test('an Idempotency-Key is 1 to 255 visible characters', async (t) => {
  const { session_id } = await openSession(t);
  const body = { session_id, name: 'Mine', prompts: ['Hi.'] };
  for (const key of ['', 'two words', 'x'.repeat(256)]) {
    isProblem(await call('POST', 'test-suites', { body, headers: { 'idempotency-key': key } }), 400);
  }
  await ok(call('POST', 'test-suites', { body, headers: { 'idempotency-key': 'x'.repeat(255) } }), 201);
});

test('JSON keeps to the conventions, and no answer shows the key', async (t) => {
  const { session_id } = await openSession(t);
  const answers = [
    await post('configure/test', { session_id }),
    await get(`configure?session_id=${session_id}`),
    await get('providers'),
    await get('test-suites'),
    await get('/health'),
    await get('/metrics'),
    await get(`analytics/metrics?session_id=${session_id}`),
    await get(`analytics/latency-distribution?session_id=${session_id}`),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.headers.get('content-type'), /^application\/json\b/);
    isConventional(answer);
    assert.ok(!answer.text.includes(apiKey), answer.what);
  }
});

test('an event stream says that it is one and is stored by nobody', async (t) => {
  const { session_id } = await openSession(t);
  const stream = await EventStream.open('POST', 'atlas', { body: { session_id, narrator: 'builtin' } });
  assert.equal(stream.response.status, 200);
  assert.match(stream.response.headers.get('content-type'), /^text\/event-stream\b/);
  assert.match(stream.response.headers.get('cache-control'), /\bno-store\b/);
  assert.equal(stream.response.headers.get('x-accel-buffering'), 'no');
  carriesHeaders({ what: 'the stream of atlas', headers: stream.response.headers });
  await stream.all();
});
