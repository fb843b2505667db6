// A stand-in for the gateway, for working on the page alone: `npm run dev` and `npm run preview`. Never part of a build.
// It keeps to the HTTP contract where the page can see it and invents the model's answers. Words in the fields choose faults:
// key `wrong` fails the test, model `missing` is unknown, host `slow.example` runs slowly, at `broken.example` the events break off once, host `10.0.0.1` is forbidden.
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { pageOf } from './results.mjs';

type Json = Record<string, any>;

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const lifeMs = Number(process.env.MOCK_SESSION_SECONDS ?? 3600) * 1000;
const graceMs = Number(process.env.MOCK_GRACE_SECONDS ?? 20) * 1000;

interface Session {
  id: string;
  endpoint: Json;
  createdAt: number;
  test?: Json;
  suites: Json[];
  runs: Run[];
  abandoned?: ReturnType<typeof setTimeout>;
}

interface Run {
  view: Json;
  results: Json[];
  stored: { event: string; data: Json }[];
  watchers: Set<(event: string, data: Json, id?: number) => void>;
  cancelled: boolean;
  breaksOff: boolean;
}

class Refusal {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly fields: Json[] = [], readonly wait?: number) {}
}

const prompts: Record<string, [string, string[]]> = {
  customer_support: ['Customer Support', ['How do I reset my password?', 'Where is my order 4711?', 'I was charged twice. What now?', 'Can I change my delivery address?', 'Do you ship to Norway?', 'My parcel arrived damaged.', 'How do I cancel my subscription?', 'I never received the confirmation mail.', 'Which sizes run small?', 'Please connect me to a person.', 'Is there a student discount?', 'How long do refunds take?']],
  code_generation: ['Code Generation', ['Write a function that reverses a string.', 'Write FizzBuzz in Rust.', 'Explain what a mutex is.', 'Fix: for (i=0;i<=n;i++) a[i]=0;', 'Write a SQL query for the second highest salary.', 'What does git rebase do?', 'Write a regular expression for ISO dates.', 'Parse CSV with quotes in Python.', 'Binary search in C++.', 'Debounce in TypeScript.']],
  qa: ['Q&A', ['What is 6 times 7?', 'Which planet is the largest?', 'Who wrote Hamlet?', 'What is the capital of Australia?', 'What does DNA stand for?', 'How many continents are there?', 'When did the Berlin Wall fall?', 'What is the boiling point of water at sea level?', 'Which gas do plants take in?', 'What is the square root of 144?']],
  creative: ['Creative Writing', ['Write a haiku about rain.', 'Begin a story with “The clock stopped.”', 'Describe the sea without the word blue.', 'A limerick about a cat.', 'A letter from a lighthouse keeper.', 'Name a ship and say why.', 'Six words that tell a story.', 'A dialogue of two stones.', 'A lullaby for a robot.', 'Describe silence.']],
};
const suites: Json[] = Object.entries(prompts).flatMap(([task_domain, [name, list]]) =>
  ['easy', 'hard'].map((difficulty) => ({
    id: `${task_domain.replaceAll('_', '-')}-${difficulty}`,
    name: `${name} - ${difficulty === 'easy' ? 'Easy' : 'Hard'}`,
    description: difficulty === 'easy' ? 'Short questions with one good answer.' : 'Questions that need care, tone or several steps.',
    task_domain,
    difficulty,
    prompt_count: list.length,
    prompts: list.map((prompt, index) => ({ prompt, category: ['account', 'order', 'policy'][index % 3], ...(prompt.includes('6 times 7') ? { expected_answer: '42' } : {}) })),
  })),
);
const providers = [
  ['together', 'Together AI', 'https://api.together.xyz/v1', 'your-org/your-fine-tuned-model'],
  ['fireworks', 'Fireworks', 'https://api.fireworks.ai/inference/v1', 'accounts/you/models/your-model'],
  ['openrouter', 'OpenRouter', 'https://openrouter.ai/api/v1', 'your-org/your-model'],
  ['groq', 'Groq', 'https://api.groq.com/openai/v1', 'llama-3.1-8b-instant'],
  ['openai', 'OpenAI', 'https://api.openai.com/v1', 'ft:gpt-4o-mini:you::id'],
  ['azure_openai', 'Azure OpenAI', 'https://your-resource.openai.azure.com/openai/v1', 'your-deployment'],
  ['vllm', 'vLLM', 'https://your-host/v1', 'your-org/your-fine-tuned-model'],
  ['ollama', 'Ollama', 'https://your-host/v1', 'llama3.2'],
  ['custom', 'Custom', undefined, 'your-org/your-fine-tuned-model'],
].map(([provider, name, base_url, example_model_id]) => ({ provider, name, base_url, example_model_id, key_hint: 'sk-…', docs_url: base_url && provider !== 'vllm' ? 'https://example.org/docs' : undefined }));

