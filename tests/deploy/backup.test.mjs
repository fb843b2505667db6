// A drill: the database dumped while it is worked with, restored into an empty one, and opened by programs that have the master
// key and, as after the loss of a machine, no epoch key.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../deploy/local/lib/client.mjs';
import { Installation } from '../contract/installation.mjs';
import { freePort } from './ports.mjs';
import { program } from './settings.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const installation = skip ? undefined : new Installation([], { DEMO_MAX_SESSIONS_PER_ADDRESS: '10' });
const folder = mkdtempSync(join(tmpdir(), 'ftl-backup-'));
const path = '/api/demo/v2';
const run = (command, parameters) => execFileSync(command, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
let owner; // of the restored database, its URL
let first;
let restored;
let child;
let kept;
let gone;
let report;

// A session whose run of three prompts has ended.
async function worked(client) {
  const endpoint_url = `http://127.0.0.1:${installation.port('sample-endpoint')}/v1`;
  const { session_id } = await client.post(`${path}/configure`, { endpoint_url, api_key: 'any', model_id: 'sample-zero' });
  assert.equal((await client.post(`${path}/configure/test`, { session_id })).success, true);
  const { id } = await client.post(`${path}/test-suites`, { session_id, name: 'Drill', prompts: ['One.', 'Two.', 'Three.'] });
  await client.post(`${path}/batch-test`, { session_id, test_suite_id: id, prompt_limit: 3 });
  for (let tries = 0; tries < 200; ++tries) {
    if ((await client.get(`${path}/batch-test?session_id=${session_id}`)).status === 'completed') return session_id;
    await sleep(100);
  }
  assert.fail('the run does not end');
}

const reportOf = async (client, session) => (await client.accepted('GET', `${path}/export?session_id=${session}&format=jsonl`)).text();

async function restore() {
  const environment = Object.fromEntries(readFileSync(`/proc/${installation.pid('all-in-one')}/environ`, 'utf8').split('\0').filter(Boolean)
    .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  const source = environment.FTL_EXPORT_DATABASE_URL.replace('ftl_export@', 'finetunelab@');
  const dump = join(folder, 'database.dump');
  run('pg_dump', ['--format=custom', `--file=${dump}`, source]);
  await first.post(`${path}/cleanup`, { session_id: gone });
  const other = (url) => url.replace('/finetunelab?', '/restored?');
  owner = other(source);
  run('psql', ['--no-psqlrc', '--quiet', '--command=CREATE DATABASE restored', source]);
  run('pg_restore', ['--exit-on-error', `--dbname=${owner}`, dump]);
  execFileSync(program('finetunelab'), ['migrate'], { env: { FTL_MIGRATE_DATABASE_URL: owner }, timeout: 120_000, stdio: 'ignore' });
  // A backup is older than the three minutes for which a vault keeps others with another folder away.
  run('psql', ['--no-psqlrc', '--quiet', "--command=UPDATE vault_key_folder SET seen_at = now() - interval '1 hour'", owner]);
  for (const name of Object.keys(environment)) if (name.endsWith('_DATABASE_URL')) environment[name] = other(environment[name]);
  const [port, rpc] = [await freePort(), await freePort()];
  const env = { ...environment, FTL_HTTP_ADDRESS: `127.0.0.1:${port}`, FTL_GRPC_LISTEN: `127.0.0.1:${rpc}`, FTL_KEY_DIR: join(folder, 'keys') };
  child = spawn(program('finetunelab'), [], { env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 200; ++tries) {
    if (await fetch(`${url}/readyz`).then(({ ok }) => ok, () => false)) return new Client(url);
    await sleep(100);
  }
  assert.fail('the restored installation is not ready');
}

before(async () => {
  if (skip) return;
  await installation.up();
  first = new Client(installation.url);
  kept = await worked(first);
  gone = await worked(first);
  report = await reportOf(first, kept);
  restored = await restore();
});
after(async () => {
  if (child) {
    const ended = new Promise((end) => child.on('close', end));
    child.kill('SIGKILL');
    await ended;
  }
  await installation?.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('results come back to the byte', { skip }, async () => {
  assert.equal(report.trimEnd().split('\n').length, 3);
  assert.equal(await reportOf(restored, kept), report);
});

test('no key opens without its epoch key, whatever the backup and the master key are', { skip }, async () => {
  for (const session_id of [kept, gone]) {
    const answer = await restored.call('POST', `${path}/configure/test`, { session_id });
    assert.equal(answer.status, 409);
    assert.equal((await answer.json()).code, 'key_forgotten');
  }
});

test('what was deleted since the backup is back, and gone again when all sessions are taken out', { skip }, async () => {
  const status = async () => (await restored.call('GET', `${path}/configure?session_id=${gone}`)).status;
  assert.equal(await status(), 200);
  run('psql', ['--no-psqlrc', '--quiet', '--command=TRUNCATE demo_model_configs CASCADE', owner]);
  assert.equal(await status(), 404);
  assert.equal(run('psql', ['--no-psqlrc', '-qAt', '--command=SELECT count(*) FROM demo_batch_test_results', owner]).trim(), '0');
});
