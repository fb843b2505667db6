// Conversations, templates and agents of the workspace. Needs an installation with FTL_WORKSPACE=local.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { call, get, ok, post } from './client.mjs';
import { hasFields, isConventional, isProblem, kTimestamp, kUuid } from './judge.mjs';
import { openSession } from './sessions.mjs';

const patch = (path, body) => call('PATCH', path, { body });
const remove = (path, headers) => call('DELETE', path, { headers });
const unlike = (name) => `${name} ${randomUUID()}`;

async function make(t, path, body, headers) {
  const made = await ok(post(path, body, headers), 201);
  t.after(() => remove(`${path}/${made.id}`));
  return made;
}

const kConversation = ['id', 'title', 'pinned', 'project', 'created_at', 'updated_at', 'message_count'];
const kSometimes = ['model', 'system_prompt', 'parameters', 'active_message_id'];

test('a conversation is made, changed, listed and deleted', async (t) => {
  const project = unlike('p');
  const answer = await post('/api/conversations', {
    title: 'Capitals', project, model: { service: 'openai', id: 'm' }, system_prompt: 'Be short.', parameters: { temperature: 0.25 },
  });
  const made = await ok(answer, 201);
  isConventional(answer);
  hasFields(made, kConversation, kSometimes);
  assert.match(made.id, kUuid);
  assert.match(made.created_at, kTimestamp);
  assert.deepEqual(made.model, { service: 'openai', id: 'm' });
  assert.deepEqual(made.parameters, { temperature: 0.25 });
  const path = `/api/conversations/${made.id}`;
  t.after(() => remove(path));
  const changed = await ok(patch(path, { title: 'Towns', pinned: true, system_prompt: '' }));
  assert.equal(changed.title, 'Towns');
  assert.equal(changed.pinned, true);
  assert.equal(changed.system_prompt, undefined);
  assert.deepEqual(changed.model, made.model, 'what is not given stays');
  const found = await get(path);
  isConventional(found);
  const read = await ok(found);
  hasFields(read, [...kConversation, 'messages', 'total'], [...kSometimes, 'next_page_token']);
  assert.deepEqual([read.title, read.messages, read.total], ['Towns', [], 0]);
  const listed = await ok(get(`/api/conversations?project=${encodeURIComponent(project)}`));
  assert.deepEqual(listed.conversations.map(({ id }) => id), [made.id]);
  assert.deepEqual(await ok(remove(path)), { deleted: true });
  assert.deepEqual(await ok(remove(path)), { deleted: false });
  isProblem(await get(path), 404, 'not_found');
  isProblem(await patch(path, { title: 'x' }), 404, 'not_found');
  isProblem(await get('/api/conversations/none'), 404, 'not_found');
});

test('the newest conversation comes first, page by page, and a search finds titles', async (t) => {
  const project = unlike('p');
  for (const title of ['one green bottle', 'two GREEN bottles', 'three red bottles']) await make(t, '/api/conversations', { title, project });
  const at = (more) => `/api/conversations?project=${encodeURIComponent(project)}${more}`;
  const first = await ok(get(at('&page_size=2')));
  assert.deepEqual(first.conversations.map(({ title }) => title), ['three red bottles', 'two GREEN bottles']);
  assert.equal(first.total, 3);
  const rest = await ok(get(at(`&page_size=2&page_token=${first.next_page_token}`)));
  assert.deepEqual(rest.conversations.map(({ title }) => title), ['one green bottle']);
  assert.equal(rest.next_page_token, undefined);
  const found = await ok(get(at('&query=bottle%20green')));
  assert.deepEqual(found.conversations.map(({ title }) => title), ['two GREEN bottles', 'one green bottle']);
  assert.equal((await ok(get(at('&query=100%25')))).total, 0);
  isProblem(await get(at('&page_size=-1')), 422, 'invalid_field');
  isProblem(await get(at('&page_token=x')), 422, 'invalid_field');
});

