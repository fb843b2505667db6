// Calls to a running installation as any client makes them: answers as they came, and event streams. FTL_BASE_URL says where
// it is, FTL_SAMPLE_ENDPOINT where the sample endpoint is.
import assert from 'node:assert/strict';

const api = '/api/demo/v2';
// How long a call or a stream may take, so that no test waits for ever.
const patienceSeconds = 120;
const wait = (ms) => new Promise((wake) => setTimeout(wake, ms));

let base = (process.env.FTL_BASE_URL ?? '').replace(/\/$/, '');

export const sampleEndpoint = process.env.FTL_SAMPLE_ENDPOINT;

export function baseUrl() {
  assert.ok(base, 'set FTL_BASE_URL to the installation that is to be tested, such as http://127.0.0.1:8080');
  return base;
}

// For tests that start an installation of their own.
export function useInstallation(url) {
  base = url.replace(/\/$/, '');
}

// Paths that do not begin with a slash are routes of the demo tier.
export function urlOf(path) {
  return baseUrl() + (path.startsWith('/') ? path : `${api}/${path}`);
}

// What came back: status, headers, text, and the text's JSON where it is some.
export async function call(method, path, { body, headers = {}, signal = AbortSignal.timeout(patienceSeconds * 1000) } = {}) {
  const isText = typeof body === 'string' || body instanceof Uint8Array;
  const sent = body === undefined || isText ? body : JSON.stringify(body);
  const answer = await fetch(urlOf(path), {
    method,
    body: sent,
    signal,
    redirect: 'manual',
    headers: { ...(sent === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  }).catch((error) => {
    // "fetch failed" says nothing of why.
    if (error.cause) error.message += `: ${method} ${path}: ${error.cause.code ?? error.cause.message}`;
    throw error;
  });
  const text = await answer.text();
  let json;
  if (/[/+]json\b/.test(answer.headers.get('content-type') ?? '')) {
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
  }
  return { what: `${method} ${path.replace(/demo-[0-9a-f]{60,}/, 'demo-…')}`, status: answer.status, headers: answer.headers, text, json };
}

export const get = (path, options) => call('GET', path, options);
export const post = (path, body, headers) => call('POST', path, { body, headers });

// The JSON of a call that must go well.
export async function ok(answer, status = 200) {
  const came = await answer;
  assert.equal(came.status, status, `${came.what} is answered ${came.status}: ${came.text.slice(0, 600)}`);
  return came.json;
}

// An event stream as it comes: {event, id, data, comment} each; `response` has status and headers. Ends with the stream, and
// fails where that takes longer than `seconds`: heartbeats keep one open that nothing else ends.
export class EventStream {
  static async open(method, path, { body, headers = {}, seconds = patienceSeconds } = {}) {
    const aborter = new AbortController();
    const late = new Error(`the stream of ${method} ${path} did not end within ${seconds} s`);
    setTimeout(() => aborter.abort(late), seconds * 1000).unref();
    const response = await fetch(urlOf(path), {
      method,
      signal: aborter.signal,
      body: body && JSON.stringify(body),
      headers: { accept: 'text/event-stream', ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    });
    return new EventStream(response, aborter, late);
  }

  constructor(response, aborter, late) {
    this.response = response;
    this.aborter = aborter;
    this.late = late;
    this.last = '';
  }

  close() {
    this.aborter.abort();
  }

  async *[Symbol.asyncIterator]() {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let rest = '';
    try {
      for await (const chunk of this.response.body) {
        rest += decoder.decode(chunk, { stream: true });
        for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
          this.last = rest.slice(0, end);
          yield eventOf(this.last);
          rest = rest.slice(end + 2);
        }
      }
    } catch (error) {
      const { aborted, reason } = this.aborter.signal;
      if (reason === this.late) throw new Error(`${this.late.message}; the last of it: ${this.last.slice(0, 300)}`);
      if (!aborted) throw error;
    }
  }

  // All events to the end of the stream, or until `enough` says so of the last one; comments are left out.
  async all(enough = () => false) {
    const events = [];
    for await (const event of this) {
      if (event.data === undefined) continue;
      events.push(event);
      if (enough(event, events)) break;
    }
    this.close();
    return events;
  }
}

function eventOf(block) {
  const event = {};
  const data = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === 0) event.comment = line.slice(1).trim();
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    if (name === 'event') event.event = value;
    if (name === 'id') event.id = value;
  }
  if (data.length) event.data = data.join('\n');
  return event;
}

// Asks again and again until `probe` gives something true; fails with what it gave last.
export async function until(what, probe, { seconds = 30, everyMs = 50 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < deadline, `${what}: not within ${seconds} s`);
    await wait(everyMs);
  }
}

export { wait };
