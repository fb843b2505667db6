// What it costs to watch, in an installation of its own, whose metrics nobody else moves. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventStream, get, ok, post, useInstallation, wait } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { Installation } from './installation.mjs';
import { startRun, testedSession, uniquePrompts } from './sessions.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';

describe('runs that are watched while nothing happens', { skip }, () => {
  const installation = new Installation([], { DEMO_MAX_SESSIONS_PER_ADDRESS: '100', DEMO_ALLOW_LOCALHOST: 'true' });
  before(async () => useInstallation((await installation.up()).url));
  after(() => installation.remove());

  // Units of work that batch-runner's lane of reads has done.
  const reads = async () => {
    const { text } = await get('/metrics/prometheus');
    const line = /^ftl_database_wait_seconds_count\{application="finetunelab-batch-runner",lane="reads"\} (\d+)$/m.exec(text);
    assert.ok(line, 'no metric of the lane');
    return Number(line[1]);
  };

  test('cost one query a second, all together, and are told at once when something does', async (t) => {
    let release;
    const held = new Promise((done) => (release = done));
    const endpoint = await chatEndpoint(t, async () => void (await held));
    const streams = [];
    t.after(() => streams.forEach((stream) => stream.close()));
    const ends = [];
    for (let i = 0; i < 20; i += 1) {
      const session = await testedSession(t, { endpoint_url: endpoint.url });
      const run = await startRun(session, uniquePrompts(2), { concurrency: 1 });
      const stream = await EventStream.open('GET', `batch-test/${run}/events`);
      streams.push(stream);
      ends.push(stream.all());
    }
    await wait(2000);
    const [before, began] = [await reads(), Date.now()];
    await wait(6000);
    const [asked, seconds] = [(await reads()) - before, (Date.now() - began) / 1000];
    assert.ok(asked >= 4 && asked <= seconds + 2, `${asked} in ${seconds} s`);
    release();
    for (const events of await Promise.all(ends)) {
      assert.equal(events.filter(({ event }) => event === 'result').length, 2);
      assert.equal(events.at(-1).event, 'done');
    }
  });

  test('end with their session', async (t) => {
    const endpoint = await chatEndpoint(t, async () => void (await wait(60_000)));
    const session = await testedSession(t, { endpoint_url: endpoint.url });
    const run = await startRun(session, uniquePrompts(1));
    const stream = await EventStream.open('GET', `batch-test/${run}/events`);
    const events = stream.all();
    await wait(500);
    await ok(post('cleanup', { session_id: session }));
    assert.equal((await events).at(-1).event, 'error');
  });
});
