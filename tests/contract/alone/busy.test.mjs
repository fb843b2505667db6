// What those who ask meanwhile have of the worst bodies: how long they wait, and the memory that stays. Needs built programs
// (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { kinds, megabyte } from '../bodies.mjs';
import { call, ok, post, urlOf, useInstallation, wait } from '../client.mjs';
import { Installation } from '../installation.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';

const residentBytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

describe('while somebody sends the worst bodies', { skip }, () => {
  const installation = new Installation([], { DEMO_MAX_REQUESTS_PER_MINUTE: '1000000' });
  let pid;
  let session;

  before(async () => {
    useInstallation((await installation.up()).url);
    pid = installation.pid('all-in-one');
    const opened = post('configure', { endpoint_url: installation.sampleEndpoint, api_key: 'a-key-of-these-tests', model_id: 'sample-zero' });
    session = (await ok(opened, 201)).session_id;
  });
  after(() => installation.remove());

  test('others are answered at once meanwhile, and the memory comes back', { timeout: 120_000 }, async () => {
    const bodies = [kinds['of prompts that are numbers'](megabyte), kinds['of prompts with an unknown field'](2 * megabyte), kinds['of escapes'](8 * megabyte)];
    const send = (body) => call('POST', 'test-suites', { body, headers: { authorization: `Bearer ${session}` } });
    // What is kept from the first time on is not counted.
    for (const body of bodies) await send(body);
    await wait(3000);
    const before = residentBytes(pid);
    let going = true;
    const attack = Promise.all(
      bodies.map(async (body) => {
        for (let times = 0; times < 4; times += 1) {
          await send(body);
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
    // Freed memory goes back within seconds.
    const stays = () => residentBytes(pid) - before;
    for (const deadline = Date.now() + 10_000; stays() >= 20 * megabyte && Date.now() < deadline; ) await wait(100);
    const kept = stays();
    console.log(`# /health of ${waits.length}: p99 ${p99.toFixed(1)} ms, worst ${waits.at(-1).toFixed(1)} ms; kept ${(kept / megabyte).toFixed(1)} MB`);
    assert.ok(p99 < 100, `p99 is ${p99} ms`);
    assert.ok(kept < 20 * megabyte, `${kept} bytes stay`);
  });
});
