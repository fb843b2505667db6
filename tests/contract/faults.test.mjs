// Every way in which the sample endpoint can answer wrongly, within runs: each comes out as a result with the right kind of
// failure (or as a success, where a right answer only has an odd shape), and none holds a run up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, sampleEndpoint, urlOf } from './client.mjs';
import { chatEndpoint, faultRelay, waitsAtFirst } from './endpoint.mjs';
import { isConventional } from './judge.mjs';
import { apiKey, endOf, resultsOf, startRun, testedSession, uniquePrompts } from './sessions.mjs';
import { get } from './client.mjs';

// error_type and outcome; a list where the contract leaves the choice. No outcome: any.
const failing = {
  'fault-http-400': ['api_error', 'refused'],
  'fault-http-401': ['auth', 'auth'],
  'fault-http-403': ['auth', 'auth'],
  'fault-http-404-model': ['model_not_found', 'model_not_found'],
  'fault-http-404-html': ['model_not_found', 'model_not_found'],
  'fault-http-408': [['api_error', 'timeout']],
  'fault-http-413': ['api_error', 'refused'],
  'fault-http-500': ['api_error', 'server_error'],
  'fault-http-502-html': ['api_error', 'server_error'],
  'fault-redirect': ['api_error', 'refused'],
  'fault-echo-key': ['auth', 'auth'],
  'fault-error-200': ['api_error', 'server_error'],
  'fault-error-in-stream': ['api_error', 'server_error'],
  'fault-err-openai': ['api_error', 'refused'],
  'fault-err-azure-filter': ['api_error', 'filtered'],
  'fault-err-vllm': ['model_not_found', 'model_not_found'],
  'fault-err-vllm-stream': ['api_error', 'server_error'],
  'fault-err-ollama': ['model_not_found', 'model_not_found'],
  'fault-err-ollama-stream': ['api_error', 'truncated_stream'],
  'fault-err-tgi-validation': ['api_error', 'refused'],
  'fault-err-tgi-stream': ['api_error', 'server_error'],
  'fault-err-openrouter-moderation': [['api_error', 'auth']],
  'fault-err-openrouter-stream': ['api_error', 'server_error'],
  'fault-err-together-bare': ['auth', 'auth'],
  'fault-err-fireworks-detail': [['api_error', 'model_not_found']],
  'fault-err-gemini': ['auth', 'auth'],
  'fault-err-detail-list': ['api_error', 'refused'],
  'fault-err-plain': ['api_error', 'server_error'],
  'fault-err-empty': ['api_error', 'server_error'],
  'fault-cut-stream': ['network', ['truncated_stream', 'transport']],
  'fault-cut-json': [['api_error', 'network'], ['truncated_stream', 'bad_format']],
  'fault-unfinished': ['api_error', 'truncated_stream'],
  'fault-huge-line': ['api_error', 'bad_format'],
  'fault-endless': [['api_error', 'timeout'], ['bad_format', 'timeout']],
  'fault-big-answer': ['api_error', 'bad_format'],
  'fault-filtered': ['api_error', 'filtered'],
  'fault-slow-headers': ['timeout', 'timeout'],
  'fault-slow-body': ['timeout', 'timeout'],
  'fault-stall': ['timeout', 'timeout'],
  'fault-stall-midway': ['timeout', 'timeout'],
  'fault-silence': ['timeout', 'timeout'],
  'fault-hang-up': ['network', 'transport'],
  'fault-bad-chunk': ['api_error', 'bad_format'],
  'fault-bad-head': ['api_error', 'bad_format'],
  'fault-two-lengths': ['api_error', 'bad_format'],
  'fault-length-and-chunks': ['api_error', 'bad_format'],
  'fault-interim-100s': ['api_error', 'bad_format'],
  'fault-gzip': ['api_error', 'bad_format'],
  'fault-not-json': ['api_error', 'bad_format'],
  'fault-html-200': ['api_error', 'bad_format'],
  'fault-empty-body': ['api_error', 'bad_format'],
  'fault-endless-head': ['api_error', 'bad_format'],
  'fault-endless-body': ['api_error', 'bad_format'],
  'fault-endless-comments': [['timeout', 'api_error']],
  'fault-finish-abort': ['api_error', 'server_error'],
  'fault-finish-safety': ['api_error', 'filtered'],
  'fault-error-field': ['api_error', 'server_error'],
  'fault-error-200-status': ['auth', 'auth'],
  'fault-error-200-code': ['api_error', 'server_error'],
  'fault-cut-by-length': ['api_error', 'truncated_stream'],
  'fault-no-message': ['api_error', 'bad_format'],
  'fault-http-401-wait': ['auth', 'auth'],
  'fault-http-424': ['api_error', 'server_error'],
  'fault-err-bedrock-model': ['model_not_found', 'model_not_found'],
  'fault-err-groq-model': ['model_not_found', 'model_not_found'],
  'fault-err-cloudflare': ['api_error', 'refused'],
  'fault-error-bare': ['api_error', 'server_error'],
  'fault-error-words': ['api_error', 'server_error'],
  'fault-error-data-words': ['api_error', 'server_error'],
  'fault-error-traceback': ['api_error', 'server_error'],
  'fault-http-500-memory': ['api_error', 'server_error'],
  'fault-error-200-msg': ['api_error', 'server_error'],
  'fault-err-messages': ['api_error', 'refused'],
  'fault-http-401-subscription': ['auth', 'auth'],
  'fault-http-403-licence': ['auth', 'auth'],
  'fault-plain-to-https': ['api_error', 'refused'],
  'fault-redirect-slash': ['api_error', 'refused'],
};

