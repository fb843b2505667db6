// A person's own prompts, in every form, and how each kind of check comes out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, get, ok, post } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { hasFields, isConventional, isProblem, kUuid } from './judge.mjs';
import { cleanUp, endOf, openSession, resultsOf, testedSession } from './sessions.mjs';

const create = (session_id, fields) => post('test-suites', { session_id, name: 'Mine', ...fields });

test('prompts as texts and as objects are stored as they came', async (t) => {
  const { session_id } = await openSession(t);
  const prompts = ['Only text.', { prompt: 'With all.', expected_answer: 'Yes', category: 'greeting', checks: [{ kind: 'contains', value: 'yes', ignore_case: true }] }, { prompt: 'Ünïcödé 漢字 🙂 "quoted"\nsecond line' }];
  const answer = await create(session_id, { prompts });
  const suite = await ok(answer, 201);
  isConventional(answer);
  hasFields(suite, ['id', 'name', 'task_domain', 'prompt_count'], ['prompts']);
  assert.match(suite.id, kUuid);
  assert.equal(suite.name, 'Mine');
  assert.equal(suite.task_domain, 'custom');
  assert.equal(suite.prompt_count, 3);
  const read = await ok(get(`test-suites/${suite.id}?session_id=${session_id}`));
  assert.deepEqual(read.prompts.map(({ prompt }) => prompt), ['Only text.', 'With all.', prompts[2].prompt]);
  const { prompt: _, ...rest } = read.prompts[1];
  assert.equal(rest.expected_answer, 'Yes');
  assert.equal(rest.category, 'greeting');
  assert.equal(rest.checks[0].kind, 'contains');
  assert.equal(rest.checks[0].value, 'yes');
  assert.equal(rest.checks[0].ignore_case, true);
});

test('an expected answer may be a number, true or false', async (t) => {
  const { session_id } = await openSession(t);
  const answers = [42, 0.5, -7, true, false, 9007199254740993n];
  const text = `[${answers.map((answer) => `{"prompt":"What?","expected_answer":${answer}}`)}]`;
  const stored = [
    await ok(call('POST', 'test-suites', { body: `{"session_id":"${session_id}","name":"Mine","prompts":${text}}` }), 201),
    await ok(create(session_id, { content: text, content_format: 'json' }), 201),
    await ok(create(session_id, { content: text.slice(1, -1).replaceAll('},{', '}\n{'), content_format: 'jsonl' }), 201),
  ];
  for (const { id } of stored) {
    const { prompts } = await ok(get(`test-suites/${id}?session_id=${session_id}`));
    assert.deepEqual(prompts.map(({ expected_answer }) => expected_answer), answers.map(String));
  }
  isProblem(await create(session_id, { prompts: [{ prompt: 'What?', expected_answer: {} }] }), 400, 'invalid_field', ['prompts[0].expected_answer']);
});

const contents = {
  text: ['First line.\r\nSecond line.\n\n  \nThird line.', ['First line.', 'Second line.', 'Third line.']],
  csv: ['category,prompt,expected_answer\r\na,"One, with comma",x\r\nb,"Two ""quoted""\nlines",\r\n', ['One, with comma', 'Two "quoted"\nlines']],
  jsonl: ['{"prompt":"One.","category":"a"}\n"Two."\n\n{"prompt":"Three.","checks":{"kind":"contains","value":"3"}}', ['One.', 'Two.', 'Three.']],
  json: ['[{"prompt":"One."},"Two."]', ['One.', 'Two.']],
};

test('content is read as text, CSV, JSON lines and JSON', async (t) => {
  const { session_id } = await openSession(t);
  for (const [content_format, [content, wanted]] of Object.entries(contents)) {
    const { id } = await ok(create(session_id, { content, content_format }), 201);
    const { prompts } = await ok(get(`test-suites/${id}?session_id=${session_id}`));
    assert.deepEqual(prompts.map(({ prompt }) => prompt), wanted, content_format);
    if (content_format === 'csv') assert.deepEqual(prompts.map(({ category }) => category), ['a', 'b']);
    if (content_format === 'jsonl') assert.equal(prompts[2].checks[0].kind, 'contains');
  }
});

