// Which models an endpoint has.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { ok, post, wait } from './client.mjs';
import { hasFields, isConventional, isProblem, kTimestamp } from './judge.mjs';
import { apiKey, openSession, sampleUrl } from './sessions.mjs';

// Asks by endpoint, waiting its turn where an earlier test has used up the address's minute.
async function ask(body) {
  for (;;) {
    const answer = await post('configure/models', body);
    if (answer.status !== 429) return answer;
    await wait(1000 * Number(answer.headers.get('retry-after')));
  }
}

// Asks by a session, for which there is no such limit.
async function askedBySession(t, endpoint_url) {
  const { session_id } = await openSession(t, { endpoint_url });
  return post('configure/models', { session_id });
}

async function listing(t, status, text, headers = {}) {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(text);
  }).listen(0, '127.0.0.1');
  await new Promise((there) => server.once('listening', there));
  t.after(() => {
    server.close();
    server.closeAllConnections?.();
  });
  return `http://127.0.0.1:${server.address().port}/v1`;
}

test("a session's endpoint is asked", async (t) => {
  const { session_id } = await openSession(t);
  const answer = await post('configure/models', { session_id });
  const { models } = await ok(answer);
  isConventional(answer);
  assert.ok(models.some(({ id }) => id === 'sample-fast'), answer.text);
  for (const model of models) {
    hasFields(model, ['id'], ['owned_by', 'created_at']);
    assert.equal(model.owned_by, 'finetunelab-sample-endpoint');
    assert.match(model.created_at, kTimestamp);
    assert.equal(Date.parse(model.created_at), 1735689600000);
  }
  assert.ok(!answer.text.includes(apiKey));
});

test('an endpoint that is named is asked, and no session is needed', async () => {
  const { models } = await ok(ask({ endpoint_url: sampleUrl(), api_key: apiKey }));
  assert.ok(models.length >= 5);
});

test('neither session nor endpoint is 422; a forbidden address is 422 endpoint_not_allowed', async () => {
  isProblem(await post('configure/models', {}), 422, 'invalid_field');
  isProblem(await ask({ endpoint_url: 'http://169.254.169.254/v1', api_key: '' }), 422, 'endpoint_not_allowed');
  isProblem(await post('configure/models', { session_id: `demo-${'b'.repeat(64)}` }), 404, 'session_not_found');
});

test('an endpoint that refuses or breaks is 502 and its words and the key are not repeated raw', async (t) => {
  const { session_id } = await openSession(t, { api_key: 'wrong-key' });
  isProblem(await post('configure/models', { session_id }), 502, 'endpoint_failed');
  for (const [status, text] of [[404, '<html>'], [500, apiKey], [200, 'this is not JSON'], [200, '{"models":3}'], [302, '']]) {
    const endpoint_url = await listing(t, status, text, { location: 'http://169.254.169.254/' });
    const answer = await askedBySession(t, endpoint_url);
    isProblem(answer, 502, 'endpoint_failed');
    assert.ok(!answer.text.includes(apiKey), answer.text);
  }
});

test('a list in the shape of any server is read', async (t) => {
  for (const text of ['[{"id":"one"},{"id":"two"}]', '{"data":[{"id":"one","created":null},{"id":"two","owned_by":""}],"object":"list"}', '{"object":"list","models":[],"data":[{"id":"one","meta":{}},{"id":"two"}]}', '{"data":{"models":[{"id":"one"},{"id":"two"}]}}', '{"models":{"one":{},"two":{}}}', '[{"provider":"p","models":["one","two"]}]']) {
    const endpoint_url = await listing(t, 200, text);
    const { models } = await ok(askedBySession(t, endpoint_url));
    assert.deepEqual(models.map(({ id }) => id), ['one', 'two'], text);
  }
});

test('a long list is listed whole, one that is longer says so, and pages are followed', async (t) => {
  const list = (from, count) => Array.from({ length: count }, (_, index) => ({ id: `model-${from + index}`, owned_by: 'o'.repeat(200) }));
  const long = await ok(askedBySession(t, await listing(t, 200, JSON.stringify({ data: list(0, 1500) }))));
  assert.deepEqual([long.models.length, long.truncated, long.models[1499].id], [1500, undefined, 'model-1499']);
  const longer = await ok(askedBySession(t, await listing(t, 200, JSON.stringify({ data: list(0, 6000) }))));
  assert.deepEqual([longer.models.length, longer.truncated], [5000, true]);
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const after = Number(/after_id=model-(\d+)/.exec(request.url)?.[1] ?? -1);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: list(after + 1, 100), has_more: after < 200, first_id: `model-${after + 1}`, last_id: `model-${after + 100}` }));
  }).listen(0, '127.0.0.1');
  await new Promise((there) => server.once('listening', there));
  t.after(() => server.close());
  const paged = await ok(askedBySession(t, `http://127.0.0.1:${server.address().port}/v1`));
  assert.deepEqual([paged.models.length, paged.truncated, asked.length], [400, undefined, 4], asked.join(' '));
});

test('an endpoint that does not answer is 504', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((there) => server.once('listening', there));
  t.after(() => {
    server.close();
    server.closeAllConnections?.();
  });
  const { session_id } = await openSession(t, { endpoint_url: `http://127.0.0.1:${server.address().port}/v1` });
  isProblem(await post('configure/models', { session_id }), 504, 'endpoint_timeout');
});

test('ten a minute for an address, then 429 with the time to wait', async () => {
  // Shares of a limit are drawn for a second at a time, so that one share may come on top.
  for (let asked = 0; asked < 40; asked += 1) {
    const answer = await post('configure/models', { endpoint_url: sampleUrl(), api_key: '' });
    if (answer.status === 429) {
      isProblem(answer, 429, 'rate_limited');
      assert.ok(Number(answer.headers.get('retry-after')) <= 60);
      return;
    }
    await ok(answer);
  }
  assert.fail('forty were answered');
});