// What the words of a failure say besides.
const words = {
  'fault-error-bare': /KV cache is full/,
  'fault-error-words': /KV cache is full/,
  'fault-error-data-words': /Internal server error/,
  'fault-error-traceback': /RuntimeError: CUDA out of memory/,
  'fault-error-200-msg': /\(error 500 in its answer\).*model not deployed/,
  'fault-err-messages': /at most 9/,
  'fault-http-401-subscription': /check the key.*missing subscription key/i,
  'fault-http-403-licence': /key.*accept the licence/,
  'fault-plain-to-https': /use https:\/\//,
  'fault-redirect-slash': /http:\/\/[^ ]+\/v1\/chat\/completions\/ \(307\)/,
  'fault-redirect': /redirects elsewhere/,
  'fault-not-json': /It said: "/,
  'fault-error-200-limit': /\(an error in its answer\)/,
};

// Faults of a stream alone: asked for a whole answer, the endpoint gives a right one.
const onlyInStreams = ['fault-error-in-stream', 'fault-err-vllm-stream', 'fault-err-ollama-stream', 'fault-err-tgi-stream', 'fault-err-openrouter-stream', 'fault-unfinished', 'fault-huge-line', 'fault-endless', 'fault-stall-midway', 'fault-finish-abort', 'fault-finish-safety', 'fault-error-field', 'fault-cut-by-length', 'fault-error-bare', 'fault-error-words', 'fault-error-data-words', 'fault-error-traceback'];

// Told to slow down. They stand in a run of their own, since they slow down whatever runs beside them.
const throttled = {
  'fault-http-429-long': ['rate_limit', 'throttled'],
  'fault-http-503': ['api_error', 'throttled'],
  'fault-http-529': ['api_error', 'throttled'],
  'fault-err-tgi': ['rate_limit', 'throttled'],
  'fault-err-together': ['api_error', 'throttled'],
  'fault-err-anthropic': ['api_error', 'throttled'],
  'fault-err-cohere': ['rate_limit', 'throttled'],
  'fault-error-words-in-stream': ['rate_limit', 'throttled'],
  'fault-http-429-ages': ['rate_limit', 'throttled'],
  'fault-http-429-reset': ['rate_limit', 'throttled'],
  'fault-http-429-words': ['rate_limit', 'throttled'],
  'fault-http-429-stall': ['rate_limit', 'throttled'],
  'fault-error-200-limit': ['rate_limit', 'throttled'],
};

