// A stand-in for the gateway's workspace, for working on the page alone; never part of a build. A model whose name holds `slow` writes slowly,
// `broken` breaks off, `thinking` reasons first.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';

type Json = Record<string, any>;

const now = () => new Date().toISOString();
const services = [
  ['openai', 'OpenAI', 'sk- and at least 20 letters, digits, - or _'], ['anthropic', 'Anthropic', 'sk-ant- and at least 20 letters, digits, - or _'],
  ['openai_compatible', 'Any OpenAI-compatible endpoint', 'as the server asks; may stay empty'],
].map(([service_name, name, key_format]) => ({ service_name, name, key_format, docs_url: 'https://example.org/keys', needs_base_url: service_name === 'openai_compatible' }));
const keys: Json[] = [{ service_name: 'openai', name: 'default', base_url: 'https://api.openai.com/v1', key_hint: 'ghij', created_at: now(), needs_reentry: false, shared: false, project: 'default' }];
const tokens: Json[] = [];
const named = ['gpt-4o', 'gpt-4o-mini', 'claude-opus-4', 'sample-slow', 'sample-thinking', 'sample-broken'];
const models = [...named, ...Array.from({ length: 3000 }, (_, n) => `org-${n % 60}/model-${n}`)].map((id, n) => ({ id, name: id, service: n % 3 ? 'openai' : 'openai_compatible', key_name: n % 3 ? 'default' : 'ours', ...(n < 3 ? { input_price: 2.5, output_price: 10 } : {}) }));
const conversations: Json[] = [];
const messages = new Map<string, Json[]>();
const agents: Json[] = [{ id: randomUUID(), name: 'Reviewer', model: { service: 'openai', id: 'gpt-4o' }, system_prompt: 'You review code. Say what breaks, then what is ugly, and nothing else.', parameters: { temperature: 0.2 }, updated_at: now() }];
const templates: Json[] = [{ id: randomUUID(), name: 'Translate', content: 'Translate into {{language}}:\n{{message}}', variables: [{ name: 'language', default: 'French' }, { name: 'message' }], version: 1 }];
const going = new Map<string, { events: Json[]; watchers: Set<(event: Json | undefined, n: number) => void>; over: boolean; stop?: boolean }>();

const log: Json[] = Array.from({ length: 140 }, (_, n) => ({
  id: randomUUID(), timestamp: new Date(Date.now() - n * 600_000).toISOString(), kind: n % 9 === 4 ? 'compare' : 'chat', service: n % 3 ? 'openai' : 'anthropic', key_name: 'default', model: n % 3 ? 'gpt-4o' : 'claude-opus-4', project: 'default',
  status: n % 11 === 5 ? 'error' : 'success', prompt_preview: ['How do I reset my password?', 'Compare two ways to sort a list and say which is quicker for ten elements.', 'Übersetze: good morning'][n % 3], response_time_ms: 300 + ((n * 7919) % 2400), ttft_ms: 90 + ((n * 31) % 300),
  prompt_tokens: 21, completion_tokens: 100 + n, total_tokens: 121 + n, tokens_estimated: n % 7 === 0, ...(n % 11 === 5 ? { error: 'The endpoint limits this key (429).', error_type: 'rate_limit' } : { finish_reason: 'stop' }),
  messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'How do I reset my password?' }], parameters: { temperature: 0.7, max_tokens: 512, top_p: 0.9, stream: true }, attempts: 1, get response() { return text; },
}));

