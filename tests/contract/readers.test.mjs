// Who takes a download: clients that stop reading, and clients that go away. In an installation of their own, whose metrics
// nobody else moves. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { baseUrl, get, ok, until, urlOf, wait } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { installed } from './installation.mjs';
import { finishedRun, testedSession, uniquePrompts } from './sessions.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const prompts = 600;
const answerBytes = 100_000; // 60 MB in all, far more than sockets hold

const metric = async (pattern) => [...(await get('/metrics/prometheus')).text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
const queries = () => metric(/^ftl_database_wait_seconds_count\{application="finetunelab-export",lane="calls"\} (\d+)$/gm);
const brokenOff = () => metric(/^ftl_rpc_server_requests_total\{code="cancelled",method="Export"\} (\d+)$/gm);
const ended = () => metric(/^ftl_rpc_server_requests_total\{code="\w+",method="Export"\} (\d+)$/gm);

// How many queries there were once none has come for half a second.
async function settledQueries() {
  let last = await queries();
  for (;;) {
    await wait(500);
    const now = await queries();
    if (now === last) return now;
    last = now;
  }
}

// A download over a plain socket: `bytes` that came, and the last of them.
function reader(path) {
  const { hostname, port } = new URL(baseUrl());
  const socket = connect(Number(port), hostname);
  const taken = { socket, bytes: 0, tail: '' };
  socket.on('data', (piece) => {
    taken.bytes += piece.length;
    taken.tail = (taken.tail + piece.subarray(-8).toString('latin1')).slice(-8);
  });
  socket.on('error', () => {});
  socket.write(`GET ${new URL(urlOf(path)).pathname}${new URL(urlOf(path)).search} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  return taken;
}

async function stalled(path) {
  const taken = reader(path);
  await until('the first bytes come', () => taken.bytes > 0);
  taken.socket.pause();
  return taken;
}

describe('who takes a download', { skip }, () => {
  const ends = [];
  after(async () => {
    // Each of them, whatever became of those before it: an endpoint that is left open holds the file for ever.
    const ended = await Promise.allSettled(ends.map(async (end) => end()));
    for (const { status, reason } of ended) if (status === 'rejected') throw reason;
  });
  installed({ DEMO_ALLOW_LOCALHOST: 'true', DEMO_MAX_PROMPTS_PER_SESSION: String(prompts) });
  const whole = {}; // bytes and queries of each file
  let session;
  const file = (format) => `export?session_id=${session}&format=${format}`;

  before(async () => {
    const t = { after: (what) => ends.unshift(what) };
    const endpoint = await chatEndpoint(t, () => ({ text: randomBytes((answerBytes * 3) / 4).toString('base64') }));
    session = await testedSession(t, { endpoint_url: endpoint.url });
    const checked = uniquePrompts(prompts).map((prompt) => ({ prompt, checks: [{ kind: 'not_contains', value: '!' }] }));
    const run = await finishedRun(session, checked, { concurrency: 32, stream: false });
    assert.equal(run.completed_prompts, prompts, JSON.stringify({ ...run, results: run.results.slice(0, 1) }).slice(0, 500));
  });

  for (const format of ['csv', 'json', 'jsonl', 'junit']) {
    test(`${format}: a client that stops reading stops the queries, and has the whole file once it reads on`, { timeout: 120_000 }, async () => {
      const [none, resident] = [await settledQueries(), (await ok(get('/metrics'))).process.resident_bytes];
      const taken = await stalled(file(format));
      const asked = (await settledQueries()) - none;
      const grown = (await ok(get('/metrics'))).process.resident_bytes - resident;
      taken.socket.resume();
      await until('the file is whole', () => taken.socket.closed || taken.tail.endsWith('0\r\n\r\n'), { seconds: 60 });
      assert.ok(taken.tail.endsWith('0\r\n\r\n'), `${taken.bytes} bytes came, the last ${JSON.stringify(taken.tail)}`);
      whole[format] = { bytes: taken.bytes, queries: (await settledQueries()) - none };
      assert.ok(taken.bytes > prompts * 20_000, `${taken.bytes}`);
      assert.ok(asked < whole[format].queries * 0.75, `${asked} of ${whole[format].queries} queries were made for who read nothing`);
      assert.ok(grown < taken.bytes / 2, `${grown} bytes were kept for who read nothing`);
    });

    test(`${format}: a client that goes away ends it`, { timeout: 60_000 }, async () => {
      const [none, before] = [await settledQueries(), await brokenOff()];
      const { socket } = await stalled(file(format));
      await settledQueries();
      socket.destroy();
      await until('the download has ended', async () => (await brokenOff()) === before + 1, { seconds: 10 });
      const asked = (await settledQueries()) - none;
      assert.ok(asked < whole[format].queries * 0.75, `${asked} of ${whole[format].queries} queries were made for who had gone`);
    });
  }

  for (const format of ['xlsx', 'pdf', 'html']) {
    test(`${format}: a client that goes away while it is made ends it, and the next has its file`, { timeout: 60_000 }, async () => {
      const [none, before] = [await settledQueries(), await ended()];
      const { socket } = reader(file(format));
      await until('the download has begun', async () => (await queries()) > none, { everyMs: 5 });
      socket.destroy();
      await until('the download has ended', async () => (await ended()) === before + 1, { seconds: 20 });
      const answer = await fetch(urlOf(file(format)));
      assert.equal(answer.status, 200);
      assert.ok((await answer.arrayBuffer()).byteLength > 10_000);
    });
  }
});
