// What the product weighs before anybody uses it, and how soon it is there.
import { spawn } from 'node:child_process';
import { pageWeight } from '../../e2e/page-weight.mjs';
import { environment, http, memory, pause, pid, port, program } from '../installation.mjs';
import { median, ms, row } from '../table.mjs';

// From exec to a 200 of /readyz, on a migrated database.
async function start() {
  const own = 20000 + (process.pid % 20000);
  const times = [];
  for (let i = 0; i < 5; ++i) {
    const env = { ...environment('all-in-one'), FTL_HTTP_ADDRESS: `127.0.0.1:${own + i}`, FTL_GRPC_LISTEN: '', FTL_PORT_FILE: '', FTL_ADMIN_ADDRESS: '' };
    const begin = performance.now();
    const child = spawn(program('finetunelab'), [], { env, stdio: 'ignore' });
    while (!(await http(`http://127.0.0.1:${own + i}`, 'GET', '/readyz').then(() => true, () => false))) await pause(2);
    times.push(performance.now() - begin);
    child.kill('SIGTERM');
    await new Promise((done) => child.on('exit', done));
  }
  row('process start to /readyz', { ours: ms(median(times)), goal: 'at most 300 ms', met: median(times) <= 300 });
}

// What the page weighs on its way, and how soon its first bytes are there.
async function page() {
  const base = `http://127.0.0.1:${port('all-in-one')}`;
  const times = [];
  for (let i = 0; i < 20; ++i) {
    const begin = performance.now();
    await (await fetch(`${base}/`)).text();
    times.push(performance.now() - begin);
  }
  const { first, whole } = await pageWeight(base);
  row('page, gzipped: before a button is pressed', { ours: `${(first / 1000).toFixed(1)} kB`, goal: 'at most 90 kB', met: first <= 90_000 });
  row('page, gzipped: everything of the wizard', { ours: `${(whole / 1000).toFixed(1)} kB`, goal: 'at most 180 kB', met: whole <= 180_000 });
  row('page, its HTML', { ours: ms(median(times)) });
}

export async function footprint() {
  await pause(3000);
  const rss = memory(pid('all-in-one'), 'VmRSS');
  row('all-in-one idle RSS', { ours: `${rss.toFixed(0)} MB`, goal: 'at most 80 MB', met: rss <= 80 });
  row('all-in-one idle private memory', { ours: `${memory(pid('all-in-one'), 'RssAnon').toFixed(0)} MB` });
  await start();
  await page();
}

export async function splitFootprint() {
  await pause(1000);
  for (const name of ['gateway', 'session-vault', 'batch-runner', 'analytics', 'export']) {
    const anonymous = memory(pid(name), 'RssAnon');
    row(`${name} idle private memory`, { ours: `${anonymous.toFixed(0)} MB`, goal: 'at most 20 MB', met: anonymous <= 20 });
  }
}
