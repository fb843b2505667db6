// Answers of a chat while processes die: what had come is kept, nothing is told twice, and it can be gone on from.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { call, EventStream, get, ok, post, until, useInstallation, wait } from '../contract/client.mjs';
import { installation, kill } from './chaos.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const model = { service: 'openai_compatible', name: 'ours', id: 'sample-slow' };
const question = 'What is the capital of France?';

describe('a chat', { skip }, () => {
  const installed = installation();
  before(async () => {
    useInstallation((await installed.up()).url);
    const key = { service_name: 'openai_compatible', name: 'ours', api_key: 'any', base_url: installed.sampleEndpoint };
    await ok(post('/api-keys', key), 201);
  });
  after(() => installed.remove());

  // Asks, and reads until some of the answer has come; gives what was told and the rest as it will come, cut or not.
  async function asked() {
    const stream = await EventStream.open('POST', '/api/chat', { body: { model, message: question } });
    assert.equal(stream.response.status, 200);
    const told = { content: '', event_id: '', pieces: 0 };
    const events = stream[Symbol.asyncIterator]();
    const take = ({ data, id }) => {
      if (data === undefined || data === '[DONE]') return;
      const event = JSON.parse(data);
      if (event.type === 'start') told.start = event;
      if (event.type === 'done' || event.type === 'error') told.end = event;
      if (event.content) Object.assign(told, { content: told.content + event.content, event_id: id, pieces: told.pieces + 1 });
    };
    while (told.pieces < 8) take((await events.next()).value);
    const rest = (async () => {
      try {
        for (let next = await events.next(); !next.done; next = await events.next()) take(next.value);
      } catch {
        told.isCut = true;
      }
    })();
    return { told, rest };
  }
  const ended = (told) => until('the answer has ended', async () => {
    const answer = await get(`/api/conversations/${told.start.conversation_id}`);
    if (answer.status !== 200) return false;
    const message = answer.json.messages.find(({ id }) => id === told.start.message_id);
    return message.status !== 'generating' && message;
  }, { seconds: 40, everyMs: 200 });
  const whole = async () => (await ok(post('/api/chat', { model, message: question, stream: false }))).content;

  test('among routes whose methods are all known to a gateway by itself', async () => {
    const { paths } = await ok(get('/openapi.json'));
    assert.ok(paths['/api/chat'] && paths['/api-keys'] && paths['/api/history']);
  });

  test('kept as far as it came when batch-runner is killed, and gone on from', async () => {
    const all = await whole();
    const { told, rest } = await asked();
    const early = told.content;
    await wait(1500);  // longer than between two times that it is stored
    await kill(installed, 'batch-runner');
    await rest;
    assert.notEqual(told.end?.type, 'done');
    await installed.up();
    const message = await ended(told);
    assert.equal(message.status, 'incomplete');
    assert.ok(message.error);
    assert.ok(all.startsWith(message.content), 'it is the beginning of the answer');
    assert.ok(message.content.startsWith(early), 'what had come more than a second before is kept');
    const went = await ok(post('/api/chat', { conversation_id: told.start.conversation_id, continue_message_id: message.id, stream: false }));
    assert.ok(went.content.startsWith(message.content) && went.content.length > message.content.length);
  });

  test('finished and stored when the gateway is killed, and told from where it was cut', async () => {
    const { told, rest } = await asked();
    await kill(installed, 'gateway');
    await rest;
    await installed.up();
    const way = await EventStream.open('GET', `/api/chat/${told.start.message_id}`, { headers: { 'last-event-id': told.event_id } });
    const events = (await way.all()).filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));
    const message = await ended(told);
    assert.equal(message.status, 'complete');
    assert.equal(told.content + events.map(({ content }) => content ?? '').join(''), message.content);
  });

  test('whole when PostgreSQL is killed and comes back', async () => {
    const { told, rest } = await asked();
    await kill(installed, 'postgres');
    await wait(500);
    await installed.up();
    await rest;
    const message = await ended(told);
    assert.equal(message.status, 'complete');
    assert.equal(message.content, told.content);
    assert.equal(told.end.type, 'done');
  });

  test('finished before batch-runner goes on SIGTERM', async () => {
    const { told, rest } = await asked();
    await kill(installed, 'batch-runner', 'SIGTERM');
    await rest;
    await installed.up();
    const message = await ended(told);
    assert.equal(message.status, 'complete');
    assert.equal(message.content, told.content);
  });

  test('told nowhere twice: what is left of all this are whole rows', async () => {
    assert.equal(installed.sql("SELECT count(*) FROM message_drafts"), '0');
    assert.equal(installed.sql("SELECT count(*) FROM messages WHERE status = 'generating'"), '0');
    const gaps = `SELECT count(*) FROM conversations c WHERE message_count <> (SELECT count(*) FROM messages m WHERE m.owner = c.owner AND m.conversation_id = c.id)`;
    assert.equal(installed.sql(gaps), '0');
    await ok(call('DELETE', '/api-keys/openai_compatible?name=ours'));
  });
});
