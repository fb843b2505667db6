// Talking to models in the workspace. Needs an installation with FTL_WORKSPACE=local.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { call, EventStream, get, ok, post, until } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { isProblem, kUuid } from './judge.mjs';
import { kDialects, ownProject, storeKey, storeKeyAt } from './workspace-keys.mjs';

// A key for each way of speaking, for all tests of this file.
const keys = {};
const storedKeys = [];
before(async () => {
  for (const dialect of kDialects) keys[dialect.service_name] = await storeKey({ after: (remove) => storedKeys.push(remove) }, dialect);
});
after(async () => {
  for (const remove of storedKeys) await remove();
});
const modelOf = (service, id) => ({ ...keys[service], id });
const ours = (id) => modelOf('openai_compatible', id);
const fast = () => ours('sample-fast');
const slow = () => ours('sample-slow');

// What a stream told: its events as objects, and what they come to.
class Told {
  constructor(stream) {
    this.events = stream.filter(({ data }) => data !== '[DONE]').map(({ data, id }) => ({ ...JSON.parse(data), ...(id && { event_id: id }) }));
    this.isDone = stream.at(-1)?.data === '[DONE]';
  }
  of(type) {
    return this.events.find((event) => event.type === type);
  }
  text(name) {
    return this.events.map((event) => event[name] ?? '').join('');
  }
  get content() {
    return this.text('content');
  }
}
const open = (body, headers) => EventStream.open('POST', '/api/chat', { body, headers });
async function chat(t, body, headers) {
  const stream = await open(body, headers);
  assert.equal(stream.response.status, 200, await (stream.response.status === 200 ? '' : stream.response.text()));
  const told = new Told(await stream.all());
  assert.ok(told.isDone, 'the stream ends with [DONE]');
  keep(t, told);
  return told;
}
function keep(t, told) {
  const id = told.of('start').conversation_id;
  t.after(() => call('DELETE', `/api/conversations/${id}`));
}
const conversationOf = (told) => ok(get(`/api/conversations/${told.of('start').conversation_id}?page_size=1000`));
async function messageOf(told) {
  const { messages } = await conversationOf(told);
  return messages.find(({ id }) => id === told.of('start').message_id);
}

for (const { service_name: service } of kDialects) {
  test(`${service}: an answer comes in pieces and is stored as it was told`, async (t) => {
    const told = await chat(t, { model: modelOf(service, 'sample-fast'), message: 'What is the capital of France?' });
    assert.equal(told.events[0].type, 'start');
    assert.ok(told.content.length > 0);
    const timing = told.of('timing');
    assert.ok(timing.ttft_ms > 0 && timing.latency_ms >= timing.ttft_ms && timing.tokens_per_second > 0);
    const usage = told.of('token_usage');
    assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0);
    assert.equal(usage.estimated, false);
    const done = told.events.at(-1);
    assert.deepEqual([done.type, done.finish_reason, done.message_id], ['done', 'stop', told.of('start').message_id]);
    const { title, messages, model } = await conversationOf(told);
    assert.equal(title, 'What is the capital of France?');
    assert.deepEqual(model, modelOf(service, 'sample-fast'));
    assert.deepEqual(messages.map(({ role, content, status }) => [role, content, status]),
      [['user', 'What is the capital of France?', 'complete'], ['assistant', told.content, 'complete']]);
    assert.equal(messages[1].parent_id, messages[0].id);
    assert.equal(messages[1].output_tokens, usage.output_tokens);
  });

  for (const [fault, isKept] of [['fault-http-500', false], ['fault-http-401', false], ['fault-cut-stream', true], ['fault-unfinished', true]]) {
    test(`${service}: ${fault} is told, and what had come is kept`, async (t) => {
      const told = await chat(t, { model: modelOf(service, fault), message: 'Say something.' });
      const error = told.events.at(-1);
      assert.equal(error.type, 'error');
      assert.match(error.code, /^endpoint_/);
      assert.ok(error.detail && error.error_type);
      const message = await messageOf(told);
      assert.deepEqual([message.status, message.content, message.error_type], ['incomplete', told.content, error.error_type]);
      if (isKept) assert.ok(message.content.length > 0);
      assert.equal(error.message_id, message.id);
    });
  }
}

