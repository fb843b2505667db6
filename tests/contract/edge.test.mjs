// The edge, byte by byte: framing that two parsers could read in two ways, sizes, and clients that take their time.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { baseUrl, get, ok, wait } from './client.mjs';

// A connection to the gateway: `received` is all that came, `closed` whether the other side has ended it.
async function dial() {
  const { hostname, port } = new URL(baseUrl());
  const socket = connect(Number(port), hostname.replace(/[[\]]/g, ''));
  const wire = { socket, received: '', closed: false };
  socket.on('data', (bytes) => (wire.received += bytes.toString('latin1')));
  socket.on('end', () => (wire.closed = true));
  socket.on('close', () => (wire.closed = true));
  socket.on('error', () => (wire.closed = true));
  await once(socket, 'connect');
  return wire;
}

async function settle(wire, done, seconds = 5) {
  const deadline = Date.now() + seconds * 1000;
  while (!done() && Date.now() < deadline) await wait(5);
}

// Status lines of the answers that came, bodies skipped by their length.
function statuses(text) {
  const found = [];
  for (let rest = text; rest.startsWith('HTTP/1.1 '); ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const head = rest.slice(0, end);
    const status = Number(head.slice(9, 12));
    found.push(status);
    const length = status < 200 ? 0 : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

// Sends the bytes, waits for the end or for a moment of quiet, and gives what came.
async function exchange(bytes, { quiet = 400, seconds = 5 } = {}) {
  const wire = await dial();
  wire.socket.write(Buffer.from(bytes, 'latin1'));
  let last = -1;
  let since = Date.now();
  await settle(wire, () => {
    if (wire.received.length !== last) {
      last = wire.received.length;
      since = Date.now();
    }
    return wire.closed || (last > 0 && Date.now() - since > quiet);
  }, seconds);
  wire.socket.destroy();
  return { ...wire, statuses: statuses(wire.received) };
}

const target = '/api/demo/v2/providers';
const head = (fields = '', line = `GET ${target} HTTP/1.1`, host = 'Host: localhost\r\n') => `${line}\r\n${host}${fields}\r\n`;
const post = (fields, body) => `POST /api/demo/v2/configure/test HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${fields}\r\n${body}`;
const chunkedBody = '2\r\n{}\r\n0\r\n\r\n';
const smuggled = `GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`;

// What must be answered once with 400, and the connection closed: nobody knows where the next request begins.
const refused = {
  'Content-Length and Transfer-Encoding': post('Content-Length: 12\r\nTransfer-Encoding: chunked\r\n', chunkedBody),
  'Transfer-Encoding and Content-Length': post('Transfer-Encoding: chunked\r\nContent-Length: 12\r\n', chunkedBody),
  'chunked, identity': post('Transfer-Encoding: chunked, identity\r\n', chunkedBody),
  'identity, chunked': post('Transfer-Encoding: identity, chunked\r\n', chunkedBody),
  'chunked, chunked': post('Transfer-Encoding: chunked, chunked\r\n', chunkedBody),
  'a quoted chunked': post('Transfer-Encoding: "chunked"\r\n', chunkedBody),
  'an empty Transfer-Encoding': post('Transfer-Encoding: \r\n', chunkedBody),
  'gzip, chunked': post('Transfer-Encoding: gzip, chunked\r\n', chunkedBody),
  xchunked: post('Transfer-Encoding: xchunked\r\n', chunkedBody),
  'chunked with a parameter': post('Transfer-Encoding: chunked;q=1\r\n', chunkedBody),
  'two Transfer-Encoding': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', chunkedBody),
  'two Content-Length that differ': post('Content-Length: 2\r\nContent-Length: 3\r\n', '{} '),
  'two Content-Length that agree': post('Content-Length: 2\r\nContent-Length: 2\r\n', '{}'),
  'a list in Content-Length': post('Content-Length: 2, 2\r\n', '{}'),
  'a sign in Content-Length': post('Content-Length: +2\r\n', '{}'),
  'a negative Content-Length': post('Content-Length: -2\r\n', '{}'),
  'a hexadecimal Content-Length': post('Content-Length: 0x2\r\n', '{}'),
  'an empty Content-Length': post('Content-Length: \r\n', '{}'),
  'a Content-Length beyond 64 bits': post('Content-Length: 18446744073709551618\r\n', '{}'),
  'a space before the colon': post('Content-Length : 2\r\n', '{}'),
  'a folded field': head('X-Long: one\r\n two\r\n'),
  'a field without a colon': head('Nonsense\r\n'),
  'a field without a name': head(': value\r\n'),
  'a control character in a value': head('X-Odd: a\x01b\r\n'),
  'NUL in a value': head('X-Odd: a\0b\r\n'),
  'NUL in a name': head('X\0: a\r\n'),
  'a bare CR in a value': head('X-Odd: a\rX-Other: b\r\n'),
  'bare LF as line ends': `GET ${target} HTTP/1.1\nHost: localhost\n\n\r\n\r\n`,
  'one bare LF': `GET ${target} HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n`,
  'no Host': head('', undefined, ''),
  'two Host': head('Host: other\r\n'),
  'an empty Host': head('', undefined, 'Host: \r\n'),
  'a Host with a path': head('', undefined, 'Host: localhost/x\r\n'),
  'a Host with userinfo': head('', undefined, 'Host: a@localhost\r\n'),
  'two Host in 1.0': `GET ${target} HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n`,
  'Transfer-Encoding in 1.0': `POST /api/demo/v2/configure/test HTTP/1.0\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedBody}`,
  'an absolute target': head('', `GET http://localhost${target} HTTP/1.1`),
  'an authority as target': head('', 'CONNECT localhost:80 HTTP/1.1'),
  'a target without a slash': head('', 'GET api HTTP/1.1'),
  'a blank in the target': head('', 'GET /a b HTTP/1.1'),
  'a tab in the request line': head('', `GET\t${target} HTTP/1.1`),
  'a percent sign that encodes nothing': head('', 'GET /%zz HTTP/1.1'),
  'an encoded NUL': head('', 'GET /%00 HTTP/1.1'),
  'another version': head('', `GET ${target} HTTP/2.0`),
  'a lower-case version': head('', `GET ${target} http/1.1`),
  'no version': head('', `GET ${target}`),
  'a method that is no token': head('', `G(T ${target} HTTP/1.1`),
  'a chunk size that is no number': post('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n'),
  'a chunk size with a sign': post('Transfer-Encoding: chunked\r\n', '+2\r\n{}\r\n0\r\n\r\n'),
  'a chunk size beyond 64 bits': post('Transfer-Encoding: chunked\r\n', '10000000000000002\r\n{}\r\n0\r\n\r\n'),
  'a chunk without its line end': post('Transfer-Encoding: chunked\r\n', '2\r\n{}0\r\n\r\n'),
  'a chunk size ended by a bare LF': post('Transfer-Encoding: chunked\r\n', '2\n{}\r\n0\r\n\r\n'),
  'a blank before the chunk size': post('Transfer-Encoding: chunked\r\n', ' 2\r\n{}\r\n0\r\n\r\n'),
};

test('what could be read in two ways is 400 once, and the connection ends', async () => {
  const wrong = [];
  for (const [name, bytes] of Object.entries(refused)) {
    const { statuses: came, closed, received } = await exchange(bytes + smuggled);
    if (came.length !== 1 || came[0] !== 400 || !closed) wrong.push(`${name}: ${came.join()} ${closed ? 'closed' : 'open'}: ${received.slice(0, 80)}`);
  }
  assert.deepEqual(wrong, []);
  await ok(get('/health'));
});

test('a refusal at the edge is a problem document with the security headers', async () => {
  const { received } = await exchange(refused['two Host']);
  assert.match(received, /^content-type: application\/problem\+json/im);
  assert.match(received, /^x-content-type-options: nosniff/im);
  assert.match(received, /^content-security-policy: /im);
  assert.match(received, /^x-request-id: \S+/im);
  assert.match(received, /^connection: close/im);
  const body = JSON.parse(received.slice(received.indexOf('\r\n\r\n') + 4));
  assert.deepEqual([body.status, body.code], [400, 'bad_request']);
});

const taken = {
  'a plain request': [head(), [200]],
  'a name in any case, blanks around the value': [head('aCCepT:\t  */* \t\r\n'), [200]],
  '1.0 without Host': [`GET ${target} HTTP/1.0\r\n\r\n`, [200]],
  'an empty line before the request': [`\r\n${head()}`, [200]],
  'a Host with a port': [head('', undefined, 'Host: localhost:8080\r\n'), [200]],
  'an IPv6 Host': [head('', undefined, 'Host: [::1]:8080\r\n'), [200]],
  'a chunked body': [post('Transfer-Encoding: chunked\r\n', chunkedBody), [422]],
  'chunks with extensions': [post('Transfer-Encoding: chunked\r\n', '1;a=b\r\n{\r\n1;c="d"\r\n}\r\n0\r\n\r\n'), [422]],
  'OPTIONS for the server': [`OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n`, [204]],
  'three requests in one packet': [head() + head('', 'GET /nowhere HTTP/1.1') + head(), [200, 404, 200]],
  'a body, then a request': [post('Content-Length: 2\r\n', '{}') + head(), [422, 200]],
  'chunks, then a request': [post('Transfer-Encoding: chunked\r\n', chunkedBody) + head(), [422, 200]],
};

test('what is beyond doubt is taken, and pipelined requests are answered in order', async () => {
  for (const [name, [bytes, wanted]] of Object.entries(taken)) {
    const { statuses: came, received } = await exchange(bytes);
    if (name.startsWith('OPTIONS')) assert.ok([200, 204].includes(came[0]), `${name}: ${came}`);
    else assert.deepEqual(came, wanted, `${name}: ${received.slice(0, 300)}`);
  }
});

test('trailers are dropped: they forge nothing', async () => {
  const forged = `0\r\nX-Request-Id: forged-by-trailer\r\nAuthorization: Bearer demo-${'0'.repeat(64)}\r\n\r\n`;
  const { received, statuses: came } = await exchange(post('Transfer-Encoding: chunked\r\n', `2\r\n{}\r\n${forged}`) + head());
  assert.deepEqual(came, [422, 200], received);
  assert.ok(!received.includes('forged-by-trailer'));
});

test('Connection: close and HTTP/1.0 end the connection after the answer', async () => {
  for (const bytes of [head('Connection: close\r\n') + smuggled, `GET ${target} HTTP/1.0\r\n\r\n${smuggled}`]) {
    const { statuses: came, closed } = await exchange(bytes);
    assert.deepEqual([came, closed], [[200], true]);
  }
});

test('Expect: 100-continue is answered, another expectation is not taken', async () => {
  const wire = await dial();
  wire.socket.write(post('Content-Length: 2\r\nExpect: 100-continue\r\n', ''));
  await settle(wire, () => wire.received.includes('100'), 2);
  assert.match(wire.received, /^HTTP\/1\.1 100 /);
  wire.socket.write('{}');
  await settle(wire, () => statuses(wire.received).length === 2, 2);
  assert.deepEqual(statuses(wire.received), [100, 422]);
  wire.socket.destroy();
  const { statuses: came } = await exchange(post('Content-Length: 2\r\nExpect: miracles\r\n', '{}'));
  assert.ok([400, 417].includes(came[0]), String(came));
});

const sizes = {
  'a request line over 8 KiB': [head('', `GET /${'a'.repeat(8192)} HTTP/1.1`), 414],
  'a head over 16 KiB': [head(Array.from({ length: 20 }, (_, index) => `X-${index}: ${'v'.repeat(900)}\r\n`).join('')), 431],
  'over a hundred fields': [head('X: y\r\n'.repeat(101)), 431],
  'a field that never ends': [`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}`, 431],
  'a request line that never ends': [`GET /${'y'.repeat(20_000)}`, 414],
  'a body that is said to be too large, before it is sent': [post('Content-Length: 99999999\r\n', ''), 413],
  'chunks that become too large': [post('Transfer-Encoding: chunked\r\n', `20000\r\n${' '.repeat(0x20000)}\r\n0\r\n\r\n`), 413],
};

test('what is too large is refused, as 413, 414 or 431', async () => {
  for (const [name, [bytes, status]] of Object.entries(sizes)) {
    const { statuses: came, closed, received } = await exchange(bytes, { quiet: 3000 });
    assert.deepEqual([came, closed], [[status], true], `${name}: ${received.slice(0, 120)}`);
  }
});

test('a hundred fields are taken', async () => {
  assert.deepEqual((await exchange(head('X: y\r\n'.repeat(99)))).statuses, [200]);
});

describe('clients that take their time', { concurrency: true }, () => {
  test('a head that trickles in is cut off after 10 s, however regularly its bytes come', async () => {
    const wire = await dial();
    const began = Date.now();
    wire.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    const trickle = setInterval(() => !wire.closed && wire.socket.write('X-A: b\r\n'), 300);
    await settle(wire, () => wire.closed, 15);
    clearInterval(trickle);
    const took = Date.now() - began;
    assert.ok(wire.closed && took > 8000 && took < 13_000, `${took} ms`);
    assert.ok(['', 'HTTP/1.1 408'].includes(wire.received.slice(0, 12)), wire.received.slice(0, 60));
  });

  test('a connection that says nothing is closed after 5 s', async () => {
    const wire = await dial();
    const began = Date.now();
    await settle(wire, () => wire.closed, 9);
    const took = Date.now() - began;
    assert.ok(wire.closed && took > 4000 && took < 8000, `${took} ms`);
  });

  test('a body that trickles in is cut off after 30 s with 408, and health answers throughout', async () => {
    const wire = await dial();
    const began = Date.now();
    wire.socket.write(post('Content-Length: 1000\r\n', '{'));
    const trickle = setInterval(() => !wire.closed && wire.socket.write(' '), 500);
    for (let asked = 0; asked < 30 && !wire.received; asked += 1) {
      await ok(get('/health'));
      await settle(wire, () => wire.received || wire.closed, 1.2);
    }
    clearInterval(trickle);
    const took = Date.now() - began;
    wire.socket.destroy();
    assert.ok(took > 25_000 && took < 35_000, `${took} ms`);
    assert.match(wire.received, /^HTTP\/1\.1 408 /);
  });
});

test('a thousand idle connections keep nobody else out', async () => {
  const wires = await Promise.all(Array.from({ length: 1000 }, dial));
  const began = Date.now();
  for (let asked = 0; asked < 10; asked += 1) await ok(get('/health'));
  assert.ok(Date.now() - began < 5000);
  for (const { socket } of wires) socket.destroy();
});

test('clients that go away in the middle of anything leave it in health', async () => {
  const halves = [head().slice(0, 20), post('Content-Length: 100\r\n', '{'), post('Transfer-Encoding: chunked\r\n', '5\r\n{'), head()];
  for (let round = 0; round < 25; round += 1) {
    await Promise.all(halves.map(async (bytes) => {
      const { socket } = await dial();
      socket.write(bytes);
      await wait(round % 3);
      if (round % 2) socket.resetAndDestroy?.() ?? socket.destroy();
      else socket.destroy();
    }));
  }
  await ok(get('/health'));
});