test('a repeat with the same key meets what it made', async (t) => {
  for (const [path, body, other] of [
    ['/api/conversations', { title: 'a' }, { title: 'b' }],
    ['/api/templates', { name: unlike('t'), content: 'a' }, { name: unlike('t'), content: 'b' }],
    ['/api/agents', { name: unlike('a') }, { name: unlike('a') }],
  ]) {
    const key = { 'idempotency-key': randomUUID() };
    const made = await make(t, path, body, key);
    assert.equal((await ok(post(path, body, key), 201)).id, made.id);
    isProblem(await post(path, other, key), 409, 'idempotency_key_reused');
  }
});

test('every wrong field is told at once', async () => {
  const long = 'x'.repeat(1001);
  isProblem(await post('/api/conversations', {
    title: long, project: '', model: { service: '', id: '' }, parameters: { temperature: 3, max_tokens: 0, top_p: -1 },
  }), 422, 'invalid_field', ['title', 'project', 'model.service', 'model.id', 'parameters.temperature', 'parameters.max_tokens', 'parameters.top_p']);
  isProblem(await post('/api/templates', { description: long, defaults: { a: 'b' } }), 422, 'invalid_field', ['name', 'description', 'content', 'defaults.a']);
  isProblem(await post('/api/agents', { parameters: { temperature: -1 } }), 422, 'invalid_field', ['name', 'parameters.temperature']);
  isProblem(await post('/api/conversations', { titel: 'x' }), 400, 'unknown_field');
  isProblem(await post('/api/conversations', { owner: 'a'.repeat(64) }), 400, 'unknown_field');
});

test('a template has the variables of its text, and keeps its versions', async (t) => {
  const answer = await post('/api/templates', { name: unlike('t'), content: 'Dear {{ name }}, {{greeting}} {{name}}!', defaults: { greeting: 'hello' } });
  const made = await ok(answer, 201);
  isConventional(answer);
  const path = `/api/templates/${made.id}`;
  t.after(() => remove(path));
  hasFields(made, ['id', 'name', 'content', 'variables', 'version', 'project', 'created_at', 'updated_at'], ['description']);
  assert.deepEqual(made.variables, [{ name: 'name' }, { name: 'greeting', default: 'hello' }]);
  assert.equal(made.version, 1);
  const changed = await ok(patch(path, { content: '{{other}}' }));
  assert.deepEqual([changed.version, changed.variables], [2, [{ name: 'other' }]]);
  assert.equal((await ok(patch(path, { description: 'for letters' }))).version, 2);
  const first = await ok(get(`${path}?version=1`));
  assert.equal(first.content, made.content);
  assert.equal(first.latest_version, 2);
  isProblem(await get(`${path}?version=3`), 404, 'not_found');
  isProblem(await post('/api/templates', { name: made.name, content: 'x' }), 409, 'conflict');
  const { templates } = await ok(get('/api/templates?page_size=1000'));
  assert.equal(templates.find(({ id }) => id === made.id).version, 2);
});

test('an agent is changed while it is there', async (t) => {
  const made = await make(t, '/api/agents', { name: unlike('a'), system_prompt: 'Find faults.', parameters: { temperature: 0 } });
  hasFields(made, ['id', 'name', 'project', 'created_at', 'updated_at'], ['description', 'model', 'system_prompt', 'parameters']);
  const changed = await ok(patch(`/api/agents/${made.id}`, { model: { service: 'openai', name: 'ours', id: 'm' } }));
  assert.deepEqual(changed.model, { service: 'openai', name: 'ours', id: 'm' });
  assert.equal(changed.system_prompt, 'Find faults.');
  assert.equal((await ok(get(`/api/agents/${made.id}`))).model.name, 'ours');
});

