// An installation whose processes are killed, a run that goes on through it, and a reader who compares what is told at every
// moment. FTL_SOAK=1 does all of it many times more.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { EventStream, call, get, ok, post, until, wait } from '../contract/client.mjs';
import { Installation } from '../contract/installation.mjs';
import { uniquePrompts } from '../contract/sessions.mjs';

export const isSoak = process.env.FTL_SOAK === '1';

// So many kills of each kind, three to a run.
export const killsOfARun = 3;
export const rounds = isSoak ? 20 : 1;

export const processes = ['gateway', 'session-vault', 'batch-runner', 'analytics', 'export', 'postgres'];

const settings = { DEMO_MAX_SESSIONS_PER_ADDRESS: '10000', DEMO_MAX_PROMPTS_PER_SESSION: '100000', DEMO_MAX_REQUESTS_PER_MINUTE: '10000000' };

export function installation() {
  return new Installation(['--split'], settings);
}

export async function kill(installed, name, signal = 'SIGKILL') {
  process.kill(installed.pid(name), signal);
  if (signal === 'SIGSTOP') return;
  await until(`${name} is gone`, () => !installed.isAlive(name), { seconds: 25, everyMs: 5 });
}

// What a running program is and what it was told.
export function startedAs(installed, name) {
  const [of, told] = [installed.pid(name), {}];
  for (const setting of readFileSync(`/proc/${of}/environ`, 'utf8').split('\0')) {
    const [key] = setting.split('=', 1);
    if (key) told[key] = setting.slice(key.length + 1);
  }
  return { program: readlinkSync(`/proc/${of}/exe`), told };
}

// Starts one more process of a program, and waits until it is ready; gives it, and the port of which it said that it serves there.
async function started(name, program, env) {
  const child = spawn(program, [], { stdio: ['ignore', 'ignore', 'pipe'], env, cwd: '/' });
  let said = '';
  child.stderr.on('data', (text) => (said = (said + text).slice(-4000)));
  await until(`a second ${name} is ready`, () => {
    assert.equal(child.exitCode, null, said);
    return said.includes('"ready"');
  });
  return { child, port: Number(/"serving (?:gRPC|HTTP)".*?"port":(\d+)/.exec(said)?.[1]) };
}

// One more process of a service, told what the first was told, that listens elsewhere.
export async function replica(installed, name, how = startedAs(installed, name)) {
  return (await listeningElsewhere(name, how)).child;
}

function listeningElsewhere(name, { program, told }) {
  const env = { ...told, [`FTL_${name.replace(/-/g, '_').toUpperCase()}_LISTEN`]: '127.0.0.1:0' };
  delete env.FTL_ADMIN_ADDRESS;
  return started(name, program, env);
}

// A second batch-runner, with a gateway of its own before it: its `url`, and what ends both.
export async function neighbour(installed) {
  const runner = await listeningElsewhere('batch-runner', startedAs(installed, 'batch-runner'));
  const { program, told } = startedAs(installed, 'gateway');
  const env = { ...told, FTL_HTTP_ADDRESS: '127.0.0.1:0', FTL_BATCH_RUNNER_ADDRESS: `127.0.0.1:${runner.port}` };
  const gateway = await started('gateway', program, env).catch((error) => {
    runner.child.kill('SIGKILL');
    throw error;
  });
  return { url: `http://127.0.0.1:${gateway.port}`, end: () => [gateway, runner].forEach(({ child }) => child.kill('SIGKILL')) };
}

// What a call gives while processes die: its answer, or nothing where nobody is there or it is told to come back.
async function patient(asking) {
  try {
    const answer = await asking();
    if (answer.status >= 500) {
      assert.ok([502, 503, 504].includes(answer.status), `${answer.what}: ${answer.status} ${answer.text}`);
      if (answer.status === 503) assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
      return null;
    }
    return answer;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return null;
  }
}

// Repeats a call until it is answered; 503 is no answer.
export async function persistently(asking, seconds = 40) {
  return until('an answer', () => patient(asking), { seconds, everyMs: 100 });
}