const sessions = new Map<string, Session>();
const gone = new Set<string>();

const iso = (at: number) => new Date(at).toISOString();
const brief = ({ prompts: _, ...suite }: Json) => suite;

function drop(session: Session): void {
  clearTimeout(session.abandoned);
  for (const run of session.runs) {
    run.cancelled = true;
    for (const send of run.watchers) send('error', { status: 410, title: 'Session over', detail: 'This session has been deleted.', code: 'session_expired' });
  }
  sessions.delete(session.id);
  gone.add(session.id);
}

function need(id: string | undefined): Session {
  if (!id) throw new Refusal(422, 'invalid_field', 'A session is needed.', [{ field: 'session_id', message: 'is needed' }]);
  const session = sessions.get(id);
  if (session && Date.now() - session.createdAt > lifeMs) drop(session);
  if (gone.has(id)) throw new Refusal(410, 'session_expired', 'This session has ended and its data is deleted. Start a new one.');
  if (!session) throw new Refusal(404, 'session_not_found', 'There is no such session. Start a new one.');
  clearTimeout(session.abandoned);
  return session;
}

function percentile(sorted: number[], q: number): number {
  const rank = q * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] ?? 0;
  return low + ((sorted[Math.ceil(rank)] ?? low) - low) * (rank % 1);
}

function metrics(results: Json[]): Json {
  const good = results.filter((one) => one.success);
  const times = good.map((one) => one.latency_ms as number).sort((a, b) => a - b);
  const mean = times.reduce((sum, one) => sum + one, 0) / (times.length || 1);
  const round = (n: number) => Math.round(n * 1000) / 1000;
  return {
    total_prompts: results.length,
    completed_prompts: good.length,
    failed_prompts: results.length - good.length,
    success_rate: round((100 * good.length) / (results.length || 1)),
    avg_latency_ms: round(mean),
    p50_latency_ms: round(percentile(times, 0.5)),
    p90_latency_ms: times.length ? round(percentile(times, 0.9)) : undefined,
    p95_latency_ms: round(percentile(times, 0.95)),
    p99_latency_ms: round(percentile(times, 0.99)),
    total_input_tokens: good.reduce((sum, one) => sum + one.input_tokens, 0),
    output_tokens_per_second: times.length ? round((1000 * good.reduce((sum, one) => sum + one.output_tokens, 0)) / times.reduce((sum, one) => sum + one, 0)) : undefined,
    total_output_tokens: good.reduce((sum, one) => sum + one.output_tokens, 0),
  };
}