test('content that cannot be read is 422 and says where', async (t) => {
  const { session_id } = await openSession(t);
  for (const [content_format, content] of [['csv', 'weight\n3'], ['jsonl', '{"prompt":"One."}\nnonsense'], ['json', '{"prompts":'], ['json', '[1]'], ['csv', 'prompt\n"open'], ['text', '\n \n'], ['json', '[{"prompt":""}]']]) {
    const answer = await create(session_id, { content, content_format });
    const { errors } = isProblem(answer, 422, 'invalid_field');
    assert.ok(errors.some(({ field }) => /^(content|prompts)/.test(field)), answer.text);
  }
});

test('a conversation is stored and sent as it is, its system message in place of the run\'s', async (t) => {
  const { url, asked } = await chatEndpoint(t);
  const session_id = await testedSession(t, { endpoint_url: url });
  const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'One?' }, { role: 'assistant', content: 'Two.' }, { role: 'user', content: 'Three?' }];
  const { id } = await ok(create(session_id, { prompts: [{ messages }] }), 201);
  const { prompts } = await ok(get(`test-suites/${id}?session_id=${session_id}`));
  assert.deepEqual(prompts, [{ prompt: 'Three?', messages }]);
  const { test_run_id } = await ok(post('batch-test', { session_id, test_suite_id: id, system_prompt: 'Be long.' }), 202);
  await endOf(test_run_id);
  assert.deepEqual(asked().map(({ body }) => body.messages), [messages]);
  const wrong = await create(session_id, { prompts: [{ messages: [{ role: 'tool', content: 'x' }] }] });
  isProblem(wrong, 422, 'invalid_field', ['prompts[0].prompt', 'prompts[0].messages[0].role', 'prompts[0].messages']);
});

const preview = (content, fields = {}) => post('test-suites/preview', { content, ...fields });
const upload = (bytes, query = '') => call('POST', `test-suites/preview${query}`, { body: bytes, headers: { 'content-type': 'application/octet-stream' } });

test('a preview says what was read, left out and wrong, without a session', async () => {
  const answer = await preview('id;prompt;expected_answer\n1;Hi, you;Hello\n2;;x\n');
  const read = await ok(answer);
  isConventional(answer);
  assert.deepEqual(read.prompts, [{ prompt: 'Hi, you', expected_answer: 'Hello' }]);
  assert.deepEqual([read.prompt_count, read.format, read.encoding, read.delimiter], [1, 'csv', 'utf-8', ';']);
  assert.deepEqual(read.left_out, ['id']);
  assert.deepEqual([read.faults, read.more_faults], [[{ line: 3, message: 'prompt is missing' }], 0]);
  const batch = await ok(preview('{"custom_id":"1","body":{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]}}'));
  assert.equal(batch.shape, 'openai_batch');
  assert.deepEqual(batch.prompts[0].messages.map(({ role }) => role), ['system', 'user']);
  const many = await ok(preview('x\n'.repeat(30)));
  assert.deepEqual([many.prompts.length, many.prompt_count], [20, 30]);
});

test('a preview takes the bytes of a file, in whatever encoding', async () => {
  const wide = await ok(upload(Buffer.from('\ufeffprompt\tnotes\nGröße?\tx\n', 'utf16le'), '?content_format=auto'));
  assert.deepEqual([wide.prompts[0].prompt, wide.encoding, wide.delimiter], ['Größe?', 'utf-16le', '\t']);
  const narrow = await ok(upload(Buffer.from('Größe?', 'latin1')));
  assert.deepEqual([narrow.prompts[0].prompt, narrow.encoding], ['Größe?', 'windows-1252']);
  isProblem(await call('POST', 'test-suites', { body: Buffer.from('x'), headers: { 'content-type': 'application/octet-stream' } }), 415);
  isProblem(await preview('x', { content_format: 'docx' }), 422, 'invalid_field', ['content_format']);
  isProblem(await post('test-suites/preview', {}), 422, 'invalid_field', ['content']);
});

test('what is read in a preview is what is stored', async (t) => {
  const { session_id } = await openSession(t);
  const content = 'Question,Expected Answer,Notes\nHi?,Hello,x\n';
  const { format } = await ok(preview(content));
  const stored = await ok(create(session_id, { content, content_format: format }), 201);
  assert.deepEqual(stored.left_out, ['Notes']);
  assert.equal((await ok(create(session_id, { content, content_format: 'auto' }), 201)).prompt_count, 1);
});

test('a header of five million columns and two million numbers are refused at once', async () => {
  for (const content of [`prompt${','.repeat(5_000_000)}\nx`, `[1${',1'.repeat(2_000_000)}]`]) {
    const began = performance.now();
    const answer = await preview(content);
    assert.ok(answer.status === 200 ? answer.json.faults.length === 1 : answer.status >= 400, answer.text.slice(0, 300));
    assert.ok(performance.now() - began < 5000);
  }
});

