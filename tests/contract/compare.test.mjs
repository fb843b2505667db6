// Comparing models in the workspace. Needs an installation with FTL_WORKSPACE=local.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { call, EventStream, get, ok, post } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { isProblem, kTimestamp, kUuid } from './judge.mjs';
import { ownProject, storeKey, storeKeyAt } from './workspace-keys.mjs';

let key;
const removals = [];
before(async () => { key = await storeKey({ after: (remove) => removals.push(remove) }); });
after(async () => { for (const remove of removals) await remove(); });
const model = (id) => ({ ...key, id });
const question = 'What is the capital of France?';

// What a stream told, by column.
class Told {
  constructor(events) {
    this.isDone = events.at(-1)?.data === '[DONE]';
    this.events = events.filter(({ data }) => data !== '[DONE]').map(({ data, id }) => ({ ...JSON.parse(data), ...(id && { event_id: id }) }));
  }
  get id() { return this.events[0].comparison_id; }
  get verdict() { return this.events.find(({ type }) => type === 'verdict'); }
  of(index, type) { return this.events.filter((event) => event.index === index && event.type === type); }
  content(index) { return this.events.filter((event) => event.index === index).map((event) => event.content ?? '').join(''); }
}
const open = (body, headers) => EventStream.open('POST', '/api/compare', { body: { message: question, ...body }, headers });
const keep = (t, id) => t.after(() => call('DELETE', `/api/compare/${id}`));
async function compare(t, body, headers) {
  const stream = await open(body, headers);
  assert.equal(stream.response.status, 200);
  const told = new Told(await stream.all());
  keep(t, told.id);
  assert.ok(told.isDone, 'the stream ends with [DONE]');
  return told;
}
const stored = (id) => ok(get(`/api/compare/${id}`));

test('columns are told side by side, end with their figures, and are stored as they were told', async (t) => {
  const told = await compare(t, { models: [model('sample-fast'), model('sample-fast')] });
  for (const index of [0, 1]) {
    assert.deepEqual(told.of(index, 'start')[0].model, model('sample-fast'));
    assert.ok(told.content(index).length > 0);
    const [timing] = told.of(index, 'timing');
    assert.ok(timing.ttft_ms > 0 && timing.latency_ms >= timing.ttft_ms);
    assert.ok(told.of(index, 'token_usage')[0].output_tokens > 0);
    assert.equal(told.of(index, 'done')[0].finish_reason, 'stop');
  }
  assert.ok(told.events.filter(({ type }) => type !== 'verdict').every(({ index }) => index === 0 || index === 1));
  const { verdict, answers, ...comparison } = await stored(told.id);
  assert.match(comparison.id, kUuid);
  assert.deepEqual([comparison.status, comparison.columns, comparison.repeat], ['complete', 2, 1]);
  assert.deepEqual(answers.map(({ content, status }) => [content, status]), [0, 1].map((index) => [told.content(index), 'complete']));
  assert.deepEqual(told.verdict, { type: 'verdict', ...verdict });
  const latencies = answers.map(({ latency_ms }) => latency_ms);
  assert.equal(verdict.fastest, latencies[0] < latencies[1] ? 0 : latencies[0] > latencies[1] ? 1 : undefined);
  assert.equal(verdict.findings.find(({ measure }) => measure === 'latency').certainty, 'too_few_to_tell');
});

test('a column that fails says why and holds up no other', async (t) => {
  const told = await compare(t, { models: [model('fault-http-500'), model('sample-fast'), model('fault-cut-stream'), { ...key, name: 'not there', id: 'x' }] });
  assert.equal(told.of(1, 'done').length, 1);
  for (const index of [0, 2, 3]) {
    const [error] = told.of(index, 'error');
    assert.ok(error.detail.length > 0 && error.error_type, JSON.stringify(error));
  }
  const { verdict, answers, status } = await stored(told.id);
  assert.equal(status, 'complete');
  assert.deepEqual(verdict.failed, [0, 2, 3]);
  assert.ok(answers[2].content.length > 0, 'what had come is kept');
  assert.equal(answers[2].content, told.content(2));
});

test('a comparison can be had as one object', async (t) => {
  const whole = await ok(post('/api/compare', { models: Array(2).fill(model('sample-fast')), message: question, stream: false, max_tokens: 8 }));
  keep(t, whole.id);
  assert.equal(whole.status, 'complete');
  assert.equal(whole.verdict.columns.length, 2);
  assert.deepEqual(whole, await stored(whole.id));
  isProblem(await post('/api/compare', { models: [model('sample-fast')], message: question, stream: false }), 422, 'invalid_field', ['models']);
});