function startRun(session: Session, suite: Json, body: Json): Run {
  const chosen = (suite.prompts as Json[]).slice(0, body.prompt_limit ?? 10);
  const run: Run = {
    view: {
      id: randomUUID(), status: 'running', model_name: session.endpoint.model_name, test_suite_id: suite.id, test_suite_name: suite.name, total_prompts: chosen.length,
      completed_prompts: 0, failed_prompts: 0, progress: 0, started_at: iso(Date.now()), running_prompt_ids: [],
    },
    results: [], stored: [], watchers: new Set(), cancelled: false, breaksOff: session.endpoint.endpoint_url.includes('broken.example'),
  };
  session.runs.push(run);
  const tell = (event: string, data: Json) => {
    const id = event === 'result' || event === 'done' ? run.stored.push({ event, data }) : undefined;
    for (const send of run.watchers) send(event, data, id);
  };
  const pace = session.endpoint.endpoint_url.includes('slow.example') ? 3 : 0.5;
  const queue: Json[] = chosen.map((entry, index) => ({ ...entry, id: index + 1 }));
  const worker = async () => {
    for (let entry = queue.shift(); entry && !run.cancelled; entry = queue.shift()) {
      run.view.running_prompt_ids.push(entry.id);
      tell('started', { prompt_id: entry.id });
      run.view.eta_ms = (queue.length + 1) * 400 * pace;
      tell('progress', run.view);
      const latency = 300 + ((entry.id * 7919) % 1900);
      await new Promise((resolve) => setTimeout(resolve, latency * pace));
      if (run.cancelled) return;
      const failed = entry.id % 7 === 6;
      const tokens = 20 + ((entry.id * 31) % 190);
      const result = {
        prompt_id: entry.id, test_run_id: run.view.id, prompt: entry.prompt, category: entry.category, success: !failed,
        ...(failed
          ? { error: 'The endpoint limits this key (429). Lower “at the same time” or wait.', error_type: 'rate_limit' }
          : { response: `A canned answer to: **${entry.prompt}**\n\n1. Open the settings.\n2. Choose *Security*.\n\n\`\`\`sh\necho done\n\`\`\``, latency_ms: latency + 0.137, ttft_ms: Math.round(latency / 4), wait_ms: Math.round(latency / 5), ...(entry.id === 1 ? { dns_ms: 2.1, connect_ms: 18.4, tls_ms: 41.7 } : {}), input_tokens: 12 + entry.id, output_tokens: tokens, finish_reason: entry.id === 4 ? 'length' : 'stop' }),
        attempts: failed ? 3 : 1, ...(failed ? {} : { checks: [{ kind: 'contains', passed: entry.id % 3 !== 0, ...(entry.id % 3 === 0 ? { detail: 'expected “a step by step answer”, found none' } : {}) }] }), model_id: session.endpoint.model_id, created_at: iso(Date.now()),
      };
      run.results.push(result);
      run.view.running_prompt_ids = run.view.running_prompt_ids.filter((id: number) => id !== entry.id);
      run.view[failed ? 'failed_prompts' : 'completed_prompts'] += 1;
      run.view.progress = run.results.length / run.view.total_prompts;
      tell('result', result);
      tell('progress', run.view);
      if (run.results.length === run.view.total_prompts) finish(run, 'completed');
    }
  };
  for (let n = 0; n < (body.concurrency ?? 4); n += 1) void worker();
  return run;
}

function finish(run: Run, status: string): void {
  if (run.view.status !== 'running') return;
  run.cancelled = true;
  const { eta_ms: _, ...view } = run.view;
  run.view = { ...view, status, completed_at: iso(Date.now()), running_prompt_ids: [] };
  const id = run.stored.push({ event: 'done', data: run.view });
  for (const send of run.watchers) send('done', run.view, id);
}

function sse(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  response.flushHeaders();
}

function watch(run: Run, after: number, response: ServerResponse): void {
  sse(response);
  const send = (event: string, data: Json, id?: number) => {
    response.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
    if (event === 'done' || event === 'error') response.end();
    else if (event === 'result' && id === 4 && !after && run.breaksOff) response.destroy();
  };
  send('progress', run.view);
  run.stored.forEach((one, index) => index >= after && send(one.event, one.data, index + 1));
  if (response.writableEnded) return;
  run.watchers.add(send);
  response.on('close', () => run.watchers.delete(send));
}

