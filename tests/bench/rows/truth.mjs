// What the product says of its calls, against what the endpoint's own ledger says of them; both read the same clock.
import { createHash } from 'node:crypto';
import {
  api, clearLedger, closeSession, databaseUrl, endOfRun, gatewayName, ledger, measured, openSession, pause, port, promptText, startRun, suiteOf, timedRun,
} from '../installation.mjs';
import { median, ms, quantile, row } from '../table.mjs';

const hashOf = (text) => createHash('sha256').update(text).digest('hex');
const unixMs = (call) => Date.parse(call.at) + Number(`0.${/\.(\d+)Z/.exec(call.at)[1]}`) * 1000 - new Date(call.at).getMilliseconds();

async function callsByPrompt() {
  return new Map((await ledger()).map((call) => [call.sha256, call]));
}

async function resultsOf(test_run_id) {
  const results = [];
  for (let token = ''; token !== undefined; ) {
    const page = await api('GET', `/batch-test?test_run_id=${test_run_id}&page_size=1000&page_token=${token}`);
    results.push(...page.results);
    token = page.next_page_token;
  }
  return results;
}

// How far what was said is from what was, in parts of what is allowed: 1 ms or 1 %, whichever is more.
const offBy = (said, was) => Math.abs(said - was) / Math.max(1, was / 100);
const summary = (off) => `${((off.filter((share) => share <= 1).length / off.length) * 100).toFixed(1)} % within, worst ${Math.max(...off).toFixed(1)} of it`;

// The floor is a bare loop's clock: what it is off by is what the endpoint's own queue and the machine are.
async function clock(session, suite, concurrency, stream) {
  await clearLedger();
  const bare = await measured('bare_loop', [port('sample-endpoint'), 'sample-100ms', 200, concurrency, stream ? 'stream' : 'whole', databaseUrl()]);
  const bareCalls = await callsByPrompt();
  const bareOff = bare.latencies_us.map((us, i) => offBy(us / 1000, bareCalls.get(hashOf(promptText(i + 1))).end_ms));
  await clearLedger();
  const test_run_id = await startRun(session, suite, { prompt_limit: 200, concurrency, stream });
  await endOfRun(session, test_run_id);
  const calls = await callsByPrompt();
  const off = (await resultsOf(test_run_id)).flatMap(({ prompt, latency_ms, ttft_ms }) => {
    const call = calls.get(hashOf(prompt));
    return stream ? [offBy(latency_ms, call.end_ms), offBy(ttft_ms, call.first_token_ms)] : [offBy(latency_ms, call.end_ms)];
  });
  row(`truth of the clock, concurrency ${concurrency}, stream ${stream}`, {
    floor: `bare loop ${summary(bareOff)}`, ours: summary(off), goal: 'all within 1 ms or 1 %', met: off.every((share) => share <= 1),
  });
}

// From the answer's last byte to its event, for one who watches.
async function untilEvent(model, count, options, dimension, share, most) {
  const session = await openSession(model);
  const suite = await suiteOf(session, count);
  await clearLedger();
  const test_run_id = await startRun(session, suite, { prompt_limit: count, stream: false, ...options });
  const { results } = await measured('watchers', [port(gatewayName()), test_run_id, 1]);
  const calls = await callsByPrompt();
  const delays = results.map(({ prompt_id, first_us }) => {
    const call = calls.get(hashOf(promptText(prompt_id)));
    return first_us / 1000 - unixMs(call) - call.end_ms;
  });
  row(dimension, {
    ours: `p50 ${ms(median(delays))}, p99 ${ms(quantile(delays, 0.99))}`, goal: `p${share * 100} at most ${most} ms`, met: quantile(delays, share) <= most,
  });
  await closeSession(session);
}

// From the moment a run is asked for to the moment its first call has come in at the endpoint.
async function firstCall() {
  const session = await openSession('sample-zero');
  const suite = await suiteOf(session, 1);
  await timedRun(session, suite, { prompt_limit: 1 });
  const times = [];
  for (let i = 0; i < 50; ++i) {
    await clearLedger();
    await pause(10);
    const asked = performance.timeOrigin + performance.now();
    await endOfRun(session, await startRun(session, suite, { prompt_limit: 1, stream: false }));
    times.push(unixMs((await ledger())[0]) - asked);
  }
  row('start of a run to its first call, p50', { floor: '57 us NOTIFY', ours: ms(median(times)), goal: 'at most 3 ms', met: median(times) <= 3 });
  await closeSession(session);
}

export async function truth() {
  const session = await openSession('sample-100ms');
  const suite = await suiteOf(session, 200);
  for (const concurrency of [8, 32, 128]) await clock(session, suite, concurrency, false);
  await clock(session, suite, 8, true);
  await closeSession(session);
  await firstCall();
  await untilEvent('sample-zero', 200, { concurrency: 1, requests_per_minute: 3000 }, "answer's end to event, one watcher, quiet", 0.5, 2);
  await untilEvent('sample-100ms', 2000, { concurrency: 128 }, 'result visible after its answer, 100 ms, concurrency 128', 0.99, 25);
  await untilEvent('sample-zero', 5000, { concurrency: 64 }, 'result visible after its answer, no latency, concurrency 64', 0.99, 25);
}
