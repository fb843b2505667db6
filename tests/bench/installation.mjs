// An installation of the bench's own, in a folder of its own: started by deploy/local/up, driven over HTTP as a person's
// script would, its processes looked at from outside.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const programs = join(process.env.FTL_BUILD_DIR ?? join(checkout, 'build/release'), 'bin');
const data = mkdtempSync(join(tmpdir(), 'ftl-bench-'));
let agent = new Agent({ keepAlive: true });
let gateway = 'all-in-one';

export const program = (name) => join(programs, name);
export const folder = (...path) => join(data, ...path);

// Starts it; a second call with other flags turns it into the other form. No limit of the demo tier stands in the way.
export function up(...flags) {
  const env = {
    ...process.env, FTL_BUILD_DIR: dirname(programs), FTL_LOG_LEVEL: 'warn', FTL_MAX_CONNECTIONS_PER_ADDRESS: '16384',
    DEMO_MAX_PROMPTS_PER_SESSION: '1000000', DEMO_MAX_SESSIONS_PER_ADDRESS: '10000', DEMO_MAX_REQUESTS_PER_MINUTE: '100000000',
  };
  const args = ['--data', data, '--port', '0', '--detach', '--no-demo', '--skip-install', '--restart', ...flags];
  execFileSync(join(checkout, 'deploy/local/up'), args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  gateway = flags.includes('--split') ? 'gateway' : 'all-in-one';
  agent.destroy();
  agent = new Agent({ keepAlive: true });
}

export function down() {
  agent.destroy();
  spawnSync(join(checkout, 'deploy/local/down'), ['--data', data], { stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(data, { recursive: true, force: true });
}

export const gatewayName = () => gateway;
export const port = (name) => Number(readFileSync(folder('run', `${name}.port`), 'utf8'));
export const pid = (name) => Number(readFileSync(folder('run', `${name}.pid`), 'utf8'));

export function environment(name) {
  const entries = readFileSync(`/proc/${pid(name)}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
}

// The database as its owner.
export const databaseUrl = () =>
  environment(gateway === 'all-in-one' ? gateway : 'batch-runner').FTL_BATCH_RUNNER_DATABASE_URL.replace('ftl_batch_runner@', 'finetunelab@');

// Runs SQL as the owner of everything and gives what it says.
export const sql = (text) => execFileSync('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1',
  databaseUrl()], { input: text, encoding: 'utf8' }).trim();

// MB of a process: field `VmRSS` or `RssAnon`.
export function memory(process_id, field) {
  const status = readFileSync(`/proc/${process_id}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) / 1024;
}

// User and system time of a process so far, in seconds.
export function cpu(process_id) {
  const fields = readFileSync(`/proc/${process_id}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// What one of the bench's own programs prints as JSON, on its last line.
export async function measured(name, args, input = '') {
  const running = promisify(execFile)(program(name), args.map(String), { maxBuffer: 64 << 20 });
  running.child.stdin.end(input);
  return JSON.parse((await running).stdout.trim().split('\n').at(-1));
}

export const started = (name, args) => spawn(program(name), args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });

export function http(base, method, path, body) {
  return new Promise((done, failed) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const call = httpRequest(`${base}${path}`, { method, agent, headers }, (answer) => {
      let read = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => (read += piece));
      answer.on('end', () => {
        if (answer.statusCode >= 300) failed(new Error(`${method} ${path}: ${answer.statusCode} ${read}`));
        else done(read ? JSON.parse(read) : undefined);
      });
    });
    call.on('error', failed);
    call.end(text);
  });
}

export const api = (method, path, body) => http(`http://127.0.0.1:${port(gateway)}`, method, `/api/demo/v2${path}`, body);

// What the sample endpoint did since it was last cleared, each call's prompt by its SHA-256.
const endpoint = () => `http://127.0.0.1:${port('sample-endpoint')}`;
export const ledger = async () => (await http(endpoint(), 'GET', '/ledger')).calls;
export const clearLedger = () => http(endpoint(), 'DELETE', '/ledger');

export async function openSession(model) {
  const { session_id } = await api('POST', '/configure', { endpoint_url: `${endpoint()}/v1`, api_key: 'bench', model_id: model });
  const test = await api('POST', '/configure/test', { session_id });
  if (!test.success) throw new Error(test.error);
  return session_id;
}

export const closeSession = (session_id) => api('POST', '/cleanup', { session_id });

export const promptText = (prompt_id) => `Benchmark prompt number ${prompt_id}: say something short.`;

export async function suiteOf(session_id, count) {
  const prompts = Array.from({ length: count }, (_, i) => promptText(i + 1));
  return (await api('POST', '/test-suites', { session_id, name: 'Bench', prompts })).id;
}

export const startRun = async (session_id, test_suite_id, options) =>
  (await api('POST', '/batch-test', { session_id, test_suite_id, ...options })).test_run_id;

// Returns when the run has told its end; fails where it did not go well.
export async function endOfRun(session_id, test_run_id) {
  const answer = await new Promise((done, failed) => {
    const path = `/api/demo/v2/batch-test/${test_run_id}/events?last_event_id=100000000`;
    httpRequest(`http://127.0.0.1:${port(gateway)}${path}`, done).on('error', failed).end();
  });
  answer.resume();
  await new Promise((done) => answer.on('end', done));
  const ended = performance.now();
  const run = await api('GET', `/batch-test?session_id=${session_id}`);
  if (run.status !== 'completed' || run.failed_prompts > 0) throw new Error(JSON.stringify(run));
  return ended;
}

// Milliseconds from asking for a run to its `done`.
export async function timedRun(session_id, test_suite_id, options) {
  const start = performance.now();
  return (await endOfRun(session_id, await startRun(session_id, test_suite_id, options))) - start;
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
