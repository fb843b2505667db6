// One real call to the person's endpoint, and what is said of it.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { get, ok, post, sampleEndpoint } from './client.mjs';
import { chatEndpoint, greeting } from './endpoint.mjs';
import { hasFields, isAbout, isConventional } from './judge.mjs';
import { apiKey, cleanUp, openSession, sampleUrl } from './sessions.mjs';

const state = (session_id) => ok(get(`configure?session_id=${session_id}`));

test('a connection that works: latency, time to first token, and the session is tested', async (t) => {
  const { session_id } = await openSession(t, { model_id: 'sample-fast' });
  const answer = await post('configure/test', { session_id });
  const tested = await ok(answer);
  hasFields(tested, ['success', 'latency_ms', 'ttft_ms', 'message'], ['capabilities']);
  isConventional(answer);
  assert.equal(tested.success, true);
  assert.equal(tested.message, 'Connection successful');
  assert.ok(tested.ttft_ms >= 30 && tested.ttft_ms <= tested.latency_ms && tested.latency_ms < 10_000, answer.text);
  const { connection_tested, connection_latency_ms, last_error } = await state(session_id);
  assert.equal(connection_tested, true);
  isAbout(connection_latency_ms, tested.latency_ms, 1, 'connection_latency_ms');
  assert.equal(last_error, undefined);
});

test('it is one call, small and streamed, with the greeting and the key', async (t) => {
  const endpoint = await chatEndpoint(t);
  const { session_id } = await openSession(t, { endpoint_url: endpoint.url, model_id: 'a-model' });
  const tested = await ok(post('configure/test', { session_id }));
  assert.equal(tested.success, true, JSON.stringify(tested));
  assert.equal(endpoint.calls.length, 1);
  const [{ body, headers, path }] = endpoint.calls;
  assert.equal(path, '/v1/chat/completions');
  assert.equal(body.model, 'a-model');
  assert.equal(body.stream, true);
  assert.deepEqual(body.messages, [{ role: 'user', content: greeting }]);
  assert.ok((body.max_tokens ?? body.max_completion_tokens) <= 256);
  assert.equal(headers.authorization, `Bearer ${apiKey}`);
  assert.ok(!/gzip|deflate|br/.test(headers['accept-encoding'] ?? ''));
});

test('a second call is made only after a 400 or 422 that names a parameter', async (t) => {
  for (const [status, message, calls] of [[400, "Unsupported parameter: 'max_tokens'.", 2], [422, 'stream_options: extra inputs are not permitted', 2], [500, 'Broken.', 1], [400, 'Just no.', 1]]) {
    const endpoint = await chatEndpoint(t, (_, number) => (number === 1 ? { status, json: { error: { message, type: 'invalid_request_error' } } } : undefined), { greets: false });
    const { session_id } = await openSession(t, { endpoint_url: endpoint.url });
    const tested = await ok(post('configure/test', { session_id }));
    assert.equal(endpoint.calls.length, calls, `${status} ${message}: ${JSON.stringify(tested)}`);
    assert.equal(tested.success, calls === 2);
    await cleanUp(session_id);
  }
});

test('what the endpoint was found to need is told, and shown with the session', async (t) => {
  const learned = [
    ['sample-zero', { streaming: true, stream_options: true, stream_usage: true, max_completion_tokens: false, temperature: true, dropped_parameters: [] }],
    ['sample-reasoner', { reasoning: true }],
    ['fault-json-for-stream', { streaming: false }],
    ['fault-no-usage', { stream_usage: false }],
    ['fault-http-400-max-tokens', { max_completion_tokens: true }],
    ['fault-http-400-temperature', { temperature: false, dropped_parameters: ['temperature'] }],
    ['fault-http-422-stream-options', { stream_options: false, stream_usage: false, dropped_parameters: ['stream_options'] }],
    ['fault-http-400-stream', { streaming: false, dropped_parameters: ['stream'] }],
  ];
  for (const [model_id, wanted] of learned) {
    const { session_id } = await openSession(t, { model_id });
    assert.equal((await state(session_id)).capabilities, undefined, 'nothing is known before the test');
    const { capabilities, success } = await ok(post('configure/test', { session_id }));
    assert.equal(success, true, model_id);
    for (const [name, value] of Object.entries(wanted)) assert.deepEqual(capabilities[name], value, `${name} of ${model_id}: ${JSON.stringify(capabilities)}`);
    assert.deepEqual((await state(session_id)).capabilities, capabilities);
    await cleanUp(session_id);
  }
});

test('it listens no longer than it takes to know', async (t) => {
  // So slow that its answer would take longer than the whole test may.
  const { session_id } = await openSession(t, { model_id: 'sample-slow' });
  const tested = await ok(post('configure/test', { session_id }));
  assert.equal(tested.success, true, JSON.stringify(tested));
  assert.ok(tested.latency_ms - tested.ttft_ms < 1000, JSON.stringify(tested));
});

const failures = [
  ['fault-http-401', 'auth'],
  ['fault-http-403', 'auth'],
  ['fault-echo-key', 'auth'],
  ['fault-http-404-model', 'model_not_found'],
  ['fault-http-404-html', 'model_not_found'],
  ['no-such-model', 'model_not_found'],
  ['fault-http-429', 'rate_limit'],
  ['fault-http-429-quota', 'rate_limit'],
  ['fault-http-402-quota', 'rate_limit'],
  ['fault-http-500', 'api_error'],
  ['fault-http-502-html', 'api_error'],
  ['fault-http-503', 'api_error'],
  ['fault-http-400', 'api_error'],
  ['fault-redirect', 'api_error'],
  ['fault-html-200', 'api_error'],
  ['fault-not-json', 'api_error'],
  ['fault-hang-up', 'network'],
  ['fault-cut-json', null],
];

