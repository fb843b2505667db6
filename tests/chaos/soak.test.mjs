// Kills, restarts, stops and cut connections of everything at random, for FTL_SOAK_MINUTES (10) minutes, while runs go on: each
// prompt has one result, counters equal rows at every read, events have no gap, no call is made that no fault explains, and nothing
// grows.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { get, ok, post, useInstallation, wait } from '../contract/client.mjs';
import { uniquePrompts } from '../contract/sessions.mjs';
import { closed, extraCalls, follow, isSoak, persistently, watched } from './chaos.mjs';
import { Soak, rowsLeft, services } from './soak.mjs';

const skip = (!process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs') || (!isSoak && 'set FTL_SOAK=1');
const minutes = Number(process.env.FTL_SOAK_MINUTES ?? 10);
const concurrency = 4;
const runsAtATime = 3;
const promptsOfARun = 80;
const patience = { seconds: 180 };

// A run whose every step is repeated until it is answered, under one key where it creates something.
async function begin(soak) {
  const prompts = uniquePrompts(promptsOfARun);
  const key = randomUUID();
  const keyed = (what) => ({ 'idempotency-key': `${key}-${what}` });
  const body = { endpoint_url: soak.endpoint, api_key: 'sk-chaos-key-0123456789', model_id: 'sample-100ms' };
  const { session_id } = await ok(persistently(() => post('configure', body, keyed('session')), 120), 201);
  for (let tested; !tested?.success; ) tested = await ok(persistently(() => post('configure/test', { session_id }), 120));
  const suite = await ok(persistently(() => post('test-suites', { session_id, name: 'Soak', prompts }, keyed('suite')), 120), 201);
  const start = { session_id, test_suite_id: suite.id, prompt_limit: prompts.length, concurrency };
  const { test_run_id } = await ok(persistently(() => post('batch-test', start, keyed('run')), 120), 202);
  return { session_id, id: test_run_id, prompts, concurrency };
}

// What a fault may do to a prompt: cut its calls three times, or kill three workers on it.
function isExcused({ outcome, error_type }) {
  return outcome === 'poisoned' || error_type === 'network';
}

async function oneRun(soak, seen) {
  const before = { interruptions: soak.interruptions, cutCalls: soak.cutCalls };
  const run = await begin(soak);
  const [ended, events] = await Promise.all([watched(run, patience), follow(run, patience)]);
  assert.equal(ended.status, 'completed', JSON.stringify({ ...ended, results: undefined }));
  assert.deepEqual(ended.results.map(({ prompt_id }) => prompt_id), run.prompts.map((_, index) => index + 1));
  assert.deepEqual(ended.results.map(({ prompt }) => prompt), run.prompts);
  assert.deepEqual(events, run.prompts.concat(0).map((_, index) => index + 1));
  const failed = ended.results.filter(({ success }) => !success);
  assert.deepEqual(failed.filter((result) => !isExcused(result)).map(({ prompt_id, outcome, error }) => ({ prompt_id, outcome, error })), []);
  const extra = await extraCalls(soak.installed, run);
  const most = (soak.interruptions - before.interruptions) * concurrency + soak.cutCalls - before.cutCalls;
  assert.ok(extra <= most, `${extra} calls too many, and at most ${most} were under way`);
  await closed(run);
  seen.runs += 1;
  seen.prompts += run.prompts.length;
  seen.extraCalls += extra;
  seen.excused += failed.length;
}

async function runsUntil(deadline, soak, seen) {
  while (Date.now() < deadline && !soak.isOver) await oneRun(soak, seen);
}

async function together(soak, seconds, options, seen) {
  const deadline = Date.now() + seconds * 1000;
  const all = [soak.rage(deadline, options), ...Array.from({ length: runsAtATime }, () => runsUntil(deadline, soak, seen))];
  for (const one of all) one.catch(() => (soak.isOver = true));
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
}

test(`a soak of ${minutes} minutes: nothing is lost, nothing doubled, nothing grows`, { skip }, async (t) => {
  const soak = new Soak();
  const seen = { runs: 0, prompts: 0, extraCalls: 0, excused: 0 };
  let isWhole = false;
  try {
    await soak.up();
    useInstallation(soak.installed.url);
    await together(soak, minutes * 40, { deaths: true }, seen);
    await soak.isReady();
    // Who lives from here on must hold at the end what it held once it was warm.
    await together(soak, minutes * 5, { deaths: false }, seen);
    const warm = soak.held();
    await together(soak, minutes * 15, { deaths: false }, seen);
    await wait(5000);
    const late = soak.held();
    t.diagnostic(`${soak.total} faults: ${JSON.stringify(soak.faults)}`);
    t.diagnostic(`${JSON.stringify(seen)}`);
    t.diagnostic(`held warm ${JSON.stringify(warm)}`);
    t.diagnostic(`held late ${JSON.stringify(late)}`);
    for (const name of services) {
      assert.ok(late[name].megabytes <= warm[name].megabytes * 1.25 + 8, `${name} grew from ${warm[name].megabytes} to ${late[name].megabytes} MB`);
      assert.ok(late[name].descriptors <= warm[name].descriptors + 24, `${name} held ${warm[name].descriptors} descriptors, now ${late[name].descriptors}`);
    }
    assert.equal(await rowsLeft(soak.databaseUrl), '', 'rows of sessions that are gone');
    assert.ok(seen.excused <= 1 + seen.prompts / 100, `${seen.excused} of ${seen.prompts} prompts failed`);
    assert.equal((await persistently(() => get('/health'))).status, 200);
    isWhole = true;
  } finally {
    await soak.down({ keep: !isWhole });
    if (!isWhole) t.diagnostic(`kept: ${soak.installed.data}; so far ${JSON.stringify({ faults: soak.faults, ...seen })}`);
  }
});