test('within a conversation, as an agent and by a template, models are shown what a chat would show, and nothing is added to it', async (t) => {
  const endpoint = await chatEndpoint(t);
  const shownKey = await storeKeyAt(t, endpoint.url);
  const agent = await ok(post('/api/agents', { name: `a ${randomUUID()}`, system_prompt: 'Be brief.', parameters: { max_tokens: 7 } }), 201);
  t.after(() => call('DELETE', `/api/agents/${agent.id}`));
  const template = await ok(post('/api/templates', { name: `t ${randomUUID()}`, content: '{{message}}, {{how}}' }), 201);
  t.after(() => call('DELETE', `/api/templates/${template.id}`));
  const chat = await ok(post('/api/chat', { model: { ...shownKey, id: 'one' }, message: 'first', stream: false }));
  t.after(() => call('DELETE', `/api/conversations/${chat.conversation_id}`));
  const before = await ok(get(`/api/conversations/${chat.conversation_id}`));
  const models = ['two', 'three'].map((id) => ({ ...shownKey, id }));
  const whole = await ok(post('/api/compare', { models, conversation_id: chat.conversation_id, agent: agent.name, template: template.id, variables: { how: 'please' }, message: 'second', stream: false }));
  keep(t, whole.id);
  for (const id of ['two', 'three']) {
    const { body } = endpoint.calls.find((made) => made.body.model === id);
    assert.deepEqual(body.messages.map(({ role, content }) => [role, content]),
      [['system', 'Be brief.'], ['user', 'first'], ['assistant', 'Fine.'], ['user', 'second, please']]);
    assert.equal(body.max_tokens, 7);
  }
  assert.deepEqual(await ok(get(`/api/conversations/${chat.conversation_id}`)), before);
  isProblem(await post('/api/compare', { models, conversation_id: randomUUID(), message: 'x' }), 404, 'not_found');
  isProblem(await post('/api/compare', { models, agent: 'nobody', message: 'x' }), 404, 'not_found');
});

test('four take as long as the slowest', async (t) => {
  const begun = performance.now();
  const told = await compare(t, { models: Array(4).fill(model('sample-slow')), max_tokens: 16 });
  const whole = performance.now() - begun;
  const slowest = Math.max(...[0, 1, 2, 3].map((index) => told.of(index, 'timing')[0].latency_ms));
  assert.ok(whole < slowest + 1500, `${whole} ms, the slowest took ${slowest} ms`);
});

test('repetitions are told apart, and counted in the verdict', async (t) => {
  const told = await compare(t, { models: [model('sample-fast'), model('sample-fast')], repeat: 3, max_tokens: 8 });
  assert.deepEqual(told.of(1, 'done').map(({ repetition }) => repetition), [1, 2, 3]);
  const { answers, verdict } = await stored(told.id);
  assert.equal(answers.length, 6);
  assert.deepEqual(verdict.columns.map(({ answered }) => answered), [3, 3]);
});

test('every call is in the log as a comparison', async (t) => {
  const project = ownProject();
  await compare(t, { project, models: [model('sample-fast'), model('fault-http-500')] });
  const { requests } = await ok(get(`/api/history?project=${project}`));
  assert.deepEqual(requests.map(({ kind, status }) => `${kind} ${status}`).sort(), ['compare error', 'compare success']);
});

test('what is asked wrongly is refused with every fault', async () => {
  for (const [body, field] of [
    [{ models: [model('sample-fast')] }, 'models'],
    [{ models: Array(5).fill(model('sample-fast')) }, 'models'],
    [{ models: [model('sample-fast'), { service: 'openai' }] }, 'models[1].id'],
    [{ models: Array(2).fill(model('sample-fast')), repeat: 11 }, 'repeat'],
    [{ models: Array(2).fill(model('sample-fast')), temperature: 3 }, 'temperature'],
    [{ models: Array(2).fill(model('sample-fast')), message: '' }, 'message'],
  ]) {
    const answer = await post('/api/compare', { message: question, ...body });
    assert.equal(answer.status, 422, answer.text);
    assert.ok(answer.json.errors.some((error) => error.field === field), answer.text);
  }
});