// Of these the ones that ask for a wait too long to be worth it.
const waitsTooLong = ['fault-http-429-long', 'fault-http-429-ages', 'fault-http-429-reset', 'fault-http-429-words'];

// Ask for a wait that is waited for (waits.test.mjs).
const waitedFor = ['fault-http-429', ...waitsAtFirst];

// Out of credit: no further call helps, and the run ends.
const outOfCredit = ['fault-http-402-quota', 'fault-http-429-quota', 'fault-err-openrouter', 'fault-err-fireworks', 'fault-err-gemini-day', 'fault-err-moonshot', 'fault-err-anthropic-spend', 'fault-http-403-credits', 'fault-http-429-weekly', 'fault-http-500-balance', 'fault-http-400-arrearage', 'fault-http-403-allowance', 'fault-http-429-spend'];

// Right answers in odd shapes.
const succeeding = [
  'fault-http-422-stream-options', 'fault-http-400-max-tokens', 'fault-http-400-temperature', 'fault-err-mistral', 'fault-no-done', 'fault-no-finish', 'fault-done-held-open', 'fault-crlf', 'fault-cr', 'fault-one-lf',
  'fault-split-bytes', 'fault-comments', 'fault-multi-data', 'fault-usage-every-chunk', 'fault-usage-after-done', 'fault-no-usage', 'fault-empty-choices', 'fault-empty-answer-length',
  'fault-content-array', 'fault-tool-calls', 'fault-json-for-stream', 'fault-nul-bytes', 'fault-bad-utf8', 'fault-lone-surrogate', 'fault-buffered', 'fault-think-tag', 'fault-until-close',
  'shape-openai', 'shape-azure', 'shape-groq', 'shape-openrouter', 'shape-together', 'shape-fireworks', 'shape-vllm', 'shape-ollama', 'shape-llamacpp', 'shape-tgi', 'shape-gemini',
  'shape-moonshot', 'fault-usage-text', 'fault-usage-names', 'fault-usage-zero-last', 'fault-other-choices', 'fault-choice-from-1', 'fault-content-object', 'fault-reasoning-parts', 'fault-message-at-end', 'fault-think-unopened',
  'fault-finish-null-text', 'fault-finish-every-chunk', 'fault-pings', 'fault-done-word', 'fault-blank-lines', 'fault-unannounced', 'fault-big-line', 'fault-deep-json', 'fault-error-empty', 'fault-http-400-max-tokens-unknown',
  'fault-http-400-stream', 'fault-http-400-system', 'fault-think-quoted', 'fault-think-brackets', 'fault-think-harmony', 'fault-split-emoji', 'fault-deltas-grow', 'fault-deltas-alike', 'fault-text-again',
  'fault-reasoning-only', 'fault-reasoning-only-length', 'fault-think-only', 'fault-white-space', 'fault-empty-answer', 'fault-role-only', 'fault-content-null', 'fault-data-data', 'fault-data-no-space', 'fault-json-lines',
  'fault-done-glued', 'fault-long-line', 'fault-most-tokens', 'fault-most-tokens-range', 'fault-think-commentary', 'fault-wrapped',
];

// The very text, where it is what the fault is about.
const texts = {
  'fault-think-quoted': 'The reasoning ends with the tag `</think>`, then the answer follows.',
  'fault-split-emoji': 'Great 😀 work',
  'fault-deltas-grow': 'The sky is blue.',
  'fault-deltas-alike': 'hahahahaha',
  'fault-long-line': 'a'.repeat(300_000),
};

// Whole answers without text have an outcome that says so; the others are ok.
const outcomes = {
  'fault-empty-answer': 'empty',
  'fault-content-null': 'empty',
  'fault-white-space': 'empty',
  'fault-reasoning-only': 'reasoning_only',
  'fault-think-only': 'reasoning_only',
  'fault-reasoning-only-length': 'length_empty',
  'fault-empty-answer-length': 'length_empty',
};

