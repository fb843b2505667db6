// Any number of batch-runners: a run that one carries is left to it, one that one cannot carry is shared, and a database that
// lost its newest commits under them stops nothing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { get, ok, until, useInstallation, wait } from '../contract/client.mjs';
import { chatEndpoint } from '../contract/endpoint.mjs';
import { closed, extraCalls, installation, isWhole, replica, startedRun, watched } from './chaos.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';

describe('replicas of batch-runner', { skip }, () => {
  const installed = installation();
  const others = [];
  before(async () => useInstallation((await installed.up()).url));
  after(async () => {
    for (const other of others) other.kill('SIGKILL');
    await installed.remove();
  });

  let questions = 0;
  const asked = (sql) => {
    questions += 1;
    return installed.sql(sql);
  };
  const commits = () => Number(asked("SELECT xact_commit FROM pg_stat_database WHERE datname = 'finetunelab'"));
  // Statistics are told up to a second late.
  const settled = () => wait(1500);

  test('one run takes as much of the database, and one seat, however many there are', { timeout: 300_000 }, async (t) => {
    const count = 20;
    const endpoint = await chatEndpoint(t, () => ({ delayMs: 500 }));
    for (const processes of [1, 2, 4, 8]) {
      while (others.length < processes - 1) others.push(await replica(installed, 'batch-runner'));
      await settled();
      const [idle, resting] = [commits(), Date.now()];
      await wait(3000);
      await settled();
      const perMs = (commits() - idle) / (Date.now() - resting);
      const [from, began] = [commits(), Date.now()];
      questions = 0;
      const run = await startedRun(installed, count, { concurrency: 4, stream: false, endpoint_url: endpoint.url });
      let [seats, status] = [0, ''];
      while (status !== 'completed') {
        await wait(200);
        seats = Math.max(seats, Number(asked(`SELECT count(*) FROM demo_run_leases WHERE test_run_id = '${run.id}'`)));
        status = asked(`SELECT status FROM demo_batch_test_runs WHERE id = '${run.id}'`);
      }
      const took = Number(asked(`SELECT 1000 * extract(epoch FROM completed_at - created_at) FROM demo_batch_test_runs WHERE id = '${run.id}'`));
      await settled();
      const each = (commits() - from - questions - perMs * (Date.now() - began)) / count;
      t.diagnostic(`${processes} processes: ${took.toFixed(0)} ms of 2500 ideal; ${each.toFixed(1)} commits a prompt beside ${(perMs * 1000).toFixed(1)}/s at rest`);
      isWhole(run, await ok(get(`batch-test?test_run_id=${run.id}&page_size=1000`)));
      assert.equal(endpoint.asked().filter(({ prompt }) => run.prompts.includes(prompt)).length, count, 'each prompt was called once');
      assert.equal(seats, 1, 'processes that worked on it at a time');
      await closed(run);
    }
  });

  test('a run that one process cannot carry is shared, exactly', async (t) => {
    const run = await startedRun(installed, 1000, { model_id: 'sample-zero', concurrency: 128, stream: false });
    const ended = await watched(run, { seconds: 120 });
    isWhole(run, ended);
    assert.equal(await extraCalls(installed, run), 0);
    t.diagnostic(`1000 prompts at 128 at a time: ${(new Date(ended.completed_at) - new Date(ended.started_at)).toFixed(0)} ms`);
    await closed(run);
  });

  // What a replica does that is promoted without them: everything of the run is as it was a moment ago.
  test('a database that lost its newest commits: the run goes on from there and ends', async () => {
    for (const other of others.splice(0)) other.kill('SIGKILL');
    const run = await startedRun(installed, 60, { concurrency: 4 });
    const its = `test_run_id = '${run.id}'`;
    const done = async () => (await ok(get(`batch-test/${run.id}/status`))).completed_prompts;
    await until('some are done', async () => (await done()) >= 8);
    installed.sql(`CREATE TABLE kept_run AS SELECT * FROM demo_batch_test_runs WHERE id = '${run.id}';
      CREATE TABLE kept_leases AS SELECT * FROM demo_run_leases WHERE ${its}; CREATE TABLE kept_returned AS SELECT * FROM demo_run_returned WHERE ${its}`);
    await until('more are done', async () => (await done()) >= 40);
    installed.sql(`BEGIN; SELECT FROM demo_batch_test_runs WHERE id = '${run.id}' FOR UPDATE;
      DELETE FROM demo_batch_test_results WHERE ${its} AND sequence > (SELECT last_sequence FROM kept_run);
      DELETE FROM demo_run_leases WHERE ${its}; INSERT INTO demo_run_leases SELECT * FROM kept_leases;
      DELETE FROM demo_run_returned WHERE ${its}; INSERT INTO demo_run_returned SELECT * FROM kept_returned;
      UPDATE demo_batch_test_runs r SET completed_prompts = k.completed_prompts, failed_prompts = k.failed_prompts,
        last_sequence = k.last_sequence, next_prompt = k.next_prompt, last_fence = k.last_fence FROM kept_run k WHERE r.id = k.id;
      DROP TABLE kept_run, kept_leases, kept_returned; COMMIT`);
    isWhole(run, await watched(run, { seconds: 40 }));
    await closed(run);
  });
});
