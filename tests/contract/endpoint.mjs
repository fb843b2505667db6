// Endpoints that a test can look into: one that answers as it is told, and one that lends the sample endpoint's faults to
// single prompts.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { sampleUrl } from './sessions.mjs';
import { wait } from './client.mjs';

// Faults of the sample endpoint that ask for a wait twice and answer then: limits of a moment, and models that are loading.
export const waitsAtFirst = ['fault-err-llamacpp', 'fault-err-huggingface', 'fault-loading-500', 'fault-loading-scaling', 'fault-http-429-tpm', 'fault-retry-after-unit', 'fault-retry-after-fraction', 'fault-retry-after-structured'];

export const greeting = 'Hello, are you there?';

async function listening(t, server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/v1`;
}

// An endpoint that keeps every call in `calls` ({prompt, body, headers, at, path}) and asks `answer(call, number)` what to say:
// {status, headers, json, text, delayMs}. Without an answer it says "Fine." The connection test's greeting is always answered well
// unless `greets` is false.
export async function chatEndpoint(t, answer = () => undefined, { greets = true } = {}) {
  const calls = [];
  const state = { inFlight: 0, mostInFlight: 0 };
  const server = createHttpServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    const prompt = body.messages?.[body.messages.length - 1]?.content;
    const made = { prompt, body, headers: request.headers, path: request.url, at: Date.now() };
    const isGreeting = prompt === greeting;
    if (!isGreeting) {
      state.inFlight += 1;
      state.mostInFlight = Math.max(state.mostInFlight, state.inFlight);
      response.on('close', () => (state.inFlight -= 1));
    }
    calls.push(made);
    const said = (isGreeting && greets ? undefined : await answer(made, calls.length)) ?? {};
    if (said.delayMs) await wait(said.delayMs);
    if (said.status && said.status !== 200) {
      response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers });
      response.end(JSON.stringify(said.json ?? { error: { message: 'No.', type: 'error' } }));
    } else {
      complete(body, said, response);
    }
  });
  server.keepAliveTimeout = 1000;
  t.after(() => server.closeAllConnections?.());
  const url = await listening(t, server);
  return { url, calls, state, asked: () => calls.filter(({ prompt }) => prompt !== greeting) };
}

function complete(body, { text = 'Fine.', usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } }, response) {
  const common = { id: 'chatcmpl-1', created: 1735689600, model: body.model };
  if (!body.stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }];
    response.end(JSON.stringify({ ...common, object: 'chat.completion', choices, usage }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = (more) => response.write(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', ...more })}\n\n`);
  chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] });
  chunk({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] });
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  chunk({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}

// Passes each call on to the sample endpoint, byte by byte and with whatever it does to the connection. A prompt that begins
// with a fault's model id and a colon is answered by that fault.
export async function faultRelay(t) {
  const { hostname, port, pathname } = new URL(sampleUrl());
  const open = new Set();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    open.add(client).add(upstream);
    let waiting = Buffer.alloc(0);
    client.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      for (let request = takeRequest(waiting); request; request = takeRequest(waiting)) {
        waiting = waiting.subarray(request.size);
        upstream.write(redirected(request, pathname));
      }
    });
    upstream.on('data', (bytes) => {
      if (!client.write(bytes)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.on('error', () => other.destroy());
      one.on('end', () => other.end());
      one.on('close', () => {
        open.delete(one);
        other.destroySoon?.();
      });
    }
  });
  t.after(() => open.forEach((socket) => socket.destroy()));
  return listening(t, server);
}

function takeRequest(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.subarray(0, end).toString('latin1');
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const size = end + 4 + length;
  return bytes.length < size ? null : { head, body: bytes.subarray(end + 4, size).toString(), size };
}

function redirected({ head, body }, pathname) {
  let text = body;
  if (body) {
    const asked = JSON.parse(body);
    const prompt = String(asked.messages[asked.messages.length - 1].content);
    asked.model = /^((fault|shape)-[a-z0-9-]+):/.exec(prompt)?.[1] ?? asked.model;
    text = JSON.stringify(asked);
  }
  const path = (old) => old.replace(/^\/v1/, pathname.replace(/\/$/, ''));
  const line = head.replace(/^(\w+) (\S+)/, (_, method, old) => `${method} ${path(old)}`);
  return `${line.replace(/^content-length:.*$/im, `content-length: ${Buffer.byteLength(text)}`)}\r\n\r\n${text}`;
}
