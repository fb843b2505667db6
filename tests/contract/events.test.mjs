// A run as it happens: server-sent events, from any point on, without a gap.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, EventStream, get, ok, wait } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { carriesHeaders, isProblem } from './judge.mjs';
import { cleanUp, endOf, finishedRun, resultsOf, startRun, testedSession, uniquePrompts } from './sessions.mjs';

const watch = (runId, { after, ...options } = {}) =>
  EventStream.open('GET', `batch-test/${runId}/events${after === undefined ? '' : `?last_event_id=${after}`}`, options);
const namesOf = (events) => events.map(({ event }) => event);
const sequenceOf = (events) => events.filter(({ id }) => id !== undefined).map(({ id }) => Number(id));
const upTo = (count, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => from + index);

// What holds of any stream from `after` on to the end of a run with `prompts` results.
function judge(events, prompts, after = 0) {
  assert.equal(events[0].event, 'progress', 'a newcomer gets how it stands first');
  const gist = ({ event, data }) => event === 'progress' && JSON.stringify({ ...JSON.parse(data), eta_ms: undefined });
  assert.ok(events.length < 2 || gist(events[1]) !== gist(events[0]), 'and is not told the same once more');
  assert.deepEqual(sequenceOf(events), upTo(prompts + 1, after + 1), 'the sequence has no gap');
  assert.equal(events[events.length - 1].event, 'done');
  for (const { event, id, data } of events) {
    assert.ok(['progress', 'started', 'result', 'done'].includes(event), event);
    assert.equal(id !== undefined, ['result', 'done'].includes(event), `${event} with id ${id}`);
    assert.ok(!data.includes('\n'), 'JSON stands on one line');
    const json = JSON.parse(data);
    if (event === 'started') assert.deepEqual(Object.keys(json), ['prompt_id']);
    if (event === 'progress' || event === 'done') {
      assert.ok(json.id && json.status && json.total_prompts === prompts, data);
      assert.ok(!('results' in json));
    }
    if (event === 'result') assert.ok(json.prompt_id && typeof json.success === 'boolean', data);
  }
  const ids = events.filter(({ event }) => event === 'result').map(({ data }) => JSON.parse(data).prompt_id);
  assert.equal(new Set(ids).size, ids.length, 'no result comes twice');
}

test('a stream that is there from the start sees every start and every result, then done, and ends', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 60 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(12), { concurrency: 3 });
  const stream = await watch(runId);
  assert.equal(stream.response.status, 200);
  assert.match(stream.response.headers.get('content-type'), /^text\/event-stream\b/);
  assert.match(stream.response.headers.get('cache-control'), /\bno-store\b/);
  assert.equal(stream.response.headers.get('x-accel-buffering'), 'no');
  carriesHeaders({ what: 'the stream of a run', headers: stream.response.headers });
  const events = await stream.all();
  judge(events, 12);
  const starts = events.filter(({ event }) => event === 'started').map(({ data }) => JSON.parse(data).prompt_id);
  assert.ok(starts.length >= 8, `${starts.length} starts were seen`);
  assert.equal(new Set(starts).size, starts.length);
  const done = JSON.parse(events[events.length - 1].data);
  assert.deepEqual([done.status, done.completed_prompts, done.progress], ['completed', 12, 1]);
});

test('events say what the routes say', async (t) => {
  const session = await testedSession(t);
  const run = await finishedRun(session, uniquePrompts(5));
  const events = await (await watch(run.id)).all();
  judge(events, 5);
  const told = events.filter(({ event }) => event === 'result').map(({ data }) => JSON.parse(data));
  assert.deepEqual(told.sort((a, b) => a.prompt_id - b.prompt_id), run.results);
  const { results: _, next_page_token, total, ...rest } = run;
  assert.deepEqual(JSON.parse(events[events.length - 1].data), rest);
});

test('after its end a run is replayed from any point, by header and by query', async (t) => {
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(8));
  for (const after of [0, 1, 5, 8]) {
    judge(await (await watch(id, { headers: { 'last-event-id': String(after) } })).all(), 8, after);
    judge(await (await watch(id, { after })).all(), 8, after);
  }
});

