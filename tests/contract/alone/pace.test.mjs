// When a run calls, and what it measures: figures that a busy neighbour would move.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatEndpoint } from '../endpoint.mjs';
import { isAbout } from '../judge.mjs';
import { cleanUp, finishedRun, testedSession, uniquePrompts } from '../sessions.mjs';

test('the concurrency asked for is honoured from the first call and never exceeded', async (t) => {
  for (const concurrency of [1, 3, 16]) {
    const endpoint = await chatEndpoint(t, () => ({ delayMs: 150 }));
    const session = await testedSession(t, { endpoint_url: endpoint.url });
    await finishedRun(session, uniquePrompts(concurrency * 3), { concurrency });
    assert.equal(endpoint.state.mostInFlight, concurrency);
    const began = endpoint.asked().map(({ at }) => at);
    assert.ok(began[concurrency - 1] - began[0] < 120, `${concurrency} started over ${began[concurrency - 1] - began[0]} ms`);
    await cleanUp(session);
  }
});

test('requests_per_minute spaces the starts', async (t) => {
  const endpoint = await chatEndpoint(t);
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  await finishedRun(session, uniquePrompts(6), { requests_per_minute: 300, concurrency: 6 });
  const began = endpoint.asked().map(({ at }) => at);
  assert.ok(began[5] - began[0] >= 900, `six starts at 200 ms from each other took ${began[5] - began[0]} ms`);
});

test('requests_per_minute counts further attempts, and second requests after a refused parameter', async (t) => {
  const tries = new Map();
  const endpoint = await chatEndpoint(t, ({ prompt, body }) => {
    if (body.temperature !== undefined) return { status: 400, json: { error: { message: "Unsupported parameter: 'temperature'", param: 'temperature', code: 'unsupported_parameter' } } };
    tries.set(prompt, (tries.get(prompt) ?? 0) + 1);
    return tries.get(prompt) === 1 ? { status: 500 } : undefined;
  });
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const run = await finishedRun(session, uniquePrompts(4), { requests_per_minute: 240, concurrency: 4 });
  assert.equal(run.completed_prompts, 4, JSON.stringify(run));
  const began = endpoint.asked().map(({ at }) => at);
  assert.ok(began.length >= 8, `${began.length} requests`);
  // 250 ms from each other; a clock of whole milliseconds and a late timer.
  began.slice(4).forEach((at, index) => assert.ok(at - began[index] >= 850, `requests ${index + 1} to ${index + 5} took ${at - began[index]} ms`));
});

test('latency and time to first token are the endpoint’s own, within 1 ms or 1 % of a call that takes 100 ms', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-100ms' });
  const { results } = await finishedRun(session, uniquePrompts(6), { concurrency: 1 });
  const middle = (name) => results.map((one) => one[name]).sort((a, b) => a - b)[3];
  isAbout(middle('latency_ms'), 100, 3, 'median latency');
  isAbout(middle('ttft_ms'), 50, 3, 'median time to first token');
});
