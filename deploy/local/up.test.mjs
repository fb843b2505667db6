// What deploy/local/up and down promise, seen from outside. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const top = mkdtempSync(join(tmpdir(), 'finetunelab-up-'));
const data = join(top, 'only-its-owner-may-pass', 'data');

const callersFile = join(top, 'open-in-the-caller');

// Runs it with one more descriptor than usual, as a shell or a test runner might.
function call(script, flags, { input = '', env = {} } = {}) {
  const descriptor = openSync(callersFile, 'a');
  const result = spawnSync(join(here, script), ['--data', data, ...flags], {
    input,
    stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'ignore', descriptor],
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 120_000,
  });
  closeSync(descriptor);
  return result;
}

const up = (flags = [], more) => call('up', ['--detach', '--no-demo', '--skip-install', ...flags], more);
const down = (flags = [], more) => call('down', flags, more);

const pid = (name) => Number(readFileSync(join(data, 'run', `${name}.pid`), 'utf8'));
const pids = () => readdirSync(join(data, 'run')).filter((file) => file.endsWith('.pid')).sort();
const port = (name) => Number(readFileSync(join(data, 'run', `${name}.port`), 'utf8'));
const environment = (name) => readFileSync(`/proc/${pid(name)}/environ`, 'utf8').split('\0');

function succeed(result) {
  assert.equal(result.status, 0, result.stdout + result.stderr);
  return result.stdout;
}

// A zombie that nobody has waited for yet is dead too.
function isAlive(id) {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function kill(name) {
  const id = pid(name);
  process.kill(id, 'SIGKILL');
  while (isAlive(id)) await new Promise((wake) => setTimeout(wake, 10));
}

after(() => {
  down();
  rmSync(top, { recursive: true, force: true });
});

test('every wrong flag is named at once, with exit status 64', () => {
  const { status, stderr } = up(['--port', '99999', '--bogus', '--listen', 'here', '--model', 'm']);
  assert.equal(status, 64);
  for (const flag of ['--port', '--bogus', '--listen', '--endpoint']) assert.match(stderr, new RegExp(flag));
  assert.ok(!existsSync(data));
});

test('a port that another program has is refused', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => other.once('listening', listening));
  const { status, stderr } = await new Promise((ended) => {
    const taken = spawn(join(here, 'up'), ['--data', data, '--detach', '--skip-install', '--port', other.address().port]);
    let said = '';
    taken.stderr.on('data', (text) => (said += text));
    taken.on('close', (code) => ended({ status: code, stderr: said }));
  });
  other.close();
  assert.equal(status, 69);
  assert.match(stderr, /is taken/);
});

test('a wrong setting is refused before a database is made', () => {
  const { status, stderr } = up(['--port', '0'], { env: { DEMO_SESSION_TTL_SECONDS: 'soon', DEMO_SESION_TTL_SECONDS: '60' } });
  assert.equal(status, 78);
  assert.match(stderr, /DEMO_SESSION_TTL_SECONDS is "soon"/);
  assert.match(stderr, /DEMO_SESION_TTL_SECONDS is no setting/);
  assert.ok(!existsSync(join(data, 'postgres')));
  assert.ok(!existsSync(join(data, 'settings')));
});

test('it starts in a folder that only its owner may enter, keeps secrets to itself and holds nothing of the caller', () => {
  assert.equal(spawnSync('install', ['--directory', '--mode', '0700', dirname(data)]).status, 0);
  succeed(up(['--port', '0'], { env: { DEMO_MAX_PROMPTS_PER_SESSION: '77' } }));
  assert.deepEqual(pids(), ['all-in-one.pid', 'postgres.pid', 'sample-endpoint.pid']);
  assert.equal(statSync(join(data, 'secrets', 'demo_encryption_key')).mode & 0o777, 0o600);
  assert.match(readFileSync(join(data, 'secrets', 'demo_encryption_key'), 'utf8'), /^[0-9a-f]{64}\n$/);
  for (const name of ['all-in-one', 'sample-endpoint', 'postgres']) {
    const folder = `/proc/${pid(name)}/fd`;
    const opened = readdirSync(folder).map((number) => readlinkSync(join(folder, number)));
    const log = join(data, 'log', `${name}.log`);
    assert.deepEqual([0, 1, 2].map((number) => readlinkSync(join(folder, String(number)))), ['/dev/null', log, log]);
    assert.ok(!opened.includes(callersFile) && !opened.includes(join(data, 'lock')));
    assert.equal(readFileSync(`/proc/${pid(name)}/stat`, 'utf8').split(') ')[1].split(' ')[3], String(pid(name)));
  }
});