test('an answer can be had as one object', async (t) => {
  const answer = await post('/api/chat', { model: fast(), message: 'What is the capital of France?', stream: false });
  const whole = await ok(answer);
  t.after(() => call('DELETE', `/api/conversations/${whole.conversation_id}`));
  assert.match(whole.message_id, kUuid);
  assert.ok(whole.content.length > 0 && whole.latency_ms > 0 && whole.output_tokens > 0);
  assert.equal(whole.finish_reason, 'stop');
  isProblem(await post('/api/chat', { model: ours('fault-http-500'), message: 'x', stream: false }), 502, 'endpoint_failed');
});

test('reasoning is told apart from the answer', async (t) => {
  const told = await chat(t, { model: ours('fault-think-tag'), message: 'Think.' });
  assert.ok(told.text('reasoning').length > 0);
  assert.doesNotMatch(told.content, /<think>/);
  const message = await messageOf(told);
  assert.deepEqual([message.reasoning, message.content], [told.text('reasoning'), told.content]);
});

test('a tool that the model asks for is shown and not run', async (t) => {
  const told = await chat(t, { model: ours('fault-tool-calls'), message: 'Use one.' });
  const asked = told.of('tool_call');
  assert.ok(asked.name && asked.arguments);
  assert.deepEqual((await messageOf(told)).tool_calls.map(({ name }) => name), told.events.filter(({ type }) => type === 'tool_call').map(({ name }) => name));
});

test('a conversation goes on, and an edit or another try branches', async (t) => {
  const first = await chat(t, { model: fast(), message: 'one' });
  const { conversation_id } = first.of('start');
  const second = await chat(t, { conversation_id, message: 'two' });
  let { messages, active_message_id } = await conversationOf(first);
  assert.deepEqual(messages.map(({ role }) => role), ['user', 'assistant', 'user', 'assistant']);
  assert.equal(messages[2].parent_id, messages[1].id);
  assert.equal(active_message_id, messages[3].id);
  const again = await chat(t, { conversation_id, regenerate_message_id: second.of('start').message_id });
  assert.equal(again.of('start').parent_id, messages[2].id);
  const edited = await chat(t, { conversation_id, edit_message_id: messages[0].id, message: 'one, but better' });
  ({ messages, active_message_id } = await conversationOf(first));
  assert.equal(messages.length, 7);
  const root = messages.find(({ content }) => content === 'one, but better');
  assert.equal(root.parent_id, undefined);
  assert.equal(edited.of('start').parent_id, root.id);
  assert.equal(active_message_id, edited.of('start').message_id);
  assert.equal(messages[0].content, 'one', 'nothing is overwritten');
  const followed = await chat(t, { conversation_id, parent_id: messages[1].id, message: 'on the first branch' });
  const { messages: all } = await conversationOf(first);
  assert.equal(all.find(({ content }) => content === 'on the first branch').parent_id, messages[1].id);
  assert.ok(followed.content);
  isProblem(await post('/api/chat', { conversation_id, regenerate_message_id: messages[0].id }), 422, 'invalid_field', ['regenerate_message_id']);
  isProblem(await post('/api/chat', { conversation_id, edit_message_id: randomUUID(), message: 'x' }), 404, 'not_found');
  isProblem(await post('/api/chat', { conversation_id: randomUUID(), message: 'x', model: fast() }), 404, 'not_found');
});

test('an answer that broke off can be gone on from', async (t) => {
  const broken = await chat(t, { model: ours('fault-cut-stream'), message: 'What is the capital of France?' });
  const { conversation_id, message_id } = broken.of('start');
  const whole = await chat(t, { conversation_id, continue_message_id: message_id, model: fast() });
  assert.ok(whole.content.startsWith(broken.content) && whole.content.length > broken.content.length);
  const message = await messageOf(whole);
  assert.deepEqual([message.continues, message.status, message.content], [message_id, 'complete', whole.content]);
  assert.equal((await messageOf(broken)).content, broken.content, 'the part stays');
});

