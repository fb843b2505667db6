// What the gateway adds to a call behind it.
import { readFileSync } from 'node:fs';
import { api, closeSession, cpu, folder, measured, openSession, pid, port, suiteOf, timedRun } from '../installation.mjs';
import { median, ms, row } from '../table.mjs';

const providers = '/api/demo/v2/providers\n';
const latestRunOf = (session_id) => `/api/demo/v2/batch-test?session_id=${session_id}\n`;

async function opening() {
  const endpoint_url = `http://127.0.0.1:${port('sample-endpoint')}/v1`;
  const times = [];
  for (let i = 0; i < 100; ++i) {
    const start = performance.now();
    const { session_id } = await api('POST', '/configure', { endpoint_url, api_key: 'bench', model_id: 'sample-zero' });
    times.push(performance.now() - start);
    await closeSession(session_id);
  }
  row('opening a session, p50', { ours: ms(median(times)), goal: 'at most 5 ms', met: median(times) <= 5 });
}

async function addedToGrpc(name, address, most) {
  const session = await openSession('sample-zero');
  const { http_p50_us, grpc_p50_us } = await measured('gateway_load', ['127.0.0.1', port(name), address, session]);
  const added = http_p50_us - grpc_p50_us;
  row(`REST to gRPC and back, ${name}, p50`, {
    floor: `${grpc_p50_us} us by gRPC`, ours: `${http_p50_us} us by HTTP`, ratio: `${added} us added`,
    goal: `at most ${most} us added`, met: added <= most,
  });
  await closeSession(session);
}

// One call behind each request, or none.
async function throughput(name) {
  const session = await openSession('sample-zero');
  await timedRun(session, await suiteOf(session, 1), { prompt_limit: 1, stream: false });
  for (const [what, target] of [['a call behind each', latestRunOf(session)], ['none behind', providers]]) {
    await measured('http_load', [port(name), 2000, 32], target);
    const before = cpu(pid(name));
    const requests = 20000;
    const { per_second, p99_us } = await measured('http_load', [port(name), requests, 32], target);
    const each = ((cpu(pid(name)) - before) / requests) * 1e6;
    row(`REST requests, ${name}, ${what}`, { ours: `${per_second}/s, p99 ${ms(p99_us / 1000)}`, goal: 'at least 6,000/s', met: per_second >= 6000 });
    if (name === 'gateway') {
      row(`CPU of the gateway a request, ${what}`, { ours: `${each.toFixed(0)} us`, goal: 'at most 100 us', met: each <= 100 });
    }
  }
  await closeSession(session);
}

const grpcPort = (name) => readFileSync(folder('run', `${name}.port`), 'utf8').trim();

export async function gateway() {
  await opening();
  await addedToGrpc('all-in-one', `127.0.0.1:${grpcPort('all-in-one-grpc')}`, 250);
  await throughput('all-in-one');
}

export async function splitGateway() {
  await throughput('gateway');
}
