// Processes that stand still past their lease, a database that is away, and a drain.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { get, ok, until, useInstallation, wait } from '../contract/client.mjs';
import { closed, extraCalls, installation, isSoak, isWhole, kill, persistently, replica, startedRun, watched } from './chaos.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const concurrency = 4;

describe('processes that stand still or leave', { skip }, () => {
  const installed = installation();
  before(async () => useInstallation((await installed.up()).url));
  after(() => installed.remove());

  test('a batch-runner stopped past its lease and continued writes nothing: another has taken over within 20 s', async () => {
    const other = await replica(installed, 'batch-runner');
    try {
      const run = await startedRun(installed, 60, { concurrency });
      await wait(500);
      process.kill(installed.pid('batch-runner'), 'SIGSTOP');
      // The gateway asks the one that stands still, so the numbers are read from analytics.
      const done = async () => (await ok(get(`analytics/metrics?session_id=${run.session_id}`))).completed_prompts;
      const before = await done();
      await until('the other has gone on', async () => (await done()) > before + concurrency, { seconds: 20 });
      await until('the other has ended the run', async () => (await done()) === 60);
      process.kill(installed.pid('batch-runner'), 'SIGCONT');
      await wait(1000);
      isWhole(run, await watched(run));
      assert.ok(await extraCalls(installed, run) <= concurrency);
      await closed(run);
    } finally {
      process.kill(installed.pid('batch-runner'), 'SIGCONT');
      other.kill('SIGKILL');
    }
  });

  test('two batch-runners share a run, and either may die', async () => {
    const other = await replica(installed, 'batch-runner');
    const run = await startedRun(installed, 120, { concurrency: 8 });
    const end = watched(run);
    await wait(400);
    other.kill('SIGKILL');
    isWhole(run, await end);
    assert.ok(await extraCalls(installed, run) <= 8);
    await closed(run);
  });

  for (const name of ['session-vault', 'analytics', 'gateway']) {
    test(`${name} stopped for some seconds and continued loses nothing`, async () => {
      const run = await startedRun(installed, 40, { concurrency });
      const end = watched(run);
      await wait(300);
      process.kill(installed.pid(name), 'SIGSTOP');
      await wait(4000);
      process.kill(installed.pid(name), 'SIGCONT');
      isWhole(run, await end);
      assert.equal(await extraCalls(installed, run), 0);
      await closed(run);
    });
  }

  test('a right that is missing for a while costs no answer: what is finished is kept and stored when it is back', async () => {
    const run = await startedRun(installed, 40, { concurrency });
    const end = watched(run);
    await wait(300);
    installed.sql('REVOKE INSERT ON demo_batch_test_results FROM ftl_batch_runner');
    await wait(3000);
    installed.sql('GRANT INSERT ON demo_batch_test_results TO ftl_batch_runner');
    isWhole(run, await end);
    assert.equal(await extraCalls(installed, run), 0);
    await closed(run);
  });

  test('PostgreSQL away for a while: 503 with Retry-After meanwhile, no result lost, recovery without a restart', async () => {
    const run = await startedRun(installed, 60, { concurrency });
    await wait(400);
    await kill(installed, 'postgres');
    const away = isSoak ? 30_000 : 8000;
    const began = Date.now();
    let refused = 0;
    while (Date.now() - began < away) {
      const answer = await get(`batch-test/${run.id}/status`);
      assert.equal(answer.status, 503, `${answer.status} ${answer.text}`);
      assert.match(answer.headers.get('retry-after'), /^\d+$/);
      assert.ok(['database_unavailable', 'service_unavailable'].includes(answer.json.code), answer.text);
      refused += 1;
      assert.equal((await get('/livez')).status, 200);
      await wait(500);
    }
    assert.ok(refused > 5);
    const ids = ['gateway', 'session-vault', 'batch-runner', 'analytics', 'export'].map((name) => installed.pid(name));
    await installed.up();
    const back = Date.now();
    isWhole(run, await watched(run));
    await until('it is ready', async () => (await get('/readyz')).status === 200);
    assert.ok(Date.now() - back < 30_000 + 60 * 100);
    assert.deepEqual(['gateway', 'session-vault', 'batch-runner', 'analytics', 'export'].map((name) => installed.pid(name)), ids);
    assert.ok(await extraCalls(installed, run) <= concurrency);
    await closed(run);
  });

  test('SIGTERM drains batch-runner: its work is finished or handed over, and no call is made twice', async () => {
    const run = await startedRun(installed, 60, { concurrency });
    const end = watched(run);
    await wait(500);
    const began = Date.now();
    await kill(installed, 'batch-runner', 'SIGTERM');
    assert.ok(Date.now() - began < 20_000, `it took ${Date.now() - began} ms`);
    await installed.up();
    isWhole(run, await end);
    assert.equal(await extraCalls(installed, run), 0);
    await closed(run);
  });

  test('SIGTERM drains the gateway: not ready at once, what is under way is answered, gone within 20 s', async () => {
    const run = await startedRun(installed, 20, { concurrency });
    const leaving = Date.now();
    process.kill(installed.pid('gateway'), 'SIGTERM');
    // A client that follows readiness sees it turn, and no request of its own fail before that.
    let ready = true;
    while (ready) {
      const answer = await get('/readyz');
      ready = answer.status === 200;
      if (ready) assert.equal((await get('providers')).status, 200);
      else assert.equal(answer.status, 503);
      assert.ok(Date.now() - leaving < 3000, 'readiness has turned');
    }
    await until('it is gone', () => !installed.isAlive('gateway'), { seconds: 20 });
    await installed.up();
    isWhole(run, await watched(run));
    await closed(run);
  });

  test('a session that is cleaned up while its batch-runner stands still gets no late result', async () => {
    const run = await startedRun(installed, 40, { concurrency });
    await wait(500);
    process.kill(installed.pid('batch-runner'), 'SIGSTOP');
    await closed(run);
    process.kill(installed.pid('batch-runner'), 'SIGCONT');
    await wait(1500);
    const answer = await persistently(() => get(`batch-test/${run.id}/status`));
    assert.ok([404, 410].includes(answer.status), answer.text);
    await ok(persistently(() => get('/health')));
  });
});