test('leaving does not lose it: it is finished, and told from where somebody left off', async (t) => {
  const stream = await open({ models: [model('sample-slow'), model('sample-fast')], max_tokens: 24 });
  const had = new Told(await stream.all((event) => event.id !== undefined && JSON.parse(event.data).index === 0));
  keep(t, had.id);
  const last = had.events.findLast(({ event_id }) => event_id).event_id;
  const rest = new Told(await (await EventStream.open('GET', `/api/compare/${had.id}/events`, { headers: { 'last-event-id': last } })).all());
  assert.ok(rest.isDone && rest.verdict);
  const { answers, status } = await stored(had.id);
  assert.equal(status, 'complete');
  for (const index of [0, 1]) assert.equal(had.content(index) + rest.content(index), answers[index].content);
});

test('a person ends it, and what had come is kept', async (t) => {
  const stream = await open({ models: Array(2).fill(model('sample-slow')), max_tokens: 400 });
  const had = new Told(await stream.all((event) => event.id !== undefined));
  keep(t, had.id);
  assert.equal((await ok(post(`/api/compare/${had.id}/stop`, {}))).status, 'stopped');
  const { answers, status } = await stored(had.id);
  assert.equal(status, 'stopped');
  assert.deepEqual(answers.map((answer) => [answer.status, answer.finish_reason]), Array(2).fill(['incomplete', 'stopped']));
  assert.ok(answers.some(({ content }) => content.length > 0));
});

test('a repeat with the same key tells the same comparison', async (t) => {
  const headers = { 'idempotency-key': randomUUID() };
  const body = { models: Array(2).fill(model('sample-fast')), max_tokens: 8 };
  const first = await compare(t, body, headers);
  const again = await compare(t, body, headers);
  assert.equal(again.id, first.id);
  assert.equal(again.content(0), first.content(0));
  isProblem(await call('POST', '/api/compare', { body: { ...body, message: 'Another.' }, headers }), 409, 'idempotency_key_reused');
});

test('a blind one hides its models until it is marked, once', async (t) => {
  const ids = ['sample-fast', 'sample-echo'];
  const told = await compare(t, { models: ids.map(model), blind: true, max_tokens: 8 });
  assert.ok(told.events.every((event) => event.model === undefined && event.cost === undefined));
  const hidden = await stored(told.id);
  assert.equal(hidden.models, undefined);
  assert.ok(!JSON.stringify(hidden).includes(key.name), 'the key is not named');
  const { comparisons } = await ok(get('/api/compare'));
  assert.equal(comparisons.find(({ id }) => id === told.id).models, undefined);
  assert.equal((await post(`/api/compare/${told.id}/mark`, {})).status, 422);
  assert.equal((await post(`/api/compare/${told.id}/mark`, { index: 2 })).status, 422);
  const marked = await ok(post(`/api/compare/${told.id}/mark`, { index: 1 }));
  assert.equal(marked.mark.index, 1);
  assert.deepEqual(marked.models.map(({ id }) => id).sort(), [...ids].sort());
  assert.deepEqual((await stored(told.id)).models, marked.models);
  isProblem(await post(`/api/compare/${told.id}/mark`, { index: 0 }), 409, 'conflict');
});

test('marks come to standings, with intervals where there are enough', async (t) => {
  const project = ownProject();
  const models = [model('sample-fast'), model('fault-http-401')];
  const mark = async (body) => {
    const told = await compare(t, { project, models, max_tokens: 4 });
    await ok(post(`/api/compare/${told.id}/mark`, body));
  };
  for (let i = 0; i < 4; ++i) await mark({ index: 0 });
  await mark({ tie: true });
  const few = await ok(get(`/api/compare/standings?project=${project}`));
  assert.deepEqual([few.marks, few.too_few_to_tell, few.standings[0].strength_interval], [5, true, undefined]);
  await mark({ index: 1 });
  const { standings, too_few_to_tell } = await ok(get(`/api/compare/standings?project=${project}`));
  assert.equal(too_few_to_tell, false);
  assert.deepEqual(standings.map(({ model, wins, losses, ties }) => [model.id, wins, losses, ties]),
    [['sample-fast', 4, 1, 1], ['fault-http-401', 1, 4, 1]]);
  const [{ strength, strength_interval: { low, high } }] = standings;
  assert.ok(low < strength && strength < high && strength > 1);
});

