// The benchmark of the whole: an installation of its own, driven over HTTP as a person's script would. Every figure is a ratio against
// a floor taken in the same run; nothing here asserts.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const programs = join(process.env.FTL_BUILD_DIR ?? join(checkout, 'build/release'), 'bin');
const data = mkdtempSync(join(tmpdir(), 'ftl-bench-'));
const rows = [];
const agent = new Agent({ keepAlive: true, maxSockets: 512 });

function up(...flags) {
  const env = { ...process.env, FTL_BUILD_DIR: dirname(programs), DEMO_MAX_PROMPTS_PER_SESSION: '1000000',
                DEMO_MAX_SESSIONS_PER_ADDRESS: '1000', DEMO_MAX_REQUESTS_PER_MINUTE: '100000000', FTL_LOG_LEVEL: 'warn' };
  const args = ['--data', data, '--port', '0', '--detach', '--no-demo', '--skip-install', ...flags];
  execFileSync(join(checkout, 'deploy/local/up'), args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

const port = (name) => Number(readFileSync(join(data, 'run', `${name}.port`), 'utf8'));
const pid = (name) => Number(readFileSync(join(data, 'run', `${name}.pid`), 'utf8'));

function memory(process_id, field) {
  const status = readFileSync(`/proc/${process_id}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) / 1024;
}

// User and system time of a process so far, in seconds.
function cpu(process_id) {
  const fields = readFileSync(`/proc/${process_id}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function http(base, method, path, body) {
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

const api = (method, path, body) => http(`http://127.0.0.1:${port('all-in-one')}`, method, `/api/demo/v2${path}`, body);

async function openSession(model) {
  const endpoint_url = `http://127.0.0.1:${port('sample-endpoint')}/v1`;
  const { session_id } = await api('POST', '/configure', { endpoint_url, api_key: 'bench', model_id: model });
  const test = await api('POST', '/configure/test', { session_id });
  if (!test.success) throw new Error(test.error);
  return session_id;
}

async function suiteOf(session_id, count) {
  const prompts = Array.from({ length: count }, (_, i) => `Benchmark prompt number ${i + 1}: say something short.`);
  return (await api('POST', '/test-suites', { session_id, name: 'Bench', prompts })).id;
}

// Starts a run and waits for its `done`; gives the milliseconds from the request to the event.
async function timedRun(session_id, test_suite_id, options) {
  const start = performance.now();
  const { test_run_id } = await api('POST', '/batch-test', { session_id, test_suite_id, ...options });
  const answer = await new Promise((done, failed) => {
    const path = `/api/demo/v2/batch-test/${test_run_id}/events?last_event_id=100000000`;
    httpRequest(`http://127.0.0.1:${port('all-in-one')}${path}`, done).on('error', failed).end();
  });
  answer.resume();
  await new Promise((done) => answer.on('end', done));
  const took = performance.now() - start;
  const run = await api('GET', `/batch-test?session_id=${session_id}`);
  if (run.status !== 'completed' || run.failed_prompts > 0) throw new Error(JSON.stringify(run));
  return took;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const row = (dimension, floor, ours, ratio, goal) => rows.push({ dimension, floor, ours, ratio, goal });

async function runsAgainst100ms() {
  const session = await openSession('sample-100ms');
  const suite = await suiteOf(session, 200);
  for (const stream of [false, true]) {
    for (const [concurrency, goal] of [[8, 0.97], [32, 0.93], [128, 0.75]]) {
      const ideal = Math.ceil(200 / concurrency) * 100;
      const times = [];
      for (let i = 0; i < 3; ++i) times.push(await timedRun(session, suite, { prompt_limit: 200, concurrency, stream }));
      const took = median(times);
      const wanted = stream ? 'streaming' : `at least ${goal}`;
      row(`run of 200, 100 ms, concurrency ${concurrency}, stream ${stream}`, `${ideal} ms ideal`, `${took.toFixed(0)} ms`,
          (ideal / took).toFixed(2), wanted);
    }
  }
  await api('POST', '/cleanup', { session_id: session });
}

async function promptsPerSecond() {
  const session = await openSession('sample-zero');
  const count = 5000;
  const suite = await suiteOf(session, count);
  for (const stream of [false, true]) {
    const before = cpu(pid('all-in-one'));
    const took = await timedRun(session, suite, { prompt_limit: count, concurrency: 64, stream });
    const spent = cpu(pid('all-in-one')) - before;
    row(`zero-latency endpoint, ${count} prompts, stream ${stream}`, '-', `${((count / took) * 1000).toFixed(0)}/s`, '-',
        stream ? 'half the bare loop' : 'at least 6,000/s');
    row(`CPU per 1,000 prompts, stream ${stream}`, '-', `${((spent / count) * 1000).toFixed(2)} s`, '-', 'at most 0.20 s; streaming 0.75 s');
  }
  row('all-in-one RSS after 10,000 prompts', '-', `${memory(pid('all-in-one'), 'VmRSS').toFixed(0)} MB`, '-', 'at most 120 MB');
  await api('POST', '/cleanup', { session_id: session });
}

async function restToGrpc() {
  const session = await openSession('sample-zero');
  const grpc = `127.0.0.1:${readFileSync(join(data, 'run', 'all-in-one-grpc.port'), 'utf8').trim()}`;
  const load = spawnSync(join(programs, 'gateway_load'), ['127.0.0.1', String(port('all-in-one')), grpc, session], { encoding: 'utf8' });
  if (load.status !== 0) throw new Error(load.stderr);
  const { http_p50_us, grpc_p50_us } = JSON.parse(load.stdout);
  row('REST to gRPC and back, p50', `${grpc_p50_us} us by gRPC`, `${http_p50_us} us by HTTP`, `${http_p50_us - grpc_p50_us} us added`,
      'at most 250 us added');
  await api('POST', '/cleanup', { session_id: session });
}

async function openingSessions() {
  const endpoint_url = `http://127.0.0.1:${port('sample-endpoint')}/v1`;
  const times = [];
  for (let i = 0; i < 100; ++i) {
    const start = performance.now();
    const { session_id } = await api('POST', '/configure', { endpoint_url, api_key: 'bench', model_id: 'sample-zero' });
    times.push(performance.now() - start);
    await api('POST', '/cleanup', { session_id });
  }
  row('opening a session, p50', '-', `${median(times).toFixed(1)} ms`, '-', 'at most 5 ms');
}

function idleMemory() {
  row('all-in-one idle RSS', '-', `${memory(pid('all-in-one'), 'VmRSS').toFixed(0)} MB`, '-', 'at most 80 MB');
  row('all-in-one idle private memory', '-', `${memory(pid('all-in-one'), 'RssAnon').toFixed(0)} MB`, '-', '-');
}

function splitMemory() {
  up('--split');
  for (const name of ['gateway', 'session-vault', 'batch-runner', 'analytics', 'export']) {
    row(`${name} idle private memory`, '-', `${memory(pid(name), 'RssAnon').toFixed(0)} MB`, '-', 'at most 20 MB');
  }
}

// From exec to a 200 of /readyz, on a migrated database.
async function startTime() {
  const name = 'all-in-one';
  const environ = readFileSync(`/proc/${pid(name)}/environ`, 'utf8').split('\0').filter(Boolean);
  const env = Object.fromEntries(environ.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  const times = [];
  const { spawn } = await import('node:child_process');
  const own = 20000 + (process.pid % 20000);
  for (let i = 0; i < 5; ++i) {
    const child_env = { ...env, FTL_HTTP_ADDRESS: `127.0.0.1:${own + i}`, FTL_GRPC_LISTEN: '', FTL_PORT_FILE: '', FTL_ADMIN_ADDRESS: '' };
    const start = performance.now();
    const child = spawn(join(programs, 'finetunelab'), [], { env: child_env, stdio: 'ignore' });
    for (;;) {
      try {
        await http(`http://127.0.0.1:${own + i}`, 'GET', '/readyz');
        break;
      } catch {
        await new Promise((done) => setTimeout(done, 5));
      }
    }
    times.push(performance.now() - start);
    child.kill('SIGTERM');
    await new Promise((done) => child.on('exit', done));
  }
  row('process start to /readyz', '-', `${median(times).toFixed(0)} ms`, '-', 'at most 300 ms');
}

function print() {
  const header = { dimension: 'dimension', floor: 'floor', ours: 'ours', ratio: 'ratio', goal: 'goal' };
  console.log(`| ${Object.values(header).join(' | ')} |\n| --- | --- | --- | --- | --- |`);
  for (const entry of rows) console.log(`| ${Object.values(entry).join(' | ')} |`);
}

try {
  up();
  await new Promise((done) => setTimeout(done, 3000));
  idleMemory();
  await startTime();
  await openingSessions();
  await restToGrpc();
  await runsAgainst100ms();
  await promptsPerSecond();
  agent.destroy();
  splitMemory();
  print();
} finally {
  spawnSync(join(checkout, 'deploy/local/down'), ['--data', data], { stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(data, { recursive: true, force: true });
}
