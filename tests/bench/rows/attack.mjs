// What one stranger can make us pay: the dearest request of each route, how long others wait under each attack, and what memory
// stays. From one address, requests a minute not limited.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { api, closeSession, gatewayName, memory, openSession, pause, pid, port, startRun, suiteOf } from '../installation.mjs';
import { ms, quantile, row } from '../table.mjs';

const megabyte = 1 << 20;
const base = () => `http://127.0.0.1:${port(gatewayName())}`;
const list = (element, bytes) => Array(Math.ceil(bytes / (element.length + 1))).fill(element).join(',');
const bodies = {
  numbers: (bytes) => `"prompts":[${list('1', bytes)}]`,
  'unknown fields': (bytes) => `"prompts":[${list('{"x":1}', bytes)}]`,
  escapes: (bytes) => `"name":"${'\\"'.repeat(bytes / 2)}"`,
  'lines of a text': (bytes) => `"content_format":"text","content":"${'a\\n'.repeat(bytes / 3)}"`,
  'columns of a table': (bytes) => `"content_format":"csv","content":"${'a,'.repeat(bytes / 2)}\\n"`,
};

// Milliseconds that the kernel has given to a process, all of its threads.
function processorMs(processId) {
  const spent = (thread) => {
    try {
      return Number(readFileSync(`/proc/${processId}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
    } catch {
      return 0;
    }
  };
  return readdirSync(`/proc/${processId}/task`).map(spent).reduce((a, b) => a + b);
}

async function send(method, path, body, headers) {
  const answer = await fetch(base() + path, { method, body, headers: { 'content-type': 'application/json', ...headers } });
  await answer.arrayBuffer();
  return answer.status;
}

async function dearestRequests(session) {
  const { paths } = await (await fetch(`${base()}/openapi.json`)).json();
  const routes = Object.entries(paths).filter(([, methods]) => methods.post).map(([path]) => path.replaceAll(/\{\w+\}/g, '11111111-2222-4333-8444-555555555555'));
  for (const path of routes) {
    const takesMuch = /test-suites/.test(path);
    for (const [whose, headers] of [['nobody\'s session', {}], ['a session', { authorization: `Bearer ${session}` }]]) {
      if (headers.authorization && /cleanup|configure$/.test(path)) continue;
      let dearest = { cost: 0 };
      for (const [kind, make] of Object.entries(bodies)) {
        for (const bytes of [60_000, ...(takesMuch ? [megabyte, 8 * megabyte] : [])]) {
          const before = processorMs(pid(gatewayName()));
          const status = await send('POST', path, `{${make(bytes)}}`, headers);
          const cost = processorMs(pid(gatewayName())) - before;
          if (cost > dearest.cost) dearest = { cost, kind, bytes, status };
        }
      }
      const { cost, kind, bytes, status } = dearest;
      row(`CPU of one request, ${path.replace('/api/demo/v2/', '')}, ${whose}`, { ours: `${ms(cost)}, ${(bytes / megabyte).toFixed(1)} MB of ${kind}, ${status}`, goal: headers.authorization ? '-' : 'at most 50 ms', met: headers.authorization ? undefined : cost <= 50 });
    }
  }
}

// Asks for `/health` again and again on a thread of its own, so that what the attack costs here delays no asking. Gives a function
// that ends it and gives of each answer how long it took, and how much of that one thread of the process worked: on a machine that
// does other things too, that is what stood in front of it here.
function asking() {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { readdirSync, readFileSync } = require('node:fs');
    const { Agent, get } = require('node:http');
    const { url, threads } = workerData;
    const spent = () => new Map(readdirSync(threads).map((thread) => [thread, Number(readFileSync(threads + '/' + thread + '/schedstat', 'utf8').split(' ')[0]) / 1e6]));
    const agent = new Agent({ keepAlive: true });
    const ask = () => new Promise((done, failed) => get(url, { agent }, (answer) => answer.resume().on('end', done)).on('error', failed));
    const waits = [];
    let going = true;
    parentPort.on('message', () => (going = false));
    (async () => {
      while (going) {
        const before = spent();
        const asked = performance.now();
        await ask();
        const took = performance.now() - asked;
        const worked = Math.max(...[...spent()].map(([thread, ms]) => ms - (before.get(thread) ?? ms)));
        waits.push({ took, worked: Math.min(took, worked) });
        await new Promise((done) => setTimeout(done, 5));
      }
      parentPort.postMessage(waits);
      parentPort.close();
      agent.destroy();
    })();`;
  const worker = new Worker(source, { eval: true, workerData: { url: `${base()}/health`, threads: `/proc/${pid(gatewayName())}/task` } });
  return async () => {
    worker.postMessage('enough');
    const [waits] = await once(worker, 'message');
    return waits;
  };
}

// How long `/health` takes while `attack` goes on, and the memory: before, at the most, and ten seconds after.
async function under(name, attack) {
  await pause(2000);
  const resident = () => memory(pid(gatewayName()), 'RssAnon');
  const before = resident();
  let highest = before;
  const look = setInterval(() => (highest = Math.max(highest, resident())), 20);
  const answers = asking();
  const release = await attack();
  clearInterval(look);
  highest = Math.max(highest, resident());
  const asked = await answers();
  const waits = asked.map(({ took }) => took);
  const worked = Math.max(...asked.map((one) => one.worked));
  await release?.();
  await pause(10_000);
  const stays = resident() - before;
  const p99 = quantile(waits, 0.99);
  row(`/health under ${name}`, { ours: `p99 ${ms(p99)}, worst ${ms(Math.max(...waits))} of ${waits.length}`, goal: 'p99 at most 100 ms', met: p99 <= 100 });
  row(`memory under ${name}`, { ours: `${before.toFixed(0)} MB, ${highest.toFixed(0)} MB at the most, ${stays.toFixed(1)} MB more 10 s after`, goal: 'at most 20 MB more', met: stays <= 20 });
  return { before, highest, worked };
}

const repeated = (times, act) => async () => {
  for (let time = 0; time < times; ++time) await act();
};

// Connections that send `bytes` and nothing more; a function that ends them.
async function halfOpen(count, bytes) {
  const sockets = Array.from({ length: count }, () => connect({ port: port(gatewayName()), host: '127.0.0.1' }));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
  }
  await pause(5000);
  return () => sockets.forEach((socket) => socket.destroy());
}

// A run of 20 answers of 900 KB, each with these checks.
async function longAnswers(checks) {
  const text = Array.from({ length: 900_000 }, () => (Math.random() < 0.5 ? 'a' : 'b')).join('');
  const body = JSON.stringify({ id: '1', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(body));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const opened = await api('POST', '/configure', { endpoint_url: `http://127.0.0.1:${server.address().port}/v1`, api_key: 'bench', model_id: 'm' });
  await api('POST', '/configure/test', { session_id: opened.session_id });
  const prompts = Array.from({ length: 20 }, (_, i) => ({ prompt: `Number ${i}.`, checks }));
  const suite = await api('POST', '/test-suites', { session_id: opened.session_id, name: 'Long', prompts });
  const run = await startRun(opened.session_id, suite.id, { prompt_limit: 20, concurrency: 20, stream: false });
  const ended = async () => {
    for (;;) {
      const { status } = await api('GET', `/batch-test/${run}/status?page_size=1`);
      if (status !== 'running' && status !== 'pending') return;
      await pause(200);
    }
  };
  const close = async () => {
    await closeSession(opened.session_id);
    server.closeAllConnections();
    server.close();
  };
  return { run, ended, close };
}

export async function attack() {
  const session = await openSession('sample-zero');
  const mine = { authorization: `Bearer ${session}` };
  await dearestRequests(session);
  for (const [kind, make] of Object.entries(bodies)) {
    const body = `{${make(8 * megabyte)}}`;
    const act = () => Promise.all([send('POST', '/api/demo/v2/test-suites', body, mine), send('POST', '/api/demo/v2/test-suites', body), send('POST', '/api/demo/v2/test-suites/preview', body)]);
    await under(`8 MB of ${kind}, three at a time`, repeated(4, act));
  }
  await under('1,000 connections with half a head', () => halfOpen(1000, 'GET / HTTP/1.1\r\nHost: a\r\nX-A: '));
  await under('1,000 connections with half a body', () => halfOpen(1000, 'POST /api/demo/v2/configure HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"'));
  const hard = Array.from({ length: 64 }, (_, index) => ({ kind: 'regex', value: `a[ab]{${12 + (index % 8)}}${'c'.repeat(1 + index / 8)}` }));
  await under('20 answers of 900 KB with 64 hard patterns each', async () => {
    const { ended, close } = await longAnswers(hard);
    await ended();
    return close;
  });
  await closeSession(session);
}

// Readers of a run's events that take nothing of what is sent to them.
export async function silentReaders() {
  const many = 1000;
  const { run, ended, close } = await longAnswers([]);
  await ended();
  const request = `GET /api/demo/v2/batch-test/${run}/events HTTP/1.1\r\nHost: a\r\n\r\n`;
  const measured = await under(`${many} readers that read nothing, 20 results of 900 KB`, async () => {
    const sockets = [];
    for (let i = 0; i < many; ++i) {
      const socket = connect({ port: port(gatewayName()), host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.pause();
      socket.write(request);
      sockets.push(socket);
      if (i % 10 === 9) await pause(30);
    }
    await pause(8000);
    return () => sockets.forEach((socket) => socket.destroy());
  });
  const each = ((measured.highest - measured.before) * 1024) / many;
  row(`${many} readers that read nothing, memory of each`, { ours: `${each.toFixed(1)} KB`, goal: 'at most 64 KB', met: each <= 64 });
  row(`${many} readers that read nothing, work in front of one /health`, { ours: `${ms(measured.worked)} at the most`, goal: 'at most 50 ms', met: measured.worked <= 50 });
  await close();
}