test('the list is in pages, newest first', async (t) => {
  const project = ownProject();
  const ids = [];
  for (let i = 0; i < 3; ++i) ids.unshift((await compare(t, { project, models: Array(2).fill(model('sample-fast')), max_tokens: 4 })).id);
  const first = await ok(get(`/api/compare?project=${project}&page_size=2`));
  const second = await ok(get(`/api/compare?project=${project}&page_size=2&page_token=${first.next_page_token}`));
  assert.equal(first.total, 3);
  assert.deepEqual([...first.comparisons, ...second.comparisons].map(({ id }) => id), ids);
  assert.equal(second.next_page_token, undefined);
  assert.equal(first.comparisons[0].prompt_preview, question);
});

test('one that is deleted is gone, also while it is under way', async () => {
  const stream = await open({ models: Array(2).fill(model('sample-slow')), max_tokens: 400 });
  const had = new Told(await stream.all((event) => event.id !== undefined));
  assert.equal((await ok(call('DELETE', `/api/compare/${had.id}`))).deleted, true);
  isProblem(await get(`/api/compare/${had.id}`), 404, 'not_found');
  assert.equal((await ok(call('DELETE', `/api/compare/${had.id}`))).deleted, false);
});

test('a comparison is taken away with its mark, its verdict and the standings, in every format', async (t) => {
  const project = ownProject();
  const told = await compare(t, { project, models: [model('sample-fast'), model('fault-http-500')], max_tokens: 8 });
  await ok(post(`/api/compare/${told.id}/mark`, { index: 0 }));
  const download = async (format, more = '') => {
    const answer = await get(`/api/compare/${told.id}/export?format=${format}${more}`);
    assert.equal(answer.status, 200, answer.text.slice(0, 300));
    assert.match(answer.headers.get('content-disposition'), new RegExp(`^attachment; filename="finetunelab-comparison-[0-9-]{10}\\.${format}"$`));
    return answer;
  };
  const json = await download('json');
  const { export_date, complete, standings, ...comparison } = json.json;
  assert.match(export_date, kTimestamp);
  assert.equal(complete, true);
  assert.deepEqual(comparison, await stored(told.id));
  assert.deepEqual(standings, await ok(get(`/api/compare/standings?project=${project}`)));
  const csv = await download('csv');
  assert.match(csv.text, /^(\uFEFF)?# Comparison Export\r\n/);
  assert.match(csv.text, /\r\n# Mark: sample-fast\r\n/);
  assert.match(csv.text, /\r\n# Standings\r\n/);
  const rows = (await download('csv', '&header=false')).text.trimEnd().split('\r\n');
  assert.ok(rows[0].startsWith('index,repetition,service,key_name,model,better,status,'));
  assert.match(rows.at(-1), /,fault-http-500,false,incomplete,/);
  const md = await download('md');
  assert.match(md.headers.get('content-type'), /^text\/markdown/);
  assert.match(md.text, /^# sample-fast and fault-http-500\n/);
  assert.match(md.text, /\*\*sample-fast\*\* is better, says a person/);
  assert.ok(md.text.includes(told.content(0).split('\n')[0]));
  const pdf = await download('pdf', '&paper=letter');
  assert.equal(pdf.headers.get('content-type'), 'application/pdf');
  assert.ok(pdf.text.startsWith('%PDF-'));
  isProblem(await get(`/api/compare/${told.id}/export`), 422, 'invalid_field', ['format']);
  isProblem(await get(`/api/compare/${randomUUID()}/export?format=md`), 404, 'not_found');
});

test('a blind one is taken away without its models until it is marked', async (t) => {
  const told = await compare(t, { project: ownProject(), models: ['sample-fast', 'sample-echo'].map(model), blind: true, max_tokens: 8 });
  for (const format of ['json', 'csv', 'md']) {
    const { text } = await get(`/api/compare/${told.id}/export?format=${format}`);
    assert.doesNotMatch(text, /sample\\?-(fast|echo)/, format);
    assert.ok(!text.includes(key.name), format);
  }
});

test('a token without the scope of chat does not get there', async (t) => {
  const { token, id } = await ok(post('/api/tokens', { name: 'history only', scopes: ['history'] }), 201);
  t.after(() => call('DELETE', `/api/tokens/${id}`));
  const headers = { authorization: `Bearer ${token}` };
  for (const path of ['/api/compare', '/api/compare/standings', `/api/compare/${randomUUID()}`]) {
    assert.equal((await get(path, { headers })).status, 403, path);
  }
});