async function atlas(session: Session, body: Json, response: ServerResponse): Promise<void> {
  const run = session.runs[session.runs.length - 1];
  if (!run) throw new Refusal(409, 'no_run', 'Run a batch test first.');
  sse(response);
  const line = (data: Json) => response.write(`data: ${JSON.stringify(data)}\n\n`);
  // [text](7) is a figure that leads to prompt 7, [text](all) one over all results.
  const behind = (prompt: string) => `/api/demo/v2/analytics/results?test_run_id=${run.view.id}${prompt === 'all' ? '' : `&prompt_id=${prompt}`}`;
  const told = (text: string) => {
    const figures: Json[] = [];
    let content = '';
    for (const [at, piece] of text.split(/(\[[^\]]*\]\(\w+\))/).entries()) {
      const figure = /^\[([^\]]*)\]\((\w+)\)$/.exec(piece);
      if (at % 2 && figure) figures.push({ from: content.length, to: content.length + figure[1]!.length, link: behind(figure[2]!) });
      content += figure?.[1] ?? piece;
    }
    line({ content, figures });
  };
  const say = async (text: string) => {
    for (const piece of text.match(/\s*(\[[^\]]*\]\(\w+\)|\S)+/g) ?? []) {
      told(piece);
      await new Promise((resolve) => setTimeout(resolve, 12));
    }
  };
  const m = metrics(run.results);
  const good = run.results.filter((one) => one.success).sort((a, b) => b.latency_ms - a.latency_ms);
  const question: string = body.messages?.[body.messages.length - 1]?.content ?? '';
  const s = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const found = (tool: string, query_text: string, columns: string[], rows: unknown[][], series?: unknown) => {
    const id = randomBytes(4).toString('hex');
    line({ type: 'tool_call', id, tool, query_text });
    line({ type: 'tool_result', id, columns, rows, total: rows.length, ...(series ? { series } : {}) });
  };
  if (!question) {
    found('get_demo_metrics', 'metrics of the latest run', ['metric', 'value'], Object.entries(m));
    await say(`**${m.completed_prompts} of ${m.total_prompts} prompts** completed. The mean latency was [${s(m.avg_latency_ms)}](all), the p95 ${s(m.p95_latency_ms)}; answers had ${(m.total_output_tokens / m.completed_prompts).toFixed(1)} tokens on average.\n\nMost worth a look: ${m.failed_prompts} ${m.failed_prompts === 1 ? 'prompt' : 'prompts'} failed, and [#${good[0]?.prompt_id}](${good[0]?.prompt_id}) took [${s(good[0]?.latency_ms)}](${good[0]?.prompt_id}). What would you like to know?`);
  } else if (/slow/i.test(question)) {
    found('get_demo_results', 'five slowest prompts by latency', ['prompt_id', 'prompt', 'latency_ms', 'output_tokens'], good.slice(0, 5).map((one) => [one.prompt_id, one.prompt, one.latency_ms, one.output_tokens]),
      { kind: 'bar', x_label: 'prompt', y_label: 'latency (ms)', points: good.slice(0, 5).map((one) => ({ x: `#${one.prompt_id}`, y: one.latency_ms })) });
    await say(`The slowest were ${good.slice(0, 3).map((one) => `[#${one.prompt_id}](${one.prompt_id}) “${one.prompt.slice(0, 24)}…” ([${s(one.latency_ms)}](${one.prompt_id}))`).join(', ')}.`);
    if (body.narrator !== 'builtin') {
      await say('\n\n> Your model adds: these prompts are about 37% slower than the rest.');
      line({ type: 'grounding', checked: 1, unsupported: ['37%'] });
    }
  } else if (/distribution/i.test(question)) {
    found('get_latency_distribution', 'latency in buckets', ['from_ms', 'to_ms', 'count'], [[0, 500, 2], [500, 1000, 3], [1000, 1500, 2], [1500, 2500, 2]], { kind: 'bar', x_label: 'latency', y_label: 'responses', points: [['0-0.5 s', 2], ['0.5-1 s', 3], ['1-1.5 s', 2], ['1.5-2.5 s', 2]].map(([x, y]) => ({ x, y })) });
    await say('Most answers took between 0.5 s and 1 s.');
  } else if (/break/i.test(question)) {
    await say('This answer is going to');
    response.destroy();
    return;
  } else if (/csv|export/i.test(question)) {
    await say('Here are the results as CSV.');
    line({ type: 'export', format: 'csv', path: `/api/demo/v2/export?format=csv&token=once` });
  } else {
    found('get_demo_metrics', 'metrics of the latest run', ['metric', 'value'], Object.entries(m));
    await say(/average/i.test(question) ? `The average latency is **[${s(m.avg_latency_ms)}](all)** over ${m.completed_prompts} successful calls.` : `The p95 latency is [${s(m.p95_latency_ms)}](all); ${m.failed_prompts} failed.`);
  }
  line({ type: 'token_usage', input_tokens: 412, output_tokens: 57 });
  response.end('data: [DONE]\n\n');
}

function exported(session: Session, format: string, response: ServerResponse): void {
  const results = session.runs.flatMap((run) => run.results).sort((a, b) => a.prompt_id - b.prompt_id);
  const m = metrics(results);
  const columns = 'prompt_id,prompt,response,latency_ms,success,error,error_type,input_tokens,output_tokens,ttft_ms,category,finish_reason,attempts,model_id,test_run_id,created_at'.split(',');
  const cell = (value: unknown) => (/[",\n]/.test(String(value ?? '')) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ''));
  const body: Record<string, () => [string, string]> = {
    csv: () => ['text/csv; charset=utf-8', ['# Demo Batch Test Export', `# Model: ${session.endpoint.model_name}`, '', '# Summary Metrics', `Total Prompts,${m.total_prompts}`, `Success Rate,${m.success_rate.toFixed(1)}%`, '', '# Individual Results', columns.join(','), ...results.map((one) => columns.map((name) => cell(one[name])).join(','))].join('\r\n') + '\r\n'],
    json: () => ['application/json', JSON.stringify({ export_date: iso(Date.now()), session: { model_id: session.endpoint.model_id }, runs: session.runs.map((run) => run.view), metrics: m, results })],
    jsonl: () => ['application/x-ndjson', results.map((one) => JSON.stringify(one) + '\n').join('')],
  };
  const made = body[format]?.();
  if (!made) throw new Refusal(422, 'invalid_field', 'Choose csv, json or jsonl.');
  response.writeHead(200, { 'Content-Type': made[0], 'Content-Disposition': `attachment; filename="finetunelab-batch-test-${iso(Date.now()).slice(0, 10)}.${format}"` });
  response.end(made[1]);
}

async function answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const isFile = url.pathname.endsWith('/preview') && request.headers['content-type'] === 'application/octet-stream';
  if (text && !isFile && request.headers['content-type'] !== 'application/json') throw new Refusal(415, 'wrong_content_type', 'Send application/json.');
  const body: Json = isFile ? { content: text } : text ? JSON.parse(text) : {};
  const id = (body.session_id as string) ?? url.searchParams.get('session_id') ?? /^Bearer (.+)/.exec(request.headers.authorization ?? '')?.[1];
  const send = (value: unknown, status = 200) => {
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify(value));
  };
  const runOf = (runId: string) => {
    const run = [...sessions.values()].flatMap((session) => session.runs).find((one) => one.view.id === runId);
    if (!run) throw new Refusal(id && gone.has(id) ? 410 : 404, 'run_not_found', 'There is no such run.');
    return run;
  };
  const path = url.pathname.replace('/api/demo/v2', '');
  const route = `${request.method} ${path}`;
  const inRun = /^\/batch-test\/([^/]+)\/(events|cancel|status)$/.exec(path);

  if (route === 'GET /export/formats') return send({ formats: [['csv', 'CSV', 'text/csv'], ['json', 'JSON', 'application/json'], ['jsonl', 'JSONL', 'application/x-ndjson']].map(([format, name, content_type]) => ({ format, name, extension: format, content_type })) });
  if (route === 'GET /providers') return send({ providers, sample: { endpoint_url: 'http://127.0.0.1:9000/v1', model_id: 'sample-steady' } });
  if (route === 'GET /test-suites') return send({ suites: [...suites, ...(id ? need(id).suites : [])].map(brief) });
  if (route.startsWith('GET /test-suites/')) {
    const suite = [...suites, ...(id ? need(id).suites : [])].find((one) => one.id === decodeURIComponent(path.slice(13)));
    if (!suite) throw new Refusal(404, 'suite_not_found', 'There is no such suite.');
    return send(suite);
  }
  if (route === 'POST /test-suites/preview') {
    const listed = String(body.content ?? '').split(/\r?\n/).filter((one) => one.trim());
    return send({ prompts: listed.slice(0, 20).map((prompt) => ({ prompt })), prompt_count: listed.length, format: 'text', encoding: 'utf-8', left_out: [], faults: [], more_faults: 0 });
  }
  if (route === 'POST /configure') {
    const host = new URL(body.endpoint_url).hostname;
    if (host.startsWith('10.')) throw new Refusal(422, 'endpoint_not_allowed', 'This address is not allowed. Use a public address.', [{ field: 'endpoint_url', message: 'This address is not allowed; only public ones can be called.' }]);
    const other = [...sessions.values()].find((one) => Date.now() - one.createdAt < lifeMs);
    if (other && !process.env.MOCK_MANY_SESSIONS) throw new Refusal(429, 'active_session_exists', 'Your address has a session already.', [], Math.ceil((other.createdAt + lifeMs - Date.now()) / 1000));
    const session: Session = { id: `demo-${randomBytes(32).toString('hex')}`, endpoint: { ...body, model_name: body.model_name ?? body.model_id }, createdAt: Date.now(), suites: [], runs: [] };
    sessions.set(session.id, session);
    return send({ session_id: session.id, expires_at: iso(session.createdAt + lifeMs), model_id: body.model_id, model_name: session.endpoint.model_name }, 201);
  }
  if (route === 'POST /configure/models') {
    if (!body.session_id && body.api_key === 'wrong') throw new Refusal(502, 'endpoint_failed', 'The endpoint refused the key (401).');
    return send({ models: [{ id: 'sample-fast' }, { id: 'sample-slow' }, { id: 'sample-flaky' }] });
  }
  if (route === 'POST /cleanup' && (!sessions.has(id ?? '') || gone.has(id ?? ''))) {
    return send({ success: true, message: 'Nothing was left to delete', deleted: { config: false, testRuns: 0, results: 0 } });
  }

  if (inRun) {
    const run = runOf(inRun[1]!);
    if (inRun[2] === 'events') return watch(run, Number(request.headers['last-event-id'] ?? 0), response);
    if (inRun[2] === 'cancel') finish(run, 'cancelled');
    return send(run.view);
  }

  const session = need(id);
  const latest = session.runs[session.runs.length - 1];
  switch (route) {
    case 'GET /configure':
      return send({
        session_id: session.id, expires_at: iso(session.createdAt + lifeMs), model_id: session.endpoint.model_id, model_name: session.endpoint.model_name, endpoint_url: session.endpoint.endpoint_url,
        provider: session.endpoint.provider, created_at: iso(session.createdAt), connection_tested: session.test?.success ?? false, connection_latency_ms: session.test?.latency_ms, last_error: session.test?.error,
        latest_test_run_id: latest?.view.id, key_forgotten: session.endpoint.forget_key_after_run === true && latest?.view.status === 'completed',
      });
    case 'POST /configure/test':
      await new Promise((resolve) => setTimeout(resolve, 400));
      session.test = session.endpoint.api_key === 'wrong' ? { success: false, error: 'The endpoint refused the key (401).', error_type: 'auth' }
        : session.endpoint.model_id === 'missing' ? { success: false, error: 'The endpoint does not know this model (404).', error_type: 'model_not_found' }
        : { success: true, latency_ms: 412.5, ttft_ms: 96.2, message: 'Connection successful' };
      return send(session.test);
    case 'POST /test-suites': {
      const listed = String(body.content ?? '').split(/\r?\n/).filter((one) => one.trim());
      const suite = { id: randomUUID(), name: body.name, task_domain: 'custom', prompt_count: listed.length, prompts: listed.map((prompt) => ({ prompt })) };
      session.suites.push(suite);
      return send(brief(suite), 201);
    }
    case 'POST /batch-test': {
      if (!session.test?.success) throw new Refusal(409, 'connection_not_tested', 'Test the connection first.');
      if (latest?.view.status === 'running') throw new Refusal(409, 'run_in_progress', 'A run is in progress. Stop it or wait for its end.');
      if (body.prompt_limit > 20) throw new Refusal(422, 'prompt_limit_exceeded', 'This session may run 20 prompts; choose at most 20.', [{ field: 'prompt_limit', message: 'Choose at most 20.' }]);
      const suite = [...suites, ...session.suites].find((one) => one.id === body.test_suite_id);
      if (!suite) throw new Refusal(404, 'suite_not_found', 'There is no such suite.');
      const run = startRun(session, suite, body);
      return send({ success: true, test_run_id: run.view.id, status: 'pending', total_prompts: run.view.total_prompts }, 202);
    }
    case 'GET /batch-test':
      if (!latest) throw new Refusal(404, 'no_run', 'This session has no run yet.');
      return send(latest.view);
    case 'GET /analytics/metrics':
      return send(metrics(latest?.results ?? []));
    case 'GET /analytics/results':
      return send(pageOf(latest?.results ?? [], url.searchParams));
    case 'POST /atlas':
      return atlas(session, body, response);
    case 'GET /export':
      return exported(session, url.searchParams.get('format') ?? '', response);
    case 'POST /cleanup': {
      if (body.when === 'if_abandoned') {
        session.abandoned = setTimeout(() => drop(session), graceMs);
        return send({ success: true, message: 'Session data will be deleted', deleted: { config: false, testRuns: 0, results: 0 } });
      }
      const deleted = { config: true, testRuns: session.runs.length, results: session.runs.reduce((sum, run) => sum + run.results.length, 0) };
      drop(session);
      return send({ success: true, message: 'Session data deleted successfully', deleted, receipt: { deleted_at: iso(Date.now()), counted_after: 0, backups_unreadable_from: iso(session.createdAt + 75 * 60_000) } });
    }
  }
  throw new Refusal(404, 'not_found', 'There is no such page.');
}

function middleware(withPolicy: boolean): Connect.NextHandleFunction {
  return (request, response, next) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (withPolicy) response.setHeader('Content-Security-Policy', policy);
    if (withPolicy) response.setHeader('X-Content-Type-Options', 'nosniff');
    if (url.pathname === '/demo/test-model') request.url = '/index.html';
    if (url.pathname === '/docs') request.url = '/docs.html';
    if (url.pathname === '/openapi.json') {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ openapi: '3.1.0', info: { title: 'FineTuneLab', version: 'mock' }, paths: { '/api/demo/v2/providers': { get: { summary: 'Provider presets', responses: { 200: { description: 'The presets' } } } } } }));
      return;
    }
    if (!url.pathname.startsWith('/api/demo/v2/')) return next();
    answer(request, response, url).catch((error: unknown) => {
      const refusal = error instanceof Refusal ? error : new Refusal(400, 'malformed_json', String(error));
      response.writeHead(refusal.status, { 'Content-Type': 'application/problem+json', ...(refusal.wait ? { 'Retry-After': String(refusal.wait) } : {}) });
      response.end(JSON.stringify({ type: 'about:blank', title: refusal.code.replaceAll('_', ' ').replace(/^./, (c) => c.toUpperCase()), status: refusal.status, detail: refusal.detail, code: refusal.code, request_id: randomBytes(4).toString('hex'), ...(refusal.fields.length ? { errors: refusal.fields } : {}) }));
    });
  };
}

export function mockGateway(): Plugin {
  return {
    name: 'mock-gateway',
    configureServer: (server) => void server.middlewares.use(middleware(false)),
    // The built page under the policy of the real gateway; Vite's dev client could not live with it.
    configurePreviewServer: (server) => void server.middlewares.use(middleware(true)),
  };
}
