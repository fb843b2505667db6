// kill -9 of every process, PostgreSQL too, at random moments of a run: the run completes, each prompt has one result.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { useInstallation, wait } from '../contract/client.mjs';
import { closed, extraCalls, follow, installation, isWhole, kill, killsOfARun, processes, rounds, startedRun, watched } from './chaos.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const prompts = 60;
const concurrency = 4;

describe('kill -9', { skip }, () => {
  const installed = installation();
  before(async () => useInstallation((await installed.up()).url));
  after(() => installed.remove());

  async function survives(name) {
    const run = await startedRun(installed, prompts, { concurrency });
    const events = follow(run);
    const end = watched(run);
    // Looked at below, where a failure of the one would hide that of the other.
    events.catch(() => {});
    end.catch(() => {});
    for (let killed = 0; killed < killsOfARun; killed += 1) {
      await wait(100 + Math.random() * 300);
      await kill(installed, name);
      await wait(Math.random() * 200);
      await installed.up();
    }
    isWhole(run, await end);
    const extra = await extraCalls(installed, run);
    const most = ['batch-runner', 'postgres'].includes(name) ? killsOfARun * concurrency : 0;
    assert.ok(extra <= most, `${extra} calls too many, and at most ${most} were under way`);
    assert.deepEqual(await events, Array.from({ length: run.prompts.length + 1 }, (_, index) => index + 1));
    await closed(run);
  }

  for (const name of processes) {
    test(`of ${name} at random moments of a run (${killsOfARun * rounds} times)`, async () => {
      for (let round = 0; round < rounds; round += 1) await survives(name);
    });
  }

  test('of all services at once', async () => {
    const run = await startedRun(installed, prompts, { concurrency });
    const end = watched(run);
    await wait(400);
    await Promise.all(processes.map((name) => kill(installed, name)));
    await installed.up();
    isWhole(run, await end);
    assert.ok(await extraCalls(installed, run) <= concurrency);
    await closed(run);
  });
});