const spread = (p50_ms: number) => ({ n: 200, mean_ms: p50_ms * 1.1, p50_ms, p90_ms: p50_ms * 1.8, p99_ms: p50_ms * 2.6, p50_interval: { low_ms: p50_ms * 0.95, high_ms: p50_ms * 1.06 } });
const point = (rate: number, wait: number, carried: boolean) => ({ offered_rate: rate, requests: rate * 20, errors: carried ? 0 : 3, not_begun: 0, requests_per_second: Math.min(rate, 21), output_tokens_per_second: rate * 90, goodput: carried ? rate * 0.97 : 6, latency: spread(420 + rate * 8), since_scheduled_start: spread(wait), ttft: spread(120 + rate), itl: spread(11), carried });
const sweep: Json = {
  id: 'b1', status: 'completed', created_at: now(), completed_at: now(), requests_done: 1240, knee_rate: 20,
  plan: { model: { service: 'openai', id: 'gpt-4o-mini' }, mode: 'open', rate: 2, arrivals: 'poisson', duration_s: 20, prompt_tokens: 128, output_tokens: 128, slo: { ttft_ms: 800 }, sweep: true },
  points: [point(2, 430, true), point(4, 440, true), point(8, 470, true), point(16, 560, true), point(32, 9400, false), point(24, 4100, false), point(20, 700, true)].map((one) => ({ ...one, warnings: one.carried ? [] : ['At 24 a second the wait before the call is most of what a person waits: look at the time since the scheduled start.'] })),
};
const closed: Json = {
  id: 'b2', status: 'completed', created_at: now(), completed_at: now(), requests_done: 96, plan: { model: { service: 'openai_compatible', name: 'ours', id: 'sample-steady' }, mode: 'closed', concurrency: 4, duration_s: 20, prompt_tokens: 128, output_tokens: 128 },
  points: [{ concurrency: 4, requests: 96, errors: 1, not_begun: 0, requests_per_second: 4.62, output_tokens_per_second: 212.4, latency: spread(810), ttft: spread(210), itl: spread(12) }],
};

const level = (usage: number) => ({ usage_percent: usage, avg_percent: usage * 0.8, max_percent: Math.min(usage * 1.7, 100) });
const calls = [['GET /health', 1240, 0.4], ['POST /api/chat', 88, 1.9], ['GET /api/history', 61, 3.2]] as const;
const summary: Json = {
  cpu: level(34.2), memory: level(61.8), disk: level(48.1), gpus: [], requests: 1389, errors: 2, requests_by_route: calls.map(([name, requests, avg_ms]) => ({ name, requests, errors: 0, avg_ms })), requests_by_rpc: [{ name: 'GetRun', requests: 402, errors: 1, avg_ms: 0.9 }],
  slowest_calls: [{ name: 'GET /api/history', status: 200, duration_ms: 812.4, ended_at: now(), request_id: randomUUID() }], processes: [{ program: 'finetunelab', host: 'lab', process: randomUUID(), cpu_percent: 12.5, resident_bytes: 93_000_000 }],
};
const course = Array.from({ length: 120 }, (_, n) => ({ starts_at: new Date(Date.now() - (120 - n) * 30_000).toISOString(), cpu_usage_percent: 30 + 20 * Math.sin(n / 9), memory_usage_percent: 60 + n / 60, disk_usage_percent: 48, requests: 8 + (n % 7), errors: 0, rpcs: 20 }));

const text = `Here is what was asked for.

1. **First**, the point.
2. Then the *reason*.

| model | p50 | p95 |
| --- | --- | --- |
| a | 0.4 s | 1.1 s |
| b | 0.9 s | 2.3 s |

\`\`\`python
def add(a: int, b: int) -> int:
    return a + b  # the sum
\`\`\`

That is all.`;

function begin(conversation: Json, parent: string | undefined, model: Json, begun = ''): Json {
  const message: Json = { id: randomUUID(), parent_id: parent, role: 'assistant', content: begun, status: 'generating', model, created_at: now() };
  messages.get(conversation.id)!.push(message);
  conversation.active_message_id = message.id;
  const live = { events: [] as Json[], watchers: new Set<(event: Json | undefined, n: number) => void>(), over: false, stop: false };
  going.set(message.id, live);
  const tell = (event: Json) => {
    live.events.push(event);
    for (const watch of live.watchers) watch(event, live.events.length);
  };
  const id = String(model.id);
  tell({ type: 'start', conversation_id: conversation.id, message_id: message.id, parent_id: parent, model });
  if (begun) tell({ content: begun });
  const began = Date.now();
  void (async () => {
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    if (id.includes('thinking')) {
      for (const word of 'The person asks for something. I look for the shortest answer that holds.'.split(/(?<= )/)) {
        message.reasoning = (message.reasoning ?? '') + word;
        tell({ reasoning: word });
        await wait(30);
      }
    }
    await wait(250);
    message.ttft_ms = Date.now() - began;
    const pieces = text.split(/(?<= )/);
    for (const [n, piece] of pieces.entries()) {
      if (live.stop || (id.includes('broken') && n === 20)) {
        Object.assign(message, { status: 'incomplete', error: live.stop ? 'It was stopped.' : 'The endpoint broke off the answer.', error_type: live.stop ? 'stopped' : 'network' });
        tell({ type: 'error', message_id: message.id, title: 'Broken off', detail: message.error, error_type: message.error_type });
        break;
      }
      message.content += piece;
      tell({ content: piece });
      await wait(id.includes('slow') ? 160 : 15);
    }
    message.latency_ms = Date.now() - began;
    if (message.status === 'generating') {
      Object.assign(message, { status: 'complete', finish_reason: 'stop', input_tokens: 21, output_tokens: pieces.length });
      tell({ type: 'timing', ttft_ms: message.ttft_ms, latency_ms: message.latency_ms, tokens_per_second: 41.2 });
      tell({ type: 'token_usage', input_tokens: 21, output_tokens: pieces.length, estimated: false });
      tell({ type: 'done', message_id: message.id, finish_reason: 'stop' });
    }
    live.over = true;
    for (const watch of live.watchers) watch(undefined, 0);
  })();
  return message;
}

