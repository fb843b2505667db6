// Ten thousand who watch one run.
import { closeSession, memory, openSession, pid, port, started, startRun, suiteOf } from '../installation.mjs';
import { ms, quantile, row } from '../table.mjs';

const many = 10_000;

// The lines of a program, one after the other.
async function* linesOf(child) {
  let unread = '';
  for await (const piece of child.stdout.setEncoding('utf8')) {
    const lines = (unread + piece).split('\n');
    unread = lines.pop();
    yield* lines;
  }
}

export async function watching() {
  const session = await openSession('sample-zero');
  const suite = await suiteOf(session, 60);
  const test_run_id = await startRun(session, suite, { prompt_limit: 60, concurrency: 1, requests_per_minute: 120, stream: false });
  const gateway = pid('gateway');
  const before = memory(gateway, 'RssAnon');
  const lines = linesOf(started('watchers', [port('gateway'), test_run_id, many]));
  await lines.next();
  const allOpen = (performance.timeOrigin + performance.now()) * 1000;
  const open = memory(gateway, 'RssAnon');
  const { saw_done, results } = JSON.parse((await lines.next()).value);
  const after = memory(gateway, 'RssAnon');
  const each = ((Math.max(open, after) - before) * 1024) / many;
  row(`${many} watchers of one run, memory of each`, {
    floor: '1.9 KB, bare asio', ours: `${each.toFixed(1)} KB`, ratio: (each / 1.9).toFixed(1), goal: 'at most 4 KB', met: each <= 4 && saw_done === many,
  });
  const spreads = results.filter(({ first_us }) => first_us > allOpen).map(({ first_us, last_us }) => (last_us - first_us) / 1000);
  row(`an event to all ${many} watchers`, { ours: `p50 ${ms(quantile(spreads, 0.5))} from the first to the last` });
  await closeSession(session);
}