test('the state of an agent is kept to the byte, for whoever knows the newest', async (t) => {
  const { id } = await make(t, '/api/agents', { name: unlike('a') });
  const path = `/api/agents/${id}/state`;
  isProblem(await get(path), 404, 'not_found');
  const put = (body, headers) => call('PUT', path, { body, headers: { 'content-type': 'application/json', ...headers } });
  const text = '{"step": 1, "open": [1.0, null, "ü"]}';
  const first = await put(text);
  assert.equal((await ok(first)).version, 1);
  assert.equal(first.headers.get('etag'), '"1"');
  const read = await get(path);
  assert.equal(read.text, text);
  assert.equal(read.headers.get('etag'), '"1"');
  assert.equal((await ok(put('[]', { 'if-match': '"1"' }))).version, 2);
  isProblem(await put('[1]', { 'if-match': '"1"' }), 409, 'conflict');
  isProblem(await remove(path, { 'if-match': '"1"' }), 409, 'conflict');
  isProblem(await put('[1]', { 'if-match': 'two' }), 400, 'bad_request');
  isProblem(await put('{"a":'), 400, 'malformed_json');
  assert.equal(await (await get(path)).text, '[]');
  const most = JSON.stringify('x'.repeat(1024 * 1024 - 2));
  assert.equal((await ok(put(most, { 'if-match': '*' }))).version, 3);
  assert.equal((await get(path)).text.length, most.length);
  isProblem(await put(`${most} `), 413, 'body_too_large');
  assert.deepEqual(await ok(remove(path)), { deleted: true });
  assert.deepEqual(await ok(remove(path)), { deleted: false });
});

test('conversations of other programs are imported once, and a bad file keeps no other out', async (t) => {
  const project = unlike('p');
  const tree = { a: { parentId: null, role: 'user', content: 'q' }, b: { parentId: 'a', role: 'assistant', content: 'one' }, c: { parentId: 'a', role: 'assistant', content: 'two' } };
  const files = [
    { name: 'list.json', content: JSON.stringify([{ role: 'user', content: 'Hello there' }, { role: 'assistant', content: 'Hi' }]) },
    { name: 'webui.json', content: JSON.stringify([{ id: 'o1', title: 'Branches', chat: { history: { currentId: 'b', messages: tree } } }]) },
    { name: 'broken.json', content: '{"messages":' },
  ];
  const body = { files, project };
  const tried = await ok(post('/api/conversations/import', { ...body, dry_run: true }));
  assert.deepEqual([tried.imported, tried.already_there, tried.failed], [2, 0, 1]);
  const at = `/api/conversations?project=${encodeURIComponent(project)}`;
  assert.equal((await ok(get(at))).total, 0);
  const answer = await post('/api/conversations/import', body);
  const done = await ok(answer);
  isConventional(answer);
  for (const { id } of done.conversations) t.after(() => remove(`/api/conversations/${id}`));
  assert.deepEqual(done.conversations.map(({ file, title, message_count }) => [file, title, message_count]), [['list.json', 'Hello there', 2], ['webui.json', 'Branches', 3]]);
  assert.deepEqual(done.faults.map(({ file }) => file), ['broken.json']);
  const again = await ok(post('/api/conversations/import', body));
  assert.deepEqual([again.imported, again.already_there, again.failed], [0, 2, 1]);
  assert.equal((await ok(get(at))).total, 2);
  const { messages, active_message_id } = await ok(get(`/api/conversations/${done.conversations[1].id}`));
  assert.equal(messages[2].parent_id, messages[0].id);
  assert.equal(active_message_id, messages[1].id);
  isProblem(await post('/api/conversations/import', { files: [] }), 422, 'invalid_field', ['files']);
  const markdown = await get(`/api/conversations/${done.conversations[1].id}/export?format=md`);
  assert.match(markdown.headers.get('content-disposition'), /filename="branches\.md"/);
  assert.match(markdown.text, /^# Branches\n[^]*## User\n\nq\n\n## Assistant\n\none\n$/);
  const whole = await ok(get(`/api/conversations/${done.conversations[1].id}/export?format=json`));
  assert.deepEqual(whole.messages.map(({ content }) => content), ['q', 'one', 'two']);
  assert.equal(whole.id, done.conversations[1].id);
  isProblem(await get(`/api/conversations/${done.conversations[1].id}/export`), 422, 'invalid_field', ['format']);
  isProblem(await get('/api/conversations/none/export?format=md'), 404, 'not_found');
});

test('no session of the demo tier reaches any of it', async (t) => {
  const { session_id } = await openSession(t);
  const { id } = await make(t, '/api/conversations', { title: 'mine' });
  const by = { headers: { authorization: `Bearer ${session_id}` } };
  for (const path of [`/api/conversations`, `/api/conversations/${id}`, '/api/templates', '/api/agents']) {
    isProblem(await get(path, by), 401, 'unauthenticated');
    isProblem(await get(`${path}?session_id=${session_id}`), 400, 'unknown_field');
  }
});