function follow(id: string, after: number, response: ServerResponse): void {
  const live = going.get(id)!;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const send = (event: Json | undefined, n: number) => (event ? response.write(`id: ${n}\ndata: ${JSON.stringify(event)}\n\n`) : response.end('data: [DONE]\n\n'));
  live.events.forEach((event, index) => index >= after && send(event, index + 1));
  if (live.over) return void send(undefined, 0);
  live.watchers.add(send);
  response.on('close', () => live.watchers.delete(send));
}

function chat(body: Json, response: ServerResponse): void {
  let conversation = conversations.find(({ id }) => id === body.conversation_id);
  if (!conversation) {
    conversation = { id: randomUUID(), title: String(body.message ?? 'From a template').slice(0, 60), pinned: false, created_at: now(), message_count: 0, system_prompt: body.system_prompt, parameters: { temperature: body.temperature, max_tokens: body.max_tokens } };
    conversations.unshift(conversation);
    messages.set(conversation.id, []);
  }
  Object.assign(conversation, { model: body.model ?? conversation.model, updated_at: now() });
  const all = messages.get(conversation.id)!;
  const of = (id: string) => all.find((one) => one.id === id);
  let parent: string | undefined = body.parent_id;
  if (body.regenerate_message_id) parent = of(body.regenerate_message_id)?.parent_id;
  else if (body.continue_message_id) parent = of(body.continue_message_id)?.parent_id;
  else {
    if (body.edit_message_id) parent = of(body.edit_message_id)?.parent_id;
    const said: Json = { id: randomUUID(), parent_id: parent, role: 'user', content: body.message ?? 'Filled in', status: 'complete', created_at: now() };
    all.push(said);
    parent = said.id;
  }
  const begun = body.continue_message_id ? of(body.continue_message_id)?.content : '';
  follow(begin(conversation, parent, conversation.model ?? {}, begun).id, 0, response);
}