test('the newest messages go to the model, and the answer says how many are left out', async (t) => {
  const messages = Array.from({ length: 61 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: `message ${i}` }));
  const told = await chat(t, { model: fast(), messages });
  assert.equal(told.of('start').left_out, 11);
  assert.equal((await messageOf(told)).left_out, 11);
});

test('a template and an agent say what the request does not', async (t) => {
  const text = await ok(post('/api/templates', { name: `t ${randomUUID()}`, content: 'Translate into {{language}}: {{message}}', defaults: { language: 'French' } }), 201);
  const agent = await ok(post('/api/agents', { name: `a ${randomUUID()}`, model: fast(), system_prompt: 'Be brief.' }), 201);
  t.after(() => call('DELETE', `/api/templates/${text.id}`));
  t.after(() => call('DELETE', `/api/agents/${agent.id}`));
  const told = await chat(t, { agent: agent.name, template: text.id, message: 'good day', variables: { language: 'German' } });
  const { messages, model } = await conversationOf(told);
  assert.equal(messages[0].content, 'Translate into German: good day');
  assert.deepEqual(model, fast());
  isProblem(await post('/api/chat', { agent: agent.id, template: text.name }), 422, 'invalid_field', ['variables.message']);
  isProblem(await post('/api/chat', { agent: 'nobody', message: 'x' }), 404, 'not_found');
  isProblem(await post('/api/chat', { model: fast(), template: 'nothing' }), 404, 'not_found');
});

test('every wrong field is told at once, and nothing is stored for a key that is not there', async () => {
  isProblem(await post('/api/chat', { temperature: 3, max_tokens: 4097, top_p: 2, variables: { a: 'b' } }), 422, 'invalid_field',
    ['temperature', 'max_tokens', 'top_p', 'variables', 'message']);
  isProblem(await post('/api/chat', { message: 'x' }), 422, 'invalid_field', ['model']);
  isProblem(await post('/api/chat', { mesage: 'x' }), 400, 'unknown_field');
  const project = `p ${randomUUID()}`;
  isProblem(await post('/api/chat', { model: { service: 'openai_compatible', name: 'none of ours', id: 'm' }, message: 'x', project }), 404, 'not_found');
  assert.equal((await ok(get(`/api/conversations?project=${encodeURIComponent(project)}`))).total, 0);
});

// Reads the stream until so much of the answer has come, and leaves.
async function readAndLeave(stream, bytes) {
  const events = await stream.all((_, all) => new Told(all).content.length >= bytes);
  return new Told(events);
}

test('an answer is finished and stored when nobody listens any more', async (t) => {
  const left = await readAndLeave(await open({ model: slow(), message: 'What is the capital of France?' }), 1);
  keep(t, left);
  const message = await until('the answer is there', async () => {
    const found = await messageOf(left);
    return found.status === 'complete' && found;
  });
  assert.ok(message.content.startsWith(left.content) && message.content.length > left.content.length);
});

test('whoever comes back is told the rest, by either way, during the answer and after it', async (t) => {
  const left = await readAndLeave(await open({ model: slow(), message: 'What is the capital of France?' }), 1);
  keep(t, left);
  const last = left.events.findLast(({ event_id }) => event_id).event_id;
  const { message_id } = left.of('start');
  const ways = () => [
    EventStream.open('GET', `/api/chat/${message_id}`, { headers: { 'last-event-id': last } }),
    EventStream.open('GET', `/api/chat/${message_id}?last_event_id=${last}`),
    open({ model: slow(), message: 'What is the capital of France?' }, { 'last-event-id': last }),
  ];
  const rests = async () => Promise.all(ways().map(async (stream) => new Told(await (await stream).all())));
  const during = await rests();
  const { content } = await messageOf(left);
  for (const rest of [...during, ...(await rests())]) {
    assert.equal(left.content + rest.content, content);
    assert.equal(rest.of('done').message_id, message_id);
  }
  const whole = new Told(await (await EventStream.open('GET', `/api/chat/${message_id}`)).all());
  assert.equal(whole.content, content);
  const { messages } = await conversationOf(left);
  assert.equal(messages.length, 2, 'coming back asks nothing');
  isProblem(await get(`/api/chat/${randomUUID()}`), 404, 'not_found');
  isProblem(await get(`/api/chat/${message_id}?last_event_id=17`), 400, 'bad_request');
});

