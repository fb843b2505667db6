// The gateway by itself, at its real limits: descriptors, all connections in use, and who has to leave. Needs built programs
// (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { wait } from './client.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const maxConnections = 16_384;
const maxOfAddress = 1_024;
const kept = maxConnections / 16; // places for addresses that hold few

// A gateway without services behind it, with `files` descriptors: what it said, and its port.
async function gateway(t, { soft, hard }) {
  const folder = mkdtempSync(join(tmpdir(), 'finetunelab-test-'));
  const program = spawn('sh', ['-c', `ulimit -Sn ${soft} && ulimit -Hn ${hard} && exec "$0"`, join(process.env.FTL_BUILD_DIR, 'bin/finetunelab-gateway')], {
    env: { PATH: process.env.PATH, FTL_HTTP_ADDRESS: '127.0.0.1:0', FTL_PORT_FILE: join(folder, 'port') },
  });
  let said = '';
  program.stderr.on('data', (text) => (said += text));
  t.after(async () => {
    program.kill('SIGKILL');
    if (program.exitCode === null && program.signalCode === null) await once(program, 'exit');
    rmSync(folder, { recursive: true });
  });
  for (let i = 0; i < 400 && !said.includes('"ready"'); ++i) await wait(25);
  assert.match(said, /"ready"/);
  return { said, pid: program.pid, port: Number(readFileSync(join(folder, 'port'), 'utf8')) };
}

// A kept connection from `address` that has been answered once.
async function client(port, address) {
  const socket = connect({ port, host: '127.0.0.1', localAddress: address });
  const known = { socket, closed: false };
  socket.on('close', () => (known.closed = true));
  socket.on('error', () => (known.closed = true));
  known.status = await ask(known);
  return known;
}

async function ask({ socket }) {
  socket.write('GET /livez HTTP/1.1\r\nHost: lab\r\n\r\n');
  const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [''])]).catch(() => ['']);
  return answer.toString().slice(9, 12);
}

test('the file limit is raised as far as it goes', { skip }, async (t) => {
  const { said, pid } = await gateway(t, { soft: 256, hard: 4096 });
  assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max open files +4096 +4096 /m);
  const warning = said.split('\n').find((line) => line.includes('few file descriptors'));
  assert.ok(warning, said);
  const { descriptors, max_connections } = JSON.parse(warning);
  assert.deepEqual({ descriptors, max_connections }, { descriptors: 4096, max_connections: maxConnections });
});

const files = Number(execFileSync('sh', ['-c', 'ulimit -Hn']).toString().replace('unlimited', '1048576'));
const fewFiles = files < maxConnections + 2_000 && `the hard limit of file descriptors is ${files}`;

test('when all places are taken the longest idle of whoever holds many goes first', { skip: skip || fewFiles, timeout: 120_000 }, async (t) => {
  const { said, port } = await gateway(t, { soft: files, hard: files });
  assert.doesNotMatch(said, /few file descriptors/);
  const patient = await client(port, '127.0.0.100');
  assert.equal(patient.status, '200');
  const crowd = [];
  while (crowd.length < 17 * maxOfAddress) {
    const some = Array.from({ length: 136 }, (_, i) => client(port, `127.0.1.${1 + (i % 17)}`));
    crowd.push(...(await Promise.all(some)));
  }
  t.after(() => [patient, ...crowd].forEach(({ socket }) => socket.destroy()));
  assert.ok(crowd.every(({ status }) => status === '200'), 'each newcomer is served');
  await wait(100);
  const open = crowd.filter(({ closed }) => !closed).length;
  assert.ok(open <= maxConnections - kept && open >= maxConnections - kept - 100, `${open} are open`);
  assert.ok(crowd.slice(0, 1_000).every(({ closed }) => closed), 'the first go first');
  assert.ok(crowd.slice(-10_000).every(({ closed }) => !closed), 'the last stay');
  assert.equal(await ask(patient), '200', 'who holds one stays, however long it has been idle');
  const started = performance.now();
  const newcomer = await client(port, '127.0.0.101');
  assert.equal(newcomer.status, '200');
  assert.ok(performance.now() - started < 1_000, 'and a newcomer is served at once');
  newcomer.socket.destroy();
});
