// What the product weighs before anybody uses it, and how soon it is there.
import { spawn } from 'node:child_process';
import { gzipSync } from 'node:zlib';
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

// Everything the page is made of, as it goes over the wire.
async function page() {
  const base = `http://127.0.0.1:${port('all-in-one')}`;
  const times = [];
  for (let i = 0; i < 20; ++i) {
    const begin = performance.now();
    await (await fetch(`${base}/`)).text();
    times.push(performance.now() - begin);
  }
  const html = await (await fetch(`${base}/`)).text();
  const asked = new Set([...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]));
  let bytes = 0;
  for (const path of ['/', ...asked]) {
    const answer = await fetch(base + path);
    if (answer.ok) bytes += gzipSync(Buffer.from(await answer.arrayBuffer())).length;
  }
  row('page, gzipped', { ours: `${(bytes / 1000).toFixed(0)} kB`, goal: 'at most 150 kB', met: bytes <= 150_000 });
  row('page, its HTML', { ours: ms(median(times)), goal: 'usable at most 150 ms after it is asked for' });
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
