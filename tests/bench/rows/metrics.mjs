// What it costs that programs count and tell: each prompt of a run, and each time that Prometheus asks.
import { get } from 'node:http';
import { closeSession, cpu, measured, openSession, pid, port, suiteOf, timedRun } from '../installation.mjs';
import { median, ms, quantile, row } from '../table.mjs';

const services = ['session-vault', 'batch-runner', 'analytics', 'export'];
// As deploy/prometheus/prometheus.yml asks.
const interval = 15;
const prompts = 10_000;

// Counting is measured by itself and set against what a run without any latency, the one that it weighs most in, takes of
// batch-runner's processor time. They take turns, since a shared machine has better and worse moments.
async function counting() {
  const session = await openSession('sample-zero');
  const suite = await suiteOf(session, prompts);
  const shares = [];
  const costs = [];
  for (let i = 0; i < 5; ++i) {
    const { ns_each } = await measured('metrics_speed', [1_000_000]);
    const before = cpu(pid('batch-runner'));
    await timedRun(session, suite, { prompt_limit: prompts, concurrency: 128, stream: false });
    const spent = (cpu(pid('batch-runner')) - before) / prompts;
    costs.push(ns_each);
    shares.push(ns_each / 1e9 / spent);
  }
  await closeSession(session);
  return { share: median(shares), cost: median(costs) };
}

// Milliseconds of one scrape, on a connection of its own: the admin port keeps none open.
async function scrape(name) {
  const start = performance.now();
  const answer = await new Promise((done, failed) => get({ host: '127.0.0.1', port: port(`${name}-metrics`), path: '/metrics', agent: false }, done).on('error', failed));
  answer.resume();
  await new Promise((done) => answer.on('end', done));
  if (answer.statusCode !== 200) throw new Error(`/metrics of ${name}: ${answer.statusCode}`);
  return performance.now() - start;
}

export async function metrics() {
  const { share, cost } = await counting();
  let dearest = 0;
  for (const name of services) {
    const took = [];
    const before = cpu(pid(name));
    while (took.length < 1000) took.push(await scrape(name));
    dearest = Math.max(dearest, (cpu(pid(name)) - before) / took.length);
    const p99 = quantile(took, 0.99);
    row(`scrape of ${name}`, { ours: `p50 ${ms(median(took))}, p99 ${ms(p99)}`, goal: 'p99 at most 5 ms', met: p99 <= 5 });
  }
  const told = dearest / interval;
  row('metrics in a run without latency', {
    ours: `${(100 * (share + told)).toFixed(2)} %: ${cost.toFixed(0)} ns a prompt, and ${ms(1000 * dearest)} of each ${interval} s`,
    goal: 'at most 1 % of its processor time', met: share + told <= 0.01,
  });
}
