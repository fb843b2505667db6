// After a session is cleaned up its key is nowhere: not in the memory of any process, not in a log, not in a file of the
// database, in none of the forms in which it may have stood there. Programs must be release builds for the memory: sanitizers
// keep freed memory. Needs root, since the programs refuse to be looked into by others.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';
import { Traces } from './traces.mjs';

// With characters that URLs, JSON and base64 write otherwise.
const apiKey = `sk-leak/${randomBytes(24).toString('base64url')}+${randomBytes(18).toString('hex')}=`;
const keyTraces = new Traces(apiKey);
const sessionIds = [];
const answers = [];
let installation;
let client;
let endpoints;
let foundInUse = 0;

async function start(flags) {
  installation = Installation.start({ DEMO_MAX_SESSIONS_PER_ADDRESS: '10', FTL_LOG_LEVEL: 'debug' }, flags);
  client = await import('../contract/client.mjs');
  endpoints = await import('../contract/endpoint.mjs');
}

// An answer, kept to be looked through.
async function said(answer) {
  const came = await answer;
  answers.push(came.text);
  return came;
}

async function open(fields) {
  const body = { endpoint_url: client.sampleEndpoint, api_key: apiKey, model_id: 'sample-fast', ...fields };
  const { session_id: id } = await client.ok(said(client.post('configure', body)), 201);
  sessionIds.push(id);
  return id;
}

async function streamed(method, path, body) {
  const stream = await client.EventStream.open(method, path, { body });
  const events = await stream.all();
  answers.push(JSON.stringify(events));
  return events;
}

async function run(sessionId, prompts, options = {}) {
  const suite = await client.ok(said(client.post('test-suites', { session_id: sessionId, name: 'Own', prompts })), 201);
  const body = { session_id: sessionId, test_suite_id: suite.id, prompt_limit: prompts.length, ...options };
  const { test_run_id: id } = await client.ok(said(client.post('batch-test', body)), 202);
  const events = await streamed('GET', `batch-test/${id}/events`);
  assert.equal(events.at(-1).event, 'done');
  await said(client.get(`batch-test?test_run_id=${id}`));
  return id;
}

async function lookAtEverything(sessionId) {
  for (const path of ['configure?', 'batch-test?', 'analytics/metrics?', 'analytics/results?', 'analytics/search?keyword=key&', 'test-suites?']) {
    await client.ok(said(client.get(`${path}session_id=${sessionId}`)));
  }
  for (const format of ['csv', 'json', 'jsonl', 'pdf']) await said(client.get(`export?session_id=${sessionId}&format=${format}`));
  for (const narrator of ['builtin', 'auto', 'model']) {
    await streamed('POST', 'atlas', { session_id: sessionId, narrator, messages: [{ role: 'user', content: 'Which prompts failed, and why?' }] });
  }
}

// Every way in which a key can come in and be refused.
async function refusals() {
  const url = client.sampleEndpoint;
  const json = (fields) => JSON.stringify({ endpoint_url: url, api_key: apiKey, model_id: 'm', ...fields });
  const bodies = [
    json({ endpoint_url: 'http://169.254.169.254/v1' }), json({ unknown: 1 }), json({ model_id: 7 }), json({}).slice(0, -1),
    `${json({})} and more`, json({ model_name: 'x'.repeat(100_000) }), json({ headers: { Host: apiKey } }),
    json({ headers: { 'X-A': `${apiKey}\nX-B: 1` } }), json({ headers: [apiKey] }), json({ endpoint_url: `https://example.com/${encodeURIComponent(apiKey)}#` }),
  ];
  for (const body of bodies) {
    const answer = await said(client.post('configure', body));
    assert.ok(answer.status >= 400, `${body.length} bytes are answered ${answer.status}`);
  }
  await said(client.get(`configure?session_id=${encodeURIComponent(apiKey)}`));
  await said(client.get('configure?session_id=demo-0', { headers: { authorization: `Bearer ${apiKey}` } }));
}

// Leaves a run behind that the clean-up has to stop, and looks whether a key in use is found.
async function useTheKey() {
  const session_id = await open({ model_id: 'sample-slow' });
  await client.ok(said(client.post('configure/test', { session_id })));
  const suite = await client.ok(client.post('test-suites', { session_id, name: 'Slow', prompts: ['One', 'Two', 'Three'] }), 201);
  await client.ok(client.post('batch-test', { session_id, test_suite_id: suite.id }), 202);
  await client.wait(500);
  if (process.getuid() !== 0) return;
  const runner = installation.processes().filter(({ name }) => name === 'batch-runner' || name === 'all-in-one');
  foundInUse = runner.flatMap((one) => keyTraces.inMemory(one)).length;
}

