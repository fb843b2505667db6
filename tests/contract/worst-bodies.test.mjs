// What one request may cost: every route with the worst bodies of each kind, with and without a session, by the CPU time of the
// whole program and the size of the answer. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { kinds, megabyte } from './bodies.mjs';
import { call, get, ok, post, useInstallation } from './client.mjs';
import { Installation } from './installation.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const program = 'all-in-one';
const ticksPerSecond = 100;

function ticksOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

describe('what one request may cost', { skip }, () => {
  const installation = new Installation([], { DEMO_MAX_REQUESTS_PER_MINUTE: '1000000' });
  let pid;
  let session;
  let routes;

  before(async () => {
    useInstallation((await installation.up()).url);
    pid = installation.pid(program);
    const opened = post('configure', { endpoint_url: installation.sampleEndpoint, api_key: 'a-key-of-these-tests', model_id: 'sample-zero' });
    session = (await ok(opened, 201)).session_id;
    const { paths } = await ok(get('/openapi.json'));
    routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).filter((method) => method === 'post' || method === 'delete').map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '11111111-2222-4333-8444-555555555555')]),
    );
    assert.ok(routes.length >= 8, JSON.stringify(routes));
  });
  after(() => installation.remove());

  // Seconds of CPU that the program takes for one request, everything it does meanwhile with it.
  async function costOf(method, path, body, headers = {}) {
    const started = ticksOf(pid);
    const answer = await call(method, path, { body, headers });
    return { seconds: (ticksOf(pid) - started) / ticksPerSecond, answer };
  }

  for (const [size, bytes] of [['64 KB', 65_000], ['1 MB', megabyte], ['8 MB', 8 * megabyte]]) {
    test(`every route takes little for a bad body of ${size}, whoever sends it`, { timeout: 300_000 }, async () => {
      const wrong = [];
      for (const [method, path] of routes) {
        for (const [kind, make] of Object.entries(kinds)) {
          const isLarge = bytes > 65_000 && !/test-suites|atlas/.test(path);
          if (isLarge && kind !== 'of prompts that are numbers') continue;
          const body = make(bytes);
          for (const headers of [{}, { authorization: `Bearer ${session}` }]) {
            const closes = /cleanup|configure$/.test(path);
            if (closes && headers.authorization) continue;
            const { seconds, answer } = await costOf(method, path, body, headers);
            const what = `${method} ${path} ${kind}, ${headers.authorization ? 'with' : 'without'} a session: ${answer.status}, ${seconds} s, ${answer.text.length} bytes`;
            const most = headers.authorization ? 0.5 : bytes > megabyte ? 0.3 : 0.15;
            if (answer.status >= 500 || seconds > most || answer.text.length > 65_536) wrong.push(what);
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  // By the nanoseconds that the kernel counts for each thread.
  async function millisecondsOf(path, body) {
    const spent = () => readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]), 0);
    const costs = [];
    let answer;
    for (let time = 0; time < 5; time += 1) {
      const before = spent();
      answer = await call('POST', path, { body });
      costs.push((spent() - before) / 1e6);
    }
    return { answer, milliseconds: Math.min(...costs) };
  }

  test('a session that is not there costs 5 ms at the most, however large the body is behind its name', { timeout: 60_000 }, async () => {
    const unknown = `demo-${'ab'.repeat(32)}`;
    const wrong = [];
    for (const bytes of [60_000, megabyte, 8 * megabyte, 31 * megabyte]) {
      for (const kind of ['of prompts that are numbers', 'of prompts with an unknown field', 'of escapes', 'of one long string']) {
        const body = `{"session_id":"${unknown}",${kinds[kind](bytes - 100).slice(1)}`;
        const { answer, milliseconds } = await millisecondsOf('test-suites', body);
        if (bytes > 65_536) assert.equal(answer.status, 404, `${kind}: ${answer.text}`);
        if (milliseconds > 5) wrong.push(`${bytes} bytes ${kind}: ${milliseconds.toFixed(1)} ms`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test('a session that is named behind everything is found there too', async () => {
    for (const prompts of [20_000, 90_000]) {
      const own = { content: `One prompt. ${'\\" '.repeat(10)}\n`.repeat(prompts), content_format: 'text', name: 'Large' };
      const answer = await call('POST', 'test-suites', { body: JSON.stringify({ ...own, session_id: session }) });
      assert.equal(answer.status, 201, answer.text.slice(0, 300));
      const nobodys = await call('POST', 'test-suites', { body: JSON.stringify({ ...own, session_id: `demo-${'ab'.repeat(32)}` }) });
      assert.equal(nobodys.status, 404, nobodys.text.slice(0, 300));
    }
    const front = JSON.stringify({ session_id: session, name: 'Large', content: 'One prompt.\n'.repeat(20_000), content_format: 'text' });
    assert.equal((await call('POST', 'test-suites', { body: front })).status, 201);
  });
});