test('what is missing, double or out of range is 422 with every field named', async (t) => {
  const { session_id } = await openSession(t);
  const fieldsOf = async (fields) => isProblem(await post('test-suites', { session_id, ...fields }), 422, 'invalid_field').errors.map(({ field }) => field);
  assert.ok((await fieldsOf({ prompts: ['Hi.'] })).includes('name'));
  assert.ok((await fieldsOf({ name: 'Mine', prompts: [] })).some((field) => /prompts|content/.test(field)));
  assert.ok((await fieldsOf({ name: 'n'.repeat(201), prompts: ['Hi.'] })).includes('name'));
  assert.ok((await fieldsOf({ name: 'Mine', prompts: ['Hi.'], content: 'Ho.', content_format: 'text' })).length > 0);
  assert.ok((await fieldsOf({ name: 'Mine', content: 'Ho.' })).includes('content_format'));
  assert.ok((await fieldsOf({ name: 'Mine', content: 'Ho.', content_format: 'docx' })).includes('content_format'));
  const words = { content_format: 'docx', prompts: [{ prompt: '', checks: [{ kind: 'guess' }] }] };
  assert.deepEqual((await fieldsOf(words)).sort(), ['content_format', 'name', 'prompts[0].checks[0].kind', 'prompts[0].prompt']);
  const many = await fieldsOf({ name: '', prompts: ['', { prompt: 'x'.repeat(64 * 1024 + 1) }] });
  assert.ok(many.includes('name') && many.length >= 3, many.join());
});

test('a check that cannot be run is 422, and the place is named', async (t) => {
  const { session_id } = await openSession(t);
  const bad = [{ kind: 'guess', value: 'x' }, { kind: 'regex', value: '(' }, { kind: 'contains' }, { kind: 'numeric', value: 'many' }, { kind: 'numeric', value: 1, tolerance: -1 }, { kind: 'length', min: 3, max: 1 }, { kind: 'json_schema', value: 'no schema' }, {}, { any: [] }];
  for (const check of bad) {
    const answer = await create(session_id, { prompts: ['Good.', { prompt: 'Bad.', checks: [check] }] });
    const { errors } = isProblem(answer, 422, 'invalid_field');
    assert.ok(errors.some(({ field }) => /prompts\W?1\W.*checks/.test(field)), `${JSON.stringify(check)}: ${answer.text}`);
  }
});

test('they belong to the session: nobody else lists, reads or runs them, and they go with it', async (t) => {
  const owner = await testedSession(t);
  const { id } = await ok(create(owner, { prompts: ['Mine alone.'] }), 201);
  const listed = async (query) => (await ok(get(`test-suites${query}`))).suites.some((suite) => suite.id === id);
  assert.equal(await listed(`?session_id=${owner}`), true);
  assert.equal(await listed(`?session_id=${owner}&task_domain=custom`), true);
  assert.equal(await listed(''), false);
  isProblem(await get(`test-suites/${id}`), 404, 'suite_not_found');
  await cleanUp(owner);
  isProblem(await get(`test-suites/${id}?session_id=${owner}`), 410, 'session_expired');
  const other = await testedSession(t);
  assert.equal(await listed(`?session_id=${other}`), false);
  isProblem(await get(`test-suites/${id}?session_id=${other}`), 404, 'suite_not_found');
  isProblem(await post('batch-test', { session_id: other, test_suite_id: id }), 404, 'suite_not_found');
});

test('the same Idempotency-Key and body give the same suite, another body is 409', async (t) => {
  const { session_id } = await openSession(t);
  const headers = { 'idempotency-key': 'own-suite-1' };
  const body = { session_id, name: 'Mine', prompts: ['Hi.'] };
  const first = await ok(call('POST', 'test-suites', { body, headers }), 201);
  const second = await ok(call('POST', 'test-suites', { body, headers }), 201);
  assert.equal(second.id, first.id);
  isProblem(await call('POST', 'test-suites', { body: { ...body, name: 'Other' }, headers }), 409, 'idempotency_key_reused');
});