// The tests, on an installation that `up` starts with these flags.
export function testThatNoKeyIsLeft(flags) {
  before(() => start(flags));
  after(() => installation?.stop());

  test('sessions are opened, tested, run, asked about, exported and cleaned up', async (t) => {
    await refusals();
    for (const form of [{ session_id: await open() }, { endpoint_url: client.sampleEndpoint, api_key: apiKey }]) {
      await client.ok(said(client.post('configure/models', form)));
    }
    const echoing = await open({ model_id: 'fault-echo-key' });
    const refused = await client.ok(said(client.post('configure/test', { session_id: echoing })));
    assert.equal(refused.error_type, 'auth');
    const gone = await open({ endpoint_url: 'http://127.0.0.1:59998/v1' });
    await client.ok(said(client.post('configure/test', { session_id: gone })));

    const plain = await open();
    await client.ok(said(client.post('configure/test', { session_id: plain })));
    await run(plain, Array.from({ length: 20 }, (_, i) => `Say something about number ${i}.`), { concurrency: 8 });
    await lookAtEverything(plain);

    // The secret as a further header, in place of the key.
    const gated = await open({ api_key: '', headers: { 'X-Gate': apiKey } });
    await client.ok(said(client.post('configure/test', { session_id: gated })));
    await client.ok(said(client.post('configure/models', { session_id: gated })));
    await run(gated, ['One more.', 'And another.']);
    await lookAtEverything(gated);

    // An endpoint that gives the key away in what it says, in every prompt another way.
    const says = [...Object.values(keyTraces.forms), `in the middle of ${apiKey} a sentence`];
    const relay = await open({ endpoint_url: await endpoints.faultRelay(t) });
    await client.ok(said(client.post('configure/test', { session_id: relay })));
    await run(relay, ['fault-echo-key: one', 'fault-echo-key: two', 'plain']);
    await lookAtEverything(relay);
    for (const stream of [true, false]) {
      const { url } = await endpoints.chatEndpoint(t, ({ prompt }) => ({ text: says[Number(prompt)] }));
      const telling = await open({ endpoint_url: url, forget_key_after_run: true });
      await client.ok(said(client.post('configure/test', { session_id: telling })));
      await run(telling, says.map((_, i) => `${i}`), { stream });
    }
    await useTheKey();
    for (const session_id of sessionIds) {
      const { deleted } = await client.ok(said(client.post('cleanup', { session_id })));
      assert.equal(deleted.config, true);
    }
    await client.wait(1000);
  });

  test('no answer shows the key', () => {
    assert.ok(answers.length > 50);
    assert.deepEqual(answers.flatMap((text) => keyTraces.in(Buffer.from(text)).map(({ form, at }) => `${form}: ${keyTraces.around(Buffer.from(text), at)}`)), []);
  });

  test('no log shows the key or a session id', () => {
    const log = join(installation.data, 'log');
    assert.ok(readdirSync(log).length >= 4);
    assert.deepEqual([keyTraces, ...sessionIds.map((id) => new Traces(id.slice(5)))].flatMap((traces) => traces.inFiles(log)), []);
  });

  test('no metric shows the key or a session id', async () => {
    const metrics = await installation.metrics();
    for (const [name, text] of Object.entries(metrics)) {
      assert.match(text, /^# TYPE /m, `${name} has no metrics`);
      for (const secret of [apiKey, ...sessionIds.map((id) => id.slice(5))]) assert.deepEqual(new Traces(secret).in(Buffer.from(text)), [], name);
    }
  });

  test("no file of the database shows the key or a session id, its write-ahead log included", () => {
    const files = join(installation.data, 'postgres');
    assert.ok(existsSync(join(files, 'pg_wal')));
    assert.deepEqual([keyTraces, ...sessionIds.map((id) => new Traces(id.slice(5)))].flatMap((traces) => traces.inFiles(files)), []);
  });

  test('no process may leave a core file', () => {
    for (const { pid, name } of installation.processes()) {
      if (/postgres|sample/.test(name)) continue;
      assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m, name);
    }
  });

  test('no process has the key in its memory', { skip: process.getuid() !== 0 && 'only root can look' }, () => {
    assert.ok(foundInUse > 0, 'a key in use is not found either: the search itself finds nothing');
    const looked = installation.processes().filter(({ name }) => name !== 'sample-endpoint');
    assert.ok(looked.length >= 3);
    assert.deepEqual(looked.flatMap((one) => keyTraces.inMemory(one)), []);
  });
}
