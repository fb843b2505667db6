// What a chat adds to its first token: the same question to the same model, asked of the endpoint itself and by way of the
// workspace, in turn.
import { Agent, request } from 'node:http';
import { gatewayName, http, port } from '../installation.mjs';
import { median, ms, quantile, row } from '../table.mjs';

const rounds = 300;
const model = 'sample-fast';
const agent = new Agent({ keepAlive: true });

// Milliseconds from the request to the first piece that `isFirst` takes; the rest is read and left.
function firstPiece(base, path, body, isFirst) {
  return new Promise((done, failed) => {
    const text = JSON.stringify(body);
    const began = performance.now();
    let took;
    const call = request(`${base}${path}`, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, (answer) => {
      answer.setEncoding('utf8');
      answer.on('data', (piece) => {
        if (took === undefined && isFirst(piece)) took = performance.now() - began;
      });
      answer.on('end', () => (took === undefined ? failed(new Error(`${path}: no answer, ${answer.statusCode}`)) : done(took)));
    });
    call.on('error', failed);
    call.end(text);
  });
}

export async function chat() {
  const [workspace, endpoint] = [gatewayName(), 'sample-endpoint'].map((name) => `http://127.0.0.1:${port(name)}`);
  const key = { service_name: 'openai_compatible', name: 'bench', api_key: 'bench', base_url: `${endpoint}/v1` };
  await http(workspace, 'POST', '/api-keys', key);
  const [direct, ours] = [[], []];
  for (let i = 0; i < rounds; ++i) {
    const message = `Benchmark question number ${i}: say something short.`;
    direct.push(await firstPiece(endpoint, '/v1/chat/completions', { model, stream: true, messages: [{ role: 'user', content: message }] }, (piece) => /"content":"[^"]/.test(piece)));
    ours.push(await firstPiece(workspace, '/api/chat', { model: { service: 'openai_compatible', name: 'bench', id: model }, message }, (piece) => piece.includes('{"content"')));
  }
  await http(workspace, 'DELETE', '/api-keys/openai_compatible?name=bench');
  const added = median(ours) - median(direct);
  row('a chat\'s first token, p50', {
    floor: `${ms(median(direct))} asked directly`, ours: `${ms(median(ours))}, p99 ${ms(quantile(ours, 0.99))}`, ratio: `${ms(added)} added`,
    goal: 'at most 2 ms added', met: added <= 2,
  });
}