// These answer without text.
const wordless = [...Object.keys(outcomes), 'fault-role-only', 'fault-tool-calls'];

const isOneOf = (wanted, actual) => wanted === undefined || [wanted].flat().includes(actual);

// A run whose prompts lead to these faults; gives {run, byFault}.
async function runOf(t, faults, options) {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t) });
  const runId = await startRun(session, faults.map((fault) => `${fault}: What is your return policy?`), { timeout_ms: 2000, concurrency: 16, ...options });
  await endOf(runId, { seconds: 100 });
  const run = await resultsOf(runId);
  return { session, run, byFault: new Map(run.results.map((one) => [one.prompt.split(':')[0], one])) };
}

function judgeFailure(fault, result, [errorType, outcome]) {
  const said = `${fault}: ${JSON.stringify(result)}`;
  assert.ok(result, `${fault} has no result`);
  assert.equal(result.success, false, said);
  assert.ok(isOneOf(errorType, result.error_type), `${errorType} is wanted of ${said}`);
  assert.ok(isOneOf(outcome, result.outcome), `${outcome} is wanted of ${said}`);
  assert.match(result.error, /^[^\u0000-\u001f]*[.!?”"]$/, said);
  if (words[fault]) assert.match(result.error, words[fault]);
  assert.ok(result.attempts >= 1 && result.attempts <= 3, said);
  if (result.error_type === 'timeout') assert.equal(result.attempts, 1, `time-outs are not tried again: ${said}`);
  if (result.checks) assert.deepEqual(result.checks.filter(({ passed }) => passed), [], `nothing failed is scored: ${said}`);
  assert.ok(!said.includes(apiKey) && !said.includes('169.254'), said);
}

function judgeSuccess(fault, result, stream) {
  const said = `${fault}: ${JSON.stringify(result).slice(0, 1500)}`;
  assert.ok(result, `${fault} has no result`);
  assert.equal(result.success, true, said);
  assert.equal(result.error_type, undefined, said);
  assert.equal(result.error, undefined, said);
  if (!wordless.includes(fault)) assert.ok(result.response?.length > 0, said);
  assert.ok(result.latency_ms > 0, said);
  const marks = texts[fault] ? /\u0000/ : /\u0000|<\/?think>|\[\/?THINK\]|<\||Hm\.|So they ask|Is about this|Not this one/;
  assert.ok(!marks.test(result.response ?? ''), said);
  if (texts[fault]) assert.equal(result.response, texts[fault]);
  if (fault === 'fault-text-again') assert.notEqual(result.response.slice(0, result.response.length / 2), result.response.slice(result.response.length / 2), 'the text is there once');
  if (fault !== 'fault-role-only') assert.equal(result.outcome, outcomes[fault] ?? 'ok', said);
  else if (stream) assert.equal(result.outcome, 'empty', said);
  // The usage stands behind the pieces: nothing was taken for the end that is none.
  if (/^fault-(usage-|other-|finish-)/.test(fault)) assert.equal(result.tokens_estimated, false, said);
  if (fault === 'fault-no-usage') assert.equal(result.tokens_estimated, true, said);
  if (fault === 'fault-tool-calls') assert.equal(result.finish_reason, 'tool_calls', said);
  if (fault === 'fault-empty-answer-length') assert.equal(result.finish_reason, 'length', said);
  if (fault === 'fault-nul-bytes') assert.equal(result.response, 'before\ufffdafter', said);
  if (fault === 'fault-bad-utf8') assert.match(result.response, /^caf\ufffd\( \ufffd end$/, said);
  if (fault === 'fault-lone-surrogate') assert.match(result.response, /^half \ufffd+ of one$/, said);
  if (fault === 'fault-buffered' && stream) assert.equal(result.buffered, true, said);
  if (/^shape-(together|tgi)$/.test(fault)) assert.equal(result.finish_reason, 'stop', said);
  if (fault.startsWith('shape-') && (stream || fault !== 'shape-groq')) assert.equal(result.tokens_estimated, false, said);
}

test('the table has every fault that the sample endpoint knows', async () => {
  const { data } = await (await fetch(sampleEndpoint.replace(/\/v1\/?$/, '/faults'))).json();
  const known = new Set([...Object.keys(failing), ...Object.keys(throttled), ...waitedFor, ...outOfCredit, ...succeeding]);
  assert.deepEqual(data.map(({ id }) => id).filter((id) => !known.has(id)), []);
});

for (const stream of [true, false]) {
  const how = stream ? 'streaming' : 'whole';

  test(`each fault is a failed result with its kind of failure (${how})`, async (t) => {
    const table = Object.entries(failing).filter(([fault]) => stream || !onlyInStreams.includes(fault));
    const { run, byFault } = await runOf(t, table.map(([fault]) => fault), { stream });
    assert.equal(run.status, 'completed');
    const wrong = [];
    for (const [fault, wanted] of table) {
      try {
        judgeFailure(fault, byFault.get(fault), wanted);
      } catch (error) {
        wrong.push(error.message.split('\n')[0]);
      }
    }
    assert.deepEqual(wrong, []);
    assert.equal(run.failed_prompts, table.length);
  });

  test(`a right answer in an odd shape is a success (${how})`, async (t) => {
    const right = stream ? succeeding : [...succeeding, ...onlyInStreams];
    const { session, run, byFault } = await runOf(t, right, { stream, timeout_ms: 10_000 });
    assert.equal(run.status, 'completed');
    assert.equal(run.results.length, right.length);
    isConventional(await get(`batch-test?test_run_id=${run.id}&session_id=${session}`));
    const wrong = [];
    for (const fault of right) {
      try {
        judgeSuccess(fault, byFault.get(fault), stream);
      } catch (error) {
        wrong.push(error.message.split('\n')[0]);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

test('an endpoint that asks to slow down is asked three times at the most, and not at all after a long wait', async (t) => {
  const { run, byFault } = await runOf(t, Object.keys(throttled), {});
  assert.equal(run.status, 'completed');
  for (const [fault, wanted] of Object.entries(throttled)) {
    const result = byFault.get(fault);
    judgeFailure(fault, result, wanted);
    assert.equal(result.attempts, waitsTooLong.includes(fault) ? 1 : 3, `${fault}: ${JSON.stringify(result)}`);
  }
});

for (const fault of outOfCredit) {
  test(`out of credit ends the run as failed, and what was not called has no result (${fault})`, async (t) => {
    const { run, byFault } = await runOf(t, ['shape-openai', fault, 'shape-azure', 'shape-vllm'], { concurrency: 1 });
    assert.equal(run.status, 'failed', JSON.stringify(run));
    assert.equal(run.error_type, 'rate_limit');
    assert.match(run.error, /credit|quota|limit/i);
    assert.equal(run.total_prompts, 4);
    assert.deepEqual(run.results.map(({ prompt_id }) => prompt_id), [1, 2]);
    judgeFailure(fault, byFault.get(fault), ['rate_limit', 'quota']);
    assert.equal(byFault.get(fault).attempts, 1);
    assert.equal(run.completed_prompts, 1);
    assert.equal(run.failed_prompts, 1);
  });
}

test('a system prompt opens the question where the endpoint refuses its role, and one refusal tells the whole run', async (t) => {
  const seen = [];
  const endpoint = await chatEndpoint(t, ({ body }) => {
    seen.push(body.messages);
    return body.messages[0].role === 'system' ? { status: 400, json: { error: { message: 'System role not supported', type: 'BadRequestError' } } } : undefined;
  });
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const prompts = uniquePrompts(3);
  seen.length = 0;
  const runId = await startRun(session, prompts, { system_prompt: 'Be brief.', concurrency: 1 });
  const run = await endOf(runId);
  assert.equal(run.completed_prompts, 3, JSON.stringify(run));
  const [refused, ...taken] = seen;
  assert.equal(refused[0].role, 'system');
  assert.deepEqual(taken, prompts.map((prompt) => [{ role: 'user', content: `Be brief.\n\n${prompt}` }]));
});

test('one 401 does not end a run', async (t) => {
  const prompts = uniquePrompts(6);
  const endpoint = await chatEndpoint(t, ({ prompt }) => (prompt === prompts[1] ? { status: 401 } : undefined));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, prompts, { concurrency: 1 });
  const run = await endOf(runId);
  assert.deepEqual([run.status, run.completed_prompts, run.failed_prompts], ['completed', 5, 1]);
});

test('what failed once and then went well is a success of two attempts, and its latency is the last one’s', async (t) => {
  const seen = new Map();
  const endpoint = await chatEndpoint(t, ({ prompt }) => {
    seen.set(prompt, (seen.get(prompt) ?? 0) + 1);
    return seen.get(prompt) === 1 ? { status: 500, delayMs: 400 } : { delayMs: 50 };
  });
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(3));
  await endOf(runId);
  const { results } = await resultsOf(runId);
  for (const result of results) {
    assert.deepEqual([result.success, result.attempts], [true, 2], JSON.stringify(result));
    assert.ok(result.latency_ms >= 45 && result.latency_ms < 350, JSON.stringify(result));
  }
  assert.equal(endpoint.asked().length, 6);
});

test('an error type filters results and is counted', async (t) => {
  const { session, run } = await runOf(t, ['fault-http-401', 'fault-http-401', 'fault-http-404-model', 'shape-openai'].map((fault, index) => (index === 1 ? 'fault-http-403' : fault)), {});
  assert.equal(run.status, 'completed');
  const metrics = await ok(get(`analytics/metrics?session_id=${session}`));
  assert.deepEqual(metrics.errors_by_type, { auth: 2, model_not_found: 1 });
  const { results, total } = await ok(get(`analytics/results?session_id=${session}&error_type=auth`));
  assert.equal(total, 2);
  assert.ok(results.every(({ error_type }) => error_type === 'auth'));
});

test('answers without text are successes with an outcome of their own, told wherever results are told', async (t) => {
  const { session, run } = await runOf(t, ['shape-openai', 'shape-vllm', 'fault-empty-answer', 'fault-reasoning-only', 'fault-think-only', 'fault-reasoning-only-length'], {});
  assert.deepEqual([run.status, run.completed_prompts, run.failed_prompts], ['completed', 6, 0]);
  assert.deepEqual(run.results.map(({ outcome }) => outcome), ['ok', 'ok', 'empty', 'reasoning_only', 'reasoning_only', 'length_empty']);
  const scope = `session_id=${session}&test_run_id=${run.id}`;
  const metrics = await ok(get(`analytics/metrics?${scope}`));
  assert.deepEqual([metrics.success_rate, metrics.answers_without_text], [100, 4]);
  const { groups } = await ok(get(`analytics/by-group?${scope}&group_by=outcome`));
  assert.deepEqual(Object.fromEntries(groups.map(({ group, n }) => [group, n])), { ok: 2, empty: 1, reasoning_only: 2, length_empty: 1 });
  for (const [outcomes, wanted] of [['reasoning_only', 2], ['empty,reasoning_only,length_empty', 4], ['empty,nonsense', 1]]) {
    const { total } = await ok(get(`analytics/results?${scope}&outcome=${outcomes}`));
    assert.equal(total, wanted, outcomes);
  }
  const opening = await (await fetch(urlOf('atlas'), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ session_id: session, narrator: 'builtin' }) })).text();
  assert.match(opening, /without any text/);
  for (const [format, said] of [['csv', /# Note: 4 answers have no text/], ['html', /4 answers have no text/], ['json', /"outcome":"reasoning_only"/], ['jsonl', /"outcome":"empty"/]]) {
    const file = await (await fetch(urlOf(`export?${scope}&format=${format}`))).text();
    assert.match(file, said, format);
  }
});
