// What one request may cost: every route with the worst bodies of each kind, with and without a session, by the CPU time of the
// whole program, the size of the answer, how long others wait meanwhile, and the memory that stays. Needs built programs
// (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { call, get, ok, post, urlOf, useInstallation, wait } from './client.mjs';
import { Installation } from './installation.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const program = 'all-in-one';
const ticksPerSecond = 100;
const megabyte = 1 << 20;
const list = (element, bytes) => Array(Math.ceil(bytes / (element.length + 1))).fill(element).join(',');
const wide = (bytes) => Array.from({ length: Math.floor(bytes / 12) }, (_, index) => `"k${index}":1`).join(',');

// Bodies of about so many bytes; `inside` puts them where a route has a list of messages of its own.
const kinds = {
  deep: (bytes) => `{"a":${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}}`,
  'wide, of unknown fields': (bytes) => `{${wide(bytes)}}`,
  'of one field over and over': (bytes) => `{${list('"name":1', bytes)}}`,
  'of prompts that are numbers': (bytes) => `{"prompts":[${list('1', bytes)}]}`,
  'of messages that are numbers': (bytes) => `{"messages":[${list('1', bytes)}]}`,
  'of prompts with an unknown field': (bytes) => `{"prompts":[${list('{"x":1}', bytes)}]}`,
  'of lists in lists': (bytes) => `{"prompts":[${list('[[1]]', bytes)}]}`,
  'of one long key': (bytes) => `{"${'k'.repeat(bytes)}":1}`,
  'of one huge number': (bytes) => `{"a":1${'0'.repeat(bytes)}}`,
  'of one long fraction': (bytes) => `{"a":0.${'7'.repeat(bytes)}}`,
  'of one long string': (bytes) => `{"name":"${'x'.repeat(bytes)}"}`,
  'of escapes': (bytes) => `{"name":"${'\\"'.repeat(bytes / 2)}"}`,
  'of white space': (bytes) => `{${' '.repeat(bytes)}}`,
  'without an end': (bytes) => `{"prompts":[${list('"a"', bytes)}`,
};

function ticksOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

const residentBytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

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

  test('others are answered at once meanwhile, and the memory comes back', { timeout: 120_000 }, async () => {
    await wait(3000);
    const before = residentBytes(pid);
    const bodies = [kinds['of prompts that are numbers'](megabyte), kinds['of prompts with an unknown field'](2 * megabyte), kinds['of escapes'](8 * megabyte)];
    let going = true;
    const attack = Promise.all(
      bodies.map(async (body) => {
        for (let times = 0; times < 4; times += 1) {
          await call('POST', 'test-suites', { body, headers: { authorization: `Bearer ${session}` } });
          await wait(500);
        }
      }),
    ).finally(() => (going = false));
    const waits = [];
    while (going) {
      const asked = performance.now();
      await (await fetch(urlOf('/health'))).arrayBuffer();
      waits.push(performance.now() - asked);
      await wait(5);
    }
    await attack;
    waits.sort((a, b) => a - b);
    const p99 = waits[Math.floor(waits.length * 0.99)];
    await wait(10_000);
    const kept = residentBytes(pid) - before;
    console.log(`# /health of ${waits.length}: p99 ${p99.toFixed(1)} ms, worst ${waits.at(-1).toFixed(1)} ms; kept ${(kept / megabyte).toFixed(1)} MB`);
    assert.ok(p99 < 100, `p99 is ${p99} ms`);
    assert.ok(kept < 20 * megabyte, `${kept} bytes stay`);
  });
});
