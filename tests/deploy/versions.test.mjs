// A rolling update: the programs of the version before, on its schema and in the middle of a run, then this version's migrations and
// programs beside them, each service answered by both in turn, then this version alone. Needs the version before's programs
// (FTL_OLD_BUILD_DIR), this one's (FTL_BUILD_DIR) and root.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { Client } from '../../deploy/local/lib/client.mjs';
import { checkout } from './settings.mjs';
import { Stack } from './stack.mjs';

const { FTL_OLD_BUILD_DIR: old, FTL_BUILD_DIR: build } = process.env;
const skip = (!(old && build) && 'set FTL_OLD_BUILD_DIR and FTL_BUILD_DIR to build trees with the programs of two versions') ||
  (process.getuid() !== 0 && 'only root may give files to another user');
// What both versions have: the demo tier, but for how an endpoint's odd answers are judged (`faults`, `configure-test`), which
// each version knows as it was made, and `models`, which asks for settings of `deploy/local/up`.
const files = ['configure', 'suites', 'own-suites', 'batch-test', 'events', 'cancel', 'cleanup', 'analytics', 'comparison', 'export'];
// Starts are told by the process that works on the run, results by every one; compose has no endpoint of its own to name.
const excused = ['a stream that is there from the start sees every start and every result, then done, and ends', 'the presets name the endpoint of the installation that needs no key'];
const limits = { DEMO_MAX_SESSIONS_PER_ADDRESS: '10000', DEMO_MAX_PROMPTS_PER_SESSION: '100000', DEMO_MAX_REQUESTS_PER_MINUTE: '1000000' };
const compose = parse(readFileSync(join(checkout, 'docker-compose.yml'), 'utf8'), { merge: true });
const stack = skip ? undefined : new Stack(compose, limits, [old, build]);
let endpoint;
let session;

before(async () => {
  if (skip) return;
  await stack.up();
  endpoint = await stack.sampleEndpoint();
});
after(() => stack?.remove());

test('a run of the version before goes on through the migration', { skip }, async () => {
  const client = new Client(stack.urls[0]);
  const opened = await client.post('/api/demo/v2/configure', { endpoint_url: endpoint, api_key: 'any', model_id: 'sample-steady' });
  session = opened.session_id;
  assert.equal((await client.post('/api/demo/v2/configure/test', { session_id: session })).success, true);
  const prompts = Array.from({ length: 400 }, (_, n) => `Say something about number ${n}.`);
  const suite = await client.post('/api/demo/v2/test-suites', { session_id: session, name: 'Through an update', prompts });
  await client.post('/api/demo/v2/batch-test', { session_id: session, test_suite_id: suite.id, prompt_limit: prompts.length, concurrency: 4 });
  await stack.roll(1);
  const { status } = await client.get(`/api/demo/v2/batch-test?session_id=${session}`);
  assert.equal(status, 'running');
});

for (const [version, which] of ['before', 'after'].entries()) {
  test(`the contract's tests pass through the gateway of the version ${which}`, { skip }, () => {
    const env = { ...process.env, FTL_BASE_URL: stack.urls[version], FTL_SAMPLE_ENDPOINT: endpoint };
    delete env.NODE_TEST_CONTEXT;
    const paths = files.map((name) => join(checkout, `tests/contract/${name}.test.mjs`));
    const { stdout } = spawnSync(process.execPath, ['--test', '--test-concurrency=4', '--test-reporter=tap', ...paths], { env, encoding: 'utf8', maxBuffer: 1 << 28 });
    const failed = stdout.split('\n').filter((line) => /^not ok/.test(line) && !excused.some((name) => line.endsWith(name)));
    const passed = Number(/^# pass (\d+)/m.exec(stdout)?.[1]);
    assert.deepEqual(failed, [], stdout.slice(-20_000));
    assert.ok(passed > 60, stdout.slice(-2000));
  });
}

test('the run ends with a result for each prompt after the version before has gone', { skip }, async () => {
  await stack.end(0);
  const client = new Client(stack.urls[1]);
  const run = await client.runToEnd(session);
  assert.deepEqual([run.status, run.completed_prompts + run.failed_prompts], ['completed', 400]);
  await client.post('/api/demo/v2/cleanup', { session_id: session });
});