test('a call that waits because its endpoint asks for it is over once it is stopped', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ status: 429, headers: { 'retry-after': '5' } }));
  const project = ownProject();
  const stream = await open({ project, model: { ...(await storeKeyAt(t, endpoint.url)), id: 'busy' }, message: 'Hello' });
  const told = stream.all();
  await until('the call', async () => endpoint.calls.length > 0);
  const [row] = (await ok(get(`/api/history?project=${project}`))).requests;
  const conversation = await until('its place', async () => (await ok(get(`/api/conversations?project=${project}`))).conversations[0]);
  t.after(() => call('DELETE', `/api/conversations/${conversation.id}`));
  await ok(post(`/api/chat/${conversation.active_message_id}/stop`, {}));
  await told;
  const began = Date.now();
  await until('its row ends', async () => (await ok(get(`/api/history/${row.id}?project=${project}`))).status === 'cancelled');
  assert.ok(Date.now() - began < 2500);
});

test('what a call learned of a model stays known when one that began before it ends', async (t) => {
  const endpoint = await chatEndpoint(t, ({ body, prompt }) => {
    if (body.max_tokens > 100) return { status: 400, json: { error: { message: `max_tokens is too large: ${body.max_tokens}. This model supports at most 100 completion tokens.` } } };
    return prompt === 'slow' ? { delayMs: 1500 } : undefined;
  });
  const model = { ...(await storeKeyAt(t, endpoint.url)), id: 'small' };
  const early = chat(t, { model, message: 'slow', max_tokens: 50 });
  await until('the slow call', async () => endpoint.calls.length === 1);
  await chat(t, { model, message: 'learns', max_tokens: 200 });
  await early;
  await chat(t, { model, message: 'knows', max_tokens: 200 });
  const asked = (prompt) => endpoint.calls.filter((made) => made.prompt === prompt).map(({ body }) => body.max_tokens);
  assert.deepEqual([asked('slow'), asked('learns'), asked('knows')], [[50], [200, 100], [100]]);
});

test('an answer is stopped, and what had come is kept', async (t) => {
  const stream = await open({ model: slow(), message: 'What is the capital of France?' });
  let stopped;
  const told = new Told(await stream.all((_, all) => {
    const so_far = new Told(all);
    if (!stopped && so_far.content) stopped = post(`/api/chat/${so_far.of('start').message_id}/stop`, {});
    return false;
  }));
  keep(t, told);
  assert.deepEqual(await ok(stopped), { message_id: told.of('start').message_id, status: 'incomplete' });
  assert.deepEqual([told.of('done').finish_reason, told.isDone], ['stopped', true]);
  const message = await messageOf(told);
  assert.deepEqual([message.status, message.content, message.finish_reason], ['incomplete', told.content, 'stopped']);
  assert.equal((await ok(post(`/api/chat/${message.id}/stop`, {}))).status, 'incomplete', 'a second stop changes nothing');
  isProblem(await post(`/api/chat/${randomUUID()}/stop`, {}), 404, 'not_found');
});

test('a repeat with the same key meets the same answer', async (t) => {
  const key = { 'idempotency-key': randomUUID() };
  const body = { model: fast(), message: 'once' };
  const first = await chat(t, body, key);
  const again = await chat(t, body, key);
  assert.equal(again.of('start').message_id, first.of('start').message_id);
  assert.equal(again.content, first.content);
  assert.equal((await conversationOf(first)).messages.length, 2);
  isProblem(await post('/api/chat', { model: fast(), message: 'another' }, key), 409, 'idempotency_key_reused');
});

test('many answers at once do not meet', async (t) => {
  const questions = Array.from({ length: 20 }, (_, i) => `question ${i}`);
  const answers = await Promise.all(questions.map((message) => chat(t, { model: fast(), message })));
  for (const [i, told] of answers.entries()) {
    const { messages } = await conversationOf(told);
    assert.deepEqual(messages.map(({ content }) => content), [questions[i], told.content]);
  }
});