// The echo model answers with the prompt, so that what a check sees is known.
const checks = [
  ['Hello World', { kind: 'contains', value: 'World' }, true],
  ['Hello World', { kind: 'contains', value: 'world' }, false],
  ['Hello World', { kind: 'contains', value: 'world', ignore_case: true }, true],
  ['Hello World', { kind: 'not_contains', value: 'bye' }, true],
  ['Hello World', { kind: 'not_contains', value: 'Hello' }, false],
  ['  Hello World\n', { kind: 'equals', value: 'Hello World' }, true],
  ['Hello World!', { kind: 'equals', value: 'Hello World' }, false],
  ['Order 1187 is late', { kind: 'regex', value: '\\b\\d{4}\\b' }, true],
  ['Order is late', { kind: 'regex', value: '\\d' }, false],
  [' Hello World', { kind: 'starts_with', value: 'Hello' }, true],
  ['World, Hello', { kind: 'starts_with', value: 'Hello' }, false],
  ['{"a":[1,2]}', { kind: 'is_json' }, true],
  ['```json\n{"a":1}\n```', { kind: 'is_json' }, false],
  ['{"a":', { kind: 'is_json' }, false],
  ['{"a":1}', { kind: 'json_schema', value: { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } } }, true],
  ['{"a":"x"}', { kind: 'json_schema', value: { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } } }, false],
  ['It is 42.', { kind: 'numeric', value: 42 }, true],
  ['It is 41.995 or so', { kind: 'numeric', value: 42, tolerance: 0.01 }, true],
  ['It is 41.9', { kind: 'numeric', value: 42, tolerance: 0.01 }, false],
  ['No number', { kind: 'numeric', value: 42 }, false],
  ['漢字🙂', { kind: 'length', min: 3, max: 3 }, true],
  ['one two three', { kind: 'length', max: 2, unit: 'words' }, false],
  ['Quick', { kind: 'latency', max_ms: 59_000 }, true],
  ['the quick brown fox', { kind: 'similarity', value: 'the quick brown fox', min: 0.99 }, true],
  ['something else entirely', { kind: 'similarity', value: 'the quick brown fox', min: 0.5 }, false],
  ['Hello World', { any: [{ kind: 'contains', value: 'bye' }, { kind: 'contains', value: 'World' }] }, true],
  ['Hello World', { all: [{ kind: 'contains', value: 'bye' }, { kind: 'contains', value: 'World' }] }, false],
  ['Hello World', { all: [{ any: [{ kind: 'contains', value: 'bye' }, { kind: 'is_json' }] }, { kind: 'contains', value: 'World' }] }, false],
];

test('each kind of check passes and fails as it should, and says why', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  const prompts = [...checks.map(([prompt, check]) => ({ prompt, checks: [check] })), { prompt: 'It is PARIS.', expected_answer: 'paris' }, { prompt: 'It is Rome.', expected_answer: 'paris' }, { prompt: 'Two at once', checks: [{ kind: 'contains', value: 'Two' }, { kind: 'contains', value: 'three' }] }];
  const suite = await ok(create(session, { prompts }), 201);
  const { test_run_id } = await ok(post('batch-test', { session_id: session, test_suite_id: suite.id, prompt_limit: prompts.length, concurrency: 16 }), 202);
  await endOf(test_run_id);
  const { results } = await resultsOf(test_run_id);
  for (const [index, [prompt, check, passes]] of checks.entries()) {
    const result = results[index];
    const said = `${JSON.stringify(check)} of ${JSON.stringify(prompt)}: ${JSON.stringify(result)}`;
    assert.equal(result.success, true, said);
    assert.equal(result.response, prompt, said);
    assert.equal(result.checks.length, 1, said);
    assert.equal(result.checks[0].kind, check.kind ?? Object.keys(check)[0], said);
    assert.equal(result.checks[0].passed, passes, said);
    assert.ok(result.checks[0].detail, said);
  }
  const [paris, rome, two] = results.slice(checks.length);
  assert.deepEqual(paris.checks.map(({ kind, passed }) => [kind, passed]), [['contains', true]]);
  assert.deepEqual(rome.checks.map(({ kind, passed }) => [kind, passed]), [['contains', false]]);
  assert.deepEqual(two.checks.map(({ passed }) => passed), [true, false]);
  const metrics = await ok(get(`analytics/metrics?session_id=${session}`));
  const all = results.flatMap((one) => one.checks ?? []);
  assert.equal(metrics.checks_passed, all.filter(({ passed }) => passed).length);
  assert.equal(metrics.checks_failed, all.filter(({ passed }) => !passed).length);
});
