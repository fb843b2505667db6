// Many sessions at a time (FTL_BENCH_SESSIONS, 1000), each with a run of its own and a person who looks once a second. The ideal is
// one run's own; the floor a bare loop that makes the same calls at once and stores their answers, without sessions, runs or readers.
import { api, closeSession, cpu, databaseUrl, gatewayName, measured, openSession, pause, pid, port, sql, startRun, suiteOf } from '../installation.mjs';
import { ms, quantile, row } from '../table.mjs';

const sessions = Number(process.env.FTL_BENCH_SESSIONS ?? 1000);
const prompts = 20;
const concurrency = 4;
const idealMs = (prompts / concurrency) * 1000;
// A backend tells what it did at the latest when it has been idle for so long.
const statisticsLag = 11_000;
const endings = ['completed', 'failed', 'cancelled'];

async function inParallel(count, atATime, work) {
  const done = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < count; i = next++) done[i] = await work(i);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return done;
}

async function timed(times, call) {
  const start = performance.now();
  const answer = await call();
  times.push(performance.now() - start);
  return answer;
}

// Whether the program says that it is ready, four times a second until `over` does.
async function readiness(over) {
  const seen = { asked: 0, lost: 0 };
  while (!over()) {
    const answer = await fetch(`http://127.0.0.1:${port(gatewayName())}/readyz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    seen.asked += 1;
    seen.lost += answer?.status === 200 ? 0 : 1;
    await answer?.arrayBuffer();
    await pause(250);
  }
  return seen;
}

const transactions = () => Number(sql("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"));

export async function crowd() {
  const crowd = await inParallel(sessions, 16, async () => {
    const session = await openSession('sample-1s');
    return { session, suite: await suiteOf(session, prompts) };
  });
  const bare = await measured('bare_loop', [port('sample-endpoint'), 'sample-1s', sessions * prompts, sessions * concurrency, 'stream', databaseUrl()]);
  await pause(statisticsLag);
  const before = transactions();
  const cpuBefore = cpu(pid(gatewayName()));
  const starts = [];
  const looks = [];
  let over = false;
  const ready = readiness(() => over);
  const began = performance.now();
  const runs = await Promise.all(crowd.map(async ({ session, suite }, i) => {
    const id = await timed(starts, () => startRun(session, suite, { prompt_limit: prompts, concurrency }));
    let run;
    await pause((i * 1000) / sessions);
    for (;;) {
      run = await timed(looks, () => api('GET', `/batch-test/${id}/status?page_size=1`));
      if (endings.includes(run.status)) return run;
      await pause(1000);
    }
  }));
  over = true;
  const cpuSpent = cpu(pid(gatewayName())) - cpuBefore;
  const { asked, lost } = await ready;
  await pause(statisticsLag);
  const spent = (transactions() - before) / (sessions * prompts);
  const whole = runs.filter((run) => run.completed_prompts === prompts).length;
  const last = Math.max(...runs.map((run) => Date.parse(run.completed_at)));
  const took = last - (Date.now() - (performance.now() - began));
  const name = `${sessions} sessions, a run of ${prompts} each against 1 s`;
  const most = 1.5 * idealMs + Math.max(0, bare.took_ms - idealMs);
  row(`${name}, all complete after`, {
    floor: `${ms(bare.took_ms)}, ideal ${ms(idealMs)}`, ours: `${ms(took)}, ${whole} whole`, ratio: (took / bare.took_ms).toFixed(2),
    goal: `1.5 times ideal and what the floor takes more, ${ms(most)}`, met: whole === sessions && took <= most,
  });
  row(`${name}, status`, { ours: `p50 ${ms(quantile(looks, 0.5))}, p99 ${ms(quantile(looks, 0.99))}`, goal: 'p99 at most 50 ms', met: quantile(looks, 0.99) <= 50 });
  row(`${name}, start`, { ours: `p50 ${ms(quantile(starts, 0.5))}, p99 ${ms(quantile(starts, 0.99))}` });
  row(`${name}, /readyz`, { ours: `lost ${lost} of ${asked} times`, goal: 'never lost', met: lost === 0 });
  row(`${name}, transactions a prompt`, { ours: spent.toFixed(2) });
  const opened = Number(sql('SELECT count(connect_us) FROM demo_batch_test_results')) / (sessions * prompts);
  row(`${name}, connections opened a prompt`, { floor: (concurrency / prompts).toFixed(2), ours: opened.toFixed(2) });
  row(`${name}, CPU of the program per 1,000 prompts`, { floor: `${((bare.cpu_s * 1000) / (sessions * prompts)).toFixed(3)} s`, ours: `${((cpuSpent * 1000) / (sessions * prompts)).toFixed(3)} s` });
  await inParallel(sessions, 16, (i) => closeSession(crowd[i].session));
}
