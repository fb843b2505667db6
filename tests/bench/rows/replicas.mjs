// One run on any number of batch-runners: where one carries it, more cost nothing; where one cannot, they help.
import { spawn } from 'node:child_process';
import { closeSession, environment, openSession, pause, program, sql, suiteOf, timedRun } from '../installation.mjs';
import { median, row } from '../table.mjs';

// Told what the first was told, listening elsewhere.
async function another() {
  const env = { ...environment('batch-runner'), FTL_BATCH_RUNNER_LISTEN: '127.0.0.1:0', FTL_LOG_LEVEL: 'info' };
  delete env.FTL_ADMIN_ADDRESS;
  const child = spawn(program('finetunelab-batch-runner'), [], { stdio: ['ignore', 'ignore', 'pipe'], env, cwd: '/' });
  await new Promise((ready, failed) => {
    child.stderr.on('data', (text) => String(text).includes('"ready"') && ready());
    child.on('exit', (code) => failed(new Error(`a further batch-runner ended with ${code}`)));
  });
  child.stderr.resume();
  return child;
}

const commits = () => Number(sql('SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()'));

// Commits a second while nothing happens. Statistics are told up to a second late.
async function atRest() {
  await pause(1500);
  const [before, began] = [commits(), performance.now()];
  await pause(4000);
  return ((commits() - before) / (performance.now() - began)) * 1000;
}

const counts = [1, 2, 4, 8];

export async function replicas() {
  const carried = { what: 'a run of 48 at 100 ms, concurrency 4', model: 'sample-100ms', prompts: 48, concurrency: 4, ideal: 1200 };
  const heavy = { what: 'a run of 10000 without latency, concurrency 128', model: 'sample-zero', prompts: 10_000, concurrency: 128 };
  const others = [];
  const first = {};
  try {
    for (const count of counts) {
      while (others.length < count - 1) others.push(await another());
      const rest = await atRest();
      for (const { what, model, prompts, concurrency, ideal } of [carried, heavy]) {
        const session = await openSession(model);
        const suite = await suiteOf(session, prompts);
        await pause(1500);
        const [before, began] = [commits(), performance.now()];
        const times = [];
        for (let i = 0; i < 3; i += 1) times.push(await timedRun(session, suite, { prompt_limit: prompts, concurrency, stream: false }));
        await pause(1500);
        const each = (commits() - before - (rest * (performance.now() - began)) / 1000) / (3 * prompts);
        await closeSession(session);
        const took = median(times);
        first[what] ??= took;
        row(`${what}, batch-runners: ${count}`, {
          floor: ideal ? `${ideal} ms` : '-', ours: `${took.toFixed(0)} ms, ${each.toFixed(2)} commits a prompt`,
          ratio: `${(took / first[what]).toFixed(2)} of one`, goal: ideal ? 'at most 1.03 of one' : 'less than one, where there are cores',
          met: ideal ? took / first[what] <= 1.03 : undefined,
        });
      }
    }
  } finally {
    for (const other of others) {
      other.removeAllListeners('exit');
      other.kill('SIGTERM');
    }
  }
}