test('an endpoint that fails is 200 with plain words and the kind of failure', async (t) => {
  for (const [model_id, wanted] of failures) {
    const { session_id } = await openSession(t, { model_id });
    const answer = await post('configure/test', { session_id });
    const tested = await ok(answer);
    if (wanted === null) {
      // Any token means connected: this one is cut after some.
      assert.equal(tested.success, true, `${model_id}: ${answer.text}`);
    } else {
      assert.equal(tested.success, false, `${model_id}: ${answer.text}`);
      assert.equal(tested.error_type, wanted, `${model_id}: ${answer.text}`);
      assert.match(tested.error, /\w+ .*[.!?]"?$/, model_id);
      assert.notEqual(tested.message, 'Connection successful');
      const { connection_tested, last_error, connection_latency_ms } = await state(session_id);
      assert.equal(connection_tested, false);
      assert.equal(connection_latency_ms, undefined);
      assert.equal(last_error, tested.error);
    }
    isConventional(answer);
    assert.ok(!answer.text.includes(apiKey) && !/169\.254/.test(answer.text), answer.text);
    await cleanUp(session_id);
  }
});

test('tokens of reasoning, or none because of the length limit, mean connected', async (t) => {
  for (const model_id of ['sample-reasoner', 'fault-empty-answer-length', 'fault-json-for-stream', 'shape-gemini', 'shape-openrouter']) {
    const { session_id } = await openSession(t, { model_id });
    const tested = await ok(post('configure/test', { session_id }));
    assert.equal(tested.success, true, `${model_id}: ${JSON.stringify(tested)}`);
    await cleanUp(session_id);
  }
});

test('nobody there is network, no TLS there is tls, silence is timeout within 10 s', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((there) => silent.once('listening', there));
  t.after(() => silent.close());
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((there) => closed.once('listening', there));
  const free = closed.address().port;
  await new Promise((gone) => closed.close(gone));
  const cases = [
    [`http://127.0.0.1:${free}/v1`, 'network'],
    [sampleUrl().replace('http:', 'https:'), 'tls'],
    [`http://127.0.0.1:${silent.address().port}/v1`, 'timeout'],
  ];
  for (const [endpoint_url, wanted] of cases) {
    const { session_id } = await openSession(t, { endpoint_url });
    const began = Date.now();
    const tested = await ok(post('configure/test', { session_id }));
    assert.equal(tested.success, false);
    assert.equal(tested.error_type, wanted, JSON.stringify(tested));
    if (wanted === 'timeout') assert.ok(Date.now() - began > 9000 && Date.now() - began < 13_000, `${Date.now() - began} ms`);
    await cleanUp(session_id);
  }
});

test('a name is judged at the connection: blocked_address', { skip: !sampleEndpoint }, async (t) => {
  // The name is public in spelling; without a resolver it is unknown, and then that is said.
  const { session_id } = await openSession(t, { endpoint_url: 'http://blocked.finetunelab-contract-test.com/v1' });
  const tested = await ok(post('configure/test', { session_id }));
  assert.equal(tested.success, false);
  assert.ok(['network', 'blocked_address', 'timeout'].includes(tested.error_type), JSON.stringify(tested));
});

test('failure after success unsets what success had set, and the other way round', async (t) => {
  let status = 200;
  const endpoint = await chatEndpoint(t, () => ({ status }), { greets: false });
  const { session_id } = await openSession(t, { endpoint_url: endpoint.url });
  await ok(post('configure/test', { session_id }));
  assert.equal((await state(session_id)).connection_tested, true);
  status = 401;
  await ok(post('configure/test', { session_id }));
  let now = await state(session_id);
  assert.equal(now.connection_tested, false);
  assert.ok(now.last_error);
  status = 200;
  await ok(post('configure/test', { session_id }));
  now = await state(session_id);
  assert.equal(now.connection_tested, true);
  assert.ok(!('last_error' in now));
});

test('a model that loads for 12 s is told as such, keeps its one call, and passes the next test', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 12_000 }), { greets: false });
  const { session_id } = await openSession(t, { endpoint_url: endpoint.url });
  const first = await ok(post('configure/test', { session_id }));
  assert.deepEqual([first.success, first.error_type], [false, 'timeout'], JSON.stringify(first));
  assert.match(first.error, /still loading.*test again/);
  const second = await ok(post('configure/test', { session_id }));
  assert.equal(second.success, true, JSON.stringify(second));
  assert.ok(second.latency_ms > 11_500 && second.latency_ms < 14_000, JSON.stringify(second));
  assert.equal(endpoint.calls.length, 1, 'the second test waited for the call of the first');
});

test('a model that says that it is loading is no failure of key or URL', async (t) => {
  for (const model_id of ['fault-err-llamacpp', 'fault-loading-500', 'fault-loading-scaling']) {
    const { session_id } = await openSession(t, { model_id });
    const tested = await ok(post('configure/test', { session_id }));
    if (!tested.success) assert.match(tested.error, /still loading \(50[03]\)\. Wait a moment/);
    await cleanUp(session_id);
  }
});