test('who has seen everything is told so and the stream ends', async (t) => {
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(2));
  for (const after of [3, 1000]) {
    const events = await (await watch(id, { after })).all();
    assert.ok(!namesOf(events).includes('result'), namesOf(events).join());
  }
});

test('a latecomer gets what it has not had, in order, and then what comes', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 80 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(16), { concurrency: 2 });
  await wait(250);
  judge(await (await watch(runId)).all(), 16);
});

test('cut off and resumed again and again, nothing is missed and nothing comes twice', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 40 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(30), { concurrency: 3 });
  const seen = [];
  let last = 0;
  for (let ended = false; !ended; ) {
    const stream = await watch(runId, { headers: { 'last-event-id': String(last) } });
    const part = await stream.all(({ event, id }, events) => event !== 'done' && id !== undefined && events.filter((one) => one.id).length >= 4);
    seen.push(...part.filter(({ id }) => id !== undefined));
    last = Number(seen[seen.length - 1].id);
    ended = seen[seen.length - 1].event === 'done';
  }
  assert.deepEqual(sequenceOf(seen), upTo(31));
});

test('twenty watchers of one run see the same', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 50 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(10), { concurrency: 2 });
  const all = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
    await wait(index * 15);
    return (await watch(runId)).all();
  }));
  const results = (events) => events.filter(({ event }) => event === 'result').map(({ id, data }) => [id, data]);
  for (const events of all) {
    judge(events, 10);
    assert.deepEqual(results(events), results(all[0]));
  }
});

test('a result is told no later than a second after the answer ended', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 300 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(3), { concurrency: 1 });
  let last = Date.now();
  for await (const { event } of await watch(runId)) {
    if (event !== 'result') continue;
    assert.ok(Date.now() - last < 1300, `${Date.now() - last} ms`);
    last = Date.now();
  }
});

test('a stream of a cancelled run ends with done', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 5000 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(3));
  const events = (await watch(runId)).all();
  await wait(200);
  await ok(call('POST', `batch-test/${runId}/cancel`));
  const last = (await events).pop();
  assert.equal(last.event, 'done');
  assert.equal(JSON.parse(last.data).status, 'cancelled');
});

test('at clean-up an open stream gets an error, a problem document, and ends', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 5000 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(3));
  const events = (await watch(runId)).all();
  await wait(300);
  await cleanUp(session);
  const last = (await events).pop();
  assert.equal(last.event, 'error');
  assert.equal(last.id, undefined);
  const problem = JSON.parse(last.data);
  assert.deepEqual([problem.status, problem.code], [410, 'session_expired'], last.data);
  assert.ok(problem.type && problem.title && problem.detail);
});

test('a run that is not there is 404, and a Last-Event-ID that is no number is refused', async (t) => {
  isProblem(await get('batch-test/00000000-0000-4000-8000-000000000000/events'), 404, 'run_not_found');
  isProblem(await get('batch-test/nonsense/events'), 404, 'run_not_found');
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(1));
  isProblem(await get(`batch-test/${id}/events?last_event_id=abc`), 400, 'invalid_field');
});

test('a stream that nothing happens on is kept alive by a comment every 15 s', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 40_000 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(1));
  const stream = await watch(runId);
  let last = Date.now();
  for await (const { comment } of stream) {
    assert.ok(Date.now() - last < 16_500, `${Date.now() - last} ms of silence`);
    last = Date.now();
    if (comment !== undefined) break;
  }
  stream.close();
  await ok(call('POST', `batch-test/${runId}/cancel`));
  await endOf(runId);
});

test('a run of thousands is replayed whole', async (t) => {
  const session = await testedSession(t);
  const { id } = await finishedRun(session, uniquePrompts(2000), { concurrency: 64, stream: false });
  const events = await (await watch(id)).all();
  judge(events, 2000);
  assert.equal((await resultsOf(id)).results.length, 2000);
});