test('it answers on its port and PostgreSQL listens on loopback alone', async () => {
  const { status } = await fetch(`http://127.0.0.1:${port('all-in-one')}/readyz`);
  assert.equal(status, 200);
  const hex = port('postgres').toString(16).toUpperCase().padStart(4, '0');
  const sockets = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
  const listening = sockets.match(new RegExp(`[0-9A-F]+:${hex} [0-9A-F]+:0000 0A`, 'g'));
  assert.deepEqual(listening.map((line) => line.split(':')[0]), ['0100007F']);
});

test('a second call leaves what runs alone, keeps its settings and is quick', () => {
  const before = pids().map((file) => pid(file.slice(0, -4)));
  const began = Date.now();
  assert.match(succeed(up()), /all-in-one +runs already/);
  assert.ok(Date.now() - began < 3000, `it took ${Date.now() - began} ms`);
  assert.deepEqual(pids().map((file) => pid(file.slice(0, -4))), before);
  assert.ok(environment('all-in-one').includes('DEMO_MAX_PROMPTS_PER_SESSION=77'));
});

test('a second call starts again what was killed, on the same ports', async () => {
  const sample = pid('sample-endpoint');
  const ports = [port('all-in-one'), port('postgres')];
  await kill('all-in-one');
  await kill('postgres');
  succeed(up());
  assert.ok(isAlive(pid('all-in-one')) && isAlive(pid('postgres')));
  assert.deepEqual([port('all-in-one'), port('postgres')], ports);
  assert.equal(pid('sample-endpoint'), sample);
});

test('port 0 gives a gateway that has died the port it had', async () => {
  const had = port('all-in-one');
  await kill('all-in-one');
  succeed(up(['--port', '0']));
  assert.equal(port('all-in-one'), had);
});

test('what runs is not moved to another address or form unless that is asked for', () => {
  const running = pid('all-in-one');
  for (const flags of [['--listen', '0.0.0.0'], ['--port', '1'], ['--split']]) {
    const { status, stderr } = up(flags);
    assert.equal(status, 69);
    assert.match(stderr, /--restart/);
  }
  assert.equal(pid('all-in-one'), running);
});

test('beyond loopback nobody may name an endpoint on loopback', () => {
  assert.ok(environment('all-in-one').includes('DEMO_ALLOW_LOCALHOST=true'));
  succeed(up(['--listen', '0.0.0.0', '--restart']));
  assert.ok(environment('all-in-one').includes('DEMO_ALLOW_LOCALHOST=false'));
  succeed(up(['--listen', '127.0.0.1', '--restart']));
});

test('split, each service is a process with a certificate of its own', () => {
  succeed(up(['--split', '--restart']));
  const names = ['analytics', 'batch-runner', 'export', 'gateway', 'session-vault'];
  assert.deepEqual(pids(), [...names, 'postgres', 'sample-endpoint'].map((name) => `${name}.pid`).sort());
  for (const name of names) {
    const certificate = join(data, 'tls', `${name}.crt`);
    const verified = spawnSync('openssl', ['verify', '-CAfile', join(data, 'tls', 'ca.crt'), '-verify_hostname', name, certificate]);
    assert.equal(verified.status, 0, String(verified.stderr));
    assert.ok(environment(name).includes(`FTL_TLS_CERT_FILE=${certificate}`));
  }
});

test('down stops by the recorded ids and leaves a process alone that has taken one over', () => {
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ours = pids().map((file) => pid(file.slice(0, -4)));
  const recorded = join(data, 'run', 'all-in-one.pid');
  spawnSync('sh', ['-c', `echo ${bystander.pid} >${recorded}`]);
  succeed(down());
  assert.ok(isAlive(bystander.pid));
  bystander.kill();
  assert.deepEqual(ours.filter(isAlive), []);
  assert.deepEqual(pids(), []);
});

test('without --detach it serves until it is interrupted, and then stops everything', async () => {
  const serving = spawn(join(here, 'up'), ['--data', data, '--no-demo', '--skip-install']);
  let said = '';
  serving.stdout.on('data', (text) => {
    if (said.includes('Press Ctrl-C')) return;
    said += text;
    if (said.includes('Press Ctrl-C')) serving.kill('SIGINT');
  });
  const status = await new Promise((ended) => serving.on('exit', ended));
  assert.match(said, /FineTuneLab is ready: http:/);
  assert.equal(status, 0);
  assert.deepEqual(pids(), []);
});

test('data is deleted only when somebody says so', () => {
  assert.notEqual(down(['--delete-data']).status, 0);
  succeed(down(['--delete-data'], { input: 'n\n' }));
  assert.ok(existsSync(join(data, 'postgres')));
  succeed(down(['--delete-data'], { input: 'y\n' }));
  assert.ok(!existsSync(data));
});
