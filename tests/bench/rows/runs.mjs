// Runs against the floor: a bare loop that makes the same calls and stores the same answers.
import { closeSession, cpu, databaseUrl, measured, memory, openSession, pid, port, suiteOf, timedRun } from '../installation.mjs';
import { median, row } from '../table.mjs';

const bareLoop = (model, prompts, concurrency, stream) =>
  measured('bare_loop', [port('sample-endpoint'), model, prompts, concurrency, stream ? 'stream' : 'whole', databaseUrl()]);

async function thrice(measure) {
  const taken = [];
  for (let i = 0; i < 3; ++i) taken.push(await measure());
  return taken;
}

async function against100ms() {
  const session = await openSession('sample-100ms');
  const suite = await suiteOf(session, 200);
  for (const stream of [false, true]) {
    for (const [concurrency, least] of [[8, 0.97], [32, 0.93], [128, 0.75]]) {
      const ideal = Math.ceil(200 / concurrency) * 100;
      const bare = ideal / median((await thrice(() => bareLoop('sample-100ms', 200, concurrency, stream))).map((run) => run.took_ms));
      const ours = ideal / median(await thrice(() => timedRun(session, suite, { prompt_limit: 200, concurrency, stream })));
      const wanted = stream ? 0.9 * bare : least;
      row(`run of 200, 100 ms, concurrency ${concurrency}, stream ${stream}`, {
        floor: `${bare.toFixed(2)} of ideal`, ours: `${ours.toFixed(2)} of ideal`, ratio: (ours / bare).toFixed(2),
        goal: stream ? '0.9 of the floor' : `${least} of ideal`, met: ours >= wanted,
      });
    }
  }
  await closeSession(session);
}

// As many at a time as a run may have.
const most = 256;

// What a plain answer pays for it that odd ones are understood; `cpuOfRun` is a run's, in seconds for a thousand prompts.
async function understanding(cpuOfRun) {
  const { pieces, ours_ns, plain_ns } = await measured('answer_speed', []);
  const share = ((ours_ns - plain_ns) / (cpuOfRun * 1e6)) * 100;
  row(`reading an answer of ${pieces} pieces, odd ones understood`, {
    floor: `${(plain_ns / 1000).toFixed(1)} us as it stands`, ours: `${(ours_ns / 1000).toFixed(1)} us`, ratio: `${share.toFixed(1)} % of a prompt's CPU added`,
    goal: '-',
  });
}

// Prompts a second from end to end, and what they cost.
async function againstNoLatency(model, stream, count, leastPerSecond, mostCpu) {
  const session = await openSession(model);
  const suite = await suiteOf(session, count);
  const bare = (await thrice(() => bareLoop(model, count, most, stream))).sort((a, b) => a.took_ms - b.took_ms)[1];
  const before = cpu(pid('all-in-one'));
  const took = median(await thrice(() => timedRun(session, suite, { prompt_limit: count, concurrency: most, stream })));
  const spent = (cpu(pid('all-in-one')) - before) / 3;
  const perSecond = (count / took) * 1000;
  const what = `${model}, stream ${stream}`;
  row(`prompts a second, ${what}`, {
    floor: `${bare.per_second}/s`, ours: `${perSecond.toFixed(0)}/s`, ratio: (perSecond / bare.per_second).toFixed(2),
    goal: `half the floor${leastPerSecond ? `, at least ${leastPerSecond}/s` : ''}`, met: perSecond >= Math.max(leastPerSecond, bare.per_second / 2),
  });
  const [bareCpu, ourCpu] = [bare.cpu_s, spent].map((seconds) => (seconds / count) * 1000);
  row(`CPU per 1,000 prompts, ${what}`, {
    floor: `${bareCpu.toFixed(3)} s`, ours: `${ourCpu.toFixed(3)} s`, ratio: (ourCpu / bareCpu).toFixed(1),
    goal: `at most ${mostCpu} s`, met: ourCpu <= mostCpu,
  });
  if (stream) await understanding(ourCpu);
  await closeSession(session);
}

// They take turns, since a machine's disk has better and worse moments. One run waits for each of its commits; several keep
// the database busy, as the floor does. Runs of many people make small steps, each of which costs more than its results.
export async function storing() {
  const sessions = [];
  for (let i = 0; i < 64; ++i) sessions.push(await openSession('sample-zero'));
  const ways = [
    { name: 'one run at a time, steps of 128', of: [256, 128, sessions[0]], goal: 'at least 15,000/s', least: 15000 },
    { name: 'three runs at a time, steps of 128', of: [256, 128, ...sessions.slice(0, 3)], goal: 'at least 15,000/s', least: 15000 },
    { name: '64 runs at a time, steps of 4', of: [4, 4, ...sessions] },
  ];
  const bare = [];
  const rates = ways.map(() => []);
  for (let i = 0; i < 3; ++i) {
    bare.push((await measured('bare_loop', ['store', 30000, databaseUrl()])).per_second);
    for (const [way, { of }] of ways.entries()) rates[way].push((await measured('store_speed', [databaseUrl(), 30000, ...of])).per_second);
  }
  const floor = median(bare);
  for (const [way, { name, goal, least }] of ways.entries()) {
    const rate = median(rates[way]);
    row(`storing results of 1.5 KB, ${name}`, { floor: `${floor}/s`, ours: `${rate}/s`, ratio: (rate / floor).toFixed(2), goal, met: least && rate >= least });
  }
  for (const session of sessions) await closeSession(session);
}

export async function runs() {
  await against100ms();
  await againstNoLatency('sample-zero', false, 10000, 6000, 0.2);
  await againstNoLatency('sample-64', true, 5000, 0, 0.75);
  const rss = memory(pid('all-in-one'), 'VmRSS');
  row('all-in-one RSS after 45,000 prompts', { ours: `${rss.toFixed(0)} MB`, goal: 'at most 120 MB', met: rss <= 120 });
}