// A session with a run of `count` prompts that no other run has; `model_id` is one of the sample endpoint's.
export async function startedRun(installed, count, { model_id = 'sample-100ms', endpoint_url = installed.sampleEndpoint, concurrency = 4, ...options } = {}) {
  const body = { endpoint_url, api_key: 'sk-chaos-key-0123456789', model_id };
  const { session_id } = await ok(persistently(() => post('configure', body)), 201);
  const tested = await ok(persistently(() => post('configure/test', { session_id })));
  assert.equal(tested.success, true, JSON.stringify(tested));
  const prompts = uniquePrompts(count);
  const suite = await ok(persistently(() => post('test-suites', { session_id, name: 'Chaos', prompts })), 201);
  const started = await ok(persistently(() => post('batch-test', { session_id, test_suite_id: suite.id, prompt_limit: count, concurrency, ...options })), 202);
  return { session_id, id: started.test_run_id, prompts, concurrency };
}

// Reads the run over and over until it has ended, and holds at every read: counters equal rows, no prompt has two results,
// nothing that was told is taken back. Gives the last read.
export async function watched(run, { seconds = 90 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  let told = 0;
  for (;;) {
    const answer = await patient(() => get(`batch-test?test_run_id=${run.id}&page_size=1000`));
    if (answer) {
      const now = await ok(answer);
      const ids = now.results.map(({ prompt_id }) => prompt_id);
      assert.equal(new Set(ids).size, ids.length, 'a prompt has two results');
      const good = now.results.filter(({ success }) => success).length;
      assert.deepEqual([now.completed_prompts, now.failed_prompts], [good, ids.length - good], 'counters equal rows');
      assert.ok(ids.length >= told, `${told} results were told, now ${ids.length}`);
      told = ids.length;
      if (['completed', 'failed', 'cancelled'].includes(now.status)) return now;
    }
    assert.ok(Date.now() < deadline, `the run did not end within ${seconds} s: ${told} of ${run.prompts.length} results`);
    await wait(20);
  }
}

// The run is complete: each prompt has one result, and each was a success.
export function isWhole(run, ended) {
  assert.equal(ended.status, 'completed', JSON.stringify({ ...ended, results: undefined }));
  assert.deepEqual(ended.results.map(({ prompt_id }) => prompt_id), run.prompts.map((_, index) => index + 1));
  assert.deepEqual(ended.results.map(({ prompt }) => prompt), run.prompts);
  const failed = ended.results.filter(({ success }) => !success);
  assert.deepEqual(failed.map(({ prompt_id, error_type, error }) => ({ prompt_id, error_type, error })), []);
}

// How many calls the endpoint saw of this run's prompts beyond one each.
export async function extraCalls(installed, run) {
  const { prompts } = await (await fetch(installed.sampleEndpoint.replace('/v1', '/ledger?calls=false'))).json();
  const mine = new Map(prompts.filter(({ prompt }) => run.prompts.includes(prompt)).map(({ prompt, calls }) => [prompt, calls]));
  assert.deepEqual(run.prompts.filter((prompt) => !mine.has(prompt)), [], 'every prompt was called');
  return [...mine.values()].reduce((sum, calls) => sum + calls - 1, 0);
}

// Follows the run's events over every break, as a browser does; gives the ids of results and done in the order they came.
export async function follow(run, { seconds = 120 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  const ids = [];
  let last = 0;
  for (let done = false; !done; ) {
    assert.ok(Date.now() < deadline, `no done within ${seconds} s, after ${last} events`);
    try {
      const stream = await EventStream.open('GET', `batch-test/${run.id}/events`, { headers: { 'last-event-id': String(last) } });
      if (stream.response.status !== 200) throw new Error(String(stream.response.status));
      for await (const { event, id } of stream) {
        if (id !== undefined) ids.push((last = Number(id)));
        if (event === 'done') done = true;
        if (event === 'error') throw new assert.AssertionError({ message: 'the stream was told that the session is over' });
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    if (!done) await wait(100);
  }
  return ids;
}

export async function closed(run) {
  await ok(persistently(() => call('POST', 'cleanup', { body: { session_id: run.session_id } })));
}