const routes: [string, RegExp, (match: RegExpExecArray, body: Json, url: URL, request: IncomingMessage, response: ServerResponse) => Json | void][] = [
  ['GET', /^\/api-keys$/, () => ({ configured_services: keys, supported_services: services })],
  ['POST', /^\/api-keys$/, (_, { api_key, ...body }) => {
    const key = { name: 'default', base_url: 'https://api.example.org/v1', key_hint: String(api_key).slice(-4), created_at: now(), needs_reentry: false, shared: false, ...body };
    keys.push(key);
    return key;
  }],
  ['POST', /^\/api-keys\/(\w+)\/test$/, () => ({ success: true, latency_ms: 120, message: 'The service takes the key.' })],
  ['DELETE', /^\/api-keys\/(\w+)$/, ([, service]) => ({ deleted: keys.splice(keys.findIndex((key) => key.service_name === service), 1).length > 0 })],
  ['GET', /^\/api\/tokens$/, () => ({ tokens })],
  ['GET', /^\/api\/models$/, () => ({ models, errors: [] })],
  ['GET', /^\/api\/conversations$/, (_, __, url) => {
    const found = conversations.filter(({ title }) => title.toLowerCase().includes((url.searchParams.get('query') ?? '').toLowerCase()));
    return { conversations: found, total: found.length };
  }],
  ['GET', /^\/api\/conversations\/([\w-]+)$/, ([, id]) => ({ ...conversations.find((one) => one.id === id), messages: messages.get(id!) })],
  ['PATCH', /^\/api\/conversations\/([\w-]+)$/, ([, id], body) => Object.assign(conversations.find((one) => one.id === id)!, body)],
  ['DELETE', /^\/api\/conversations\/([\w-]+)$/, ([, id]) => ({ deleted: conversations.splice(conversations.findIndex((one) => one.id === id), 1).length > 0 })],
  ['POST', /^\/api\/chat$/, (_, body, __, ___, response) => chat(body, response)],
  ['GET', /^\/api\/chat\/([\w-]+)$/, ([, id], _, __, request, response) => follow(id!, Number(request.headers['last-event-id'] ?? 0), response)],
  ['POST', /^\/api\/chat\/([\w-]+)\/stop$/, ([, id]) => {
    going.get(id!)!.stop = true;
    return { message_id: id, status: 'generating' };
  }],
  ['GET', /^\/api\/templates$/, () => ({ templates })],
  ['GET', /^\/api\/agents$/, () => ({ agents })],
  ['GET', /^\/benchmark\/llm$/, () => ({ benchmarks: [sweep, closed] })],
  ['GET', /^\/benchmark\/llm\/([\w-]+)$/, ([, id]) => (id === sweep.id ? sweep : closed)],
  ['POST', /^\/benchmark\/llm$/, (_, body) => ({ id: body.mode === 'open' ? sweep.id : closed.id, status: 'running' })],
  ['GET', /^\/performance\/summary$/, () => summary],
  ['GET', /^\/performance\/history$/, () => ({ points: course })],
  ['GET', /^\/api\/history$/, (_, __, url) => {
    const [model, status] = [url.searchParams.get('model'), url.searchParams.get('status')];
    const found = log.filter((row) => (!model || row.model === model) && (!status || row.status === status));
    const at = Number(url.searchParams.get('page_token') ?? 0);
    return { requests: found.slice(at, at + 50), total: found.length, ...(at + 50 < found.length ? { next_page_token: String(at + 50) } : {}) };
  }],
  ['GET', /^\/api\/history\/analytics$/, () => ({
    total_requests: 1843, avg_response_time_ms: 812.4, p50_response_time_ms: 640, p95_response_time_ms: 2210, p99_response_time_ms: 4100, ttft: { avg_ms: 260, p50_ms: 210, p95_ms: 700, p99_ms: 1200 }, error_rate: 2.4,
    prompt_tokens: 412_345, completion_tokens: 901_222, total_tokens: 1_313_567, avg_tokens_per_request: 712, cost: 3.4217, requests_without_price: 12, requests_by_model: { 'gpt-4o': 1200, 'claude-opus-4': 420, 'sample-slow': 223 },
    requests_by_provider: { openai: 1423, anthropic: 420 }, errors_by_type: { rate_limit: 30, timeout: 12, network: 2 }, series_step: 'day',
    series: [210, 180, 340, 295, 120, 90, 608].map((requests, n) => ({ starts_at: new Date(Date.now() - (6 - n) * 86_400_000).toISOString(), requests, errors: n, prompt_tokens: requests * 90, completion_tokens: requests * 300, p50_response_time_ms: 500 + n * 60, cost: requests / 500 })),
  })],
  ['GET', /^\/api\/history\/([\w-]+)$/, ([, id]) => log.find((row) => row.id === id)],
  ['POST', /^\/api\/history\/([\w-]+)\/replay$/, ([, id], body) => {
    const old = log.find((row) => row.id === id)!;
    const row = { ...old, id: randomUUID(), timestamp: now(), replay_of: id, model: body.model?.id ?? old.model, response: String(old.response).replace('point', 'heart of it').replace('0.9', '0.7') };
    log.unshift(row);
    return row;
  }],
];

const answer: Connect.NextHandleFunction = async (request, response, next) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const route = routes.find(([method, path]) => method === request.method && path.test(url.pathname));
  if (!route) return next();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const sent = Buffer.concat(chunks).toString();
  const made = route[2](route[1].exec(url.pathname)!, sent ? (JSON.parse(sent) as Json) : {}, url, request, response);
  if (!made) return;
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(made));
};

export function mockWorkspace(): Plugin {
  return { name: 'mock-workspace', configureServer: (server) => void server.middlewares.use(answer), configurePreviewServer: (server) => void server.middlewares.use(answer) };
}
