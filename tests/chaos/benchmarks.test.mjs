// Benchmarks where there are several batch-runners: any of them tells how one goes and ends it, and one whose process is killed
// ends too.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventStream, get, ok, post, until, useInstallation } from '../contract/client.mjs';
import { installation, kill, neighbour } from './chaos.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const load = { model: { service: 'openai_compatible', name: 'ours', id: 'sample-100ms' }, concurrency: 2, duration_s: 600, prompt_tokens: 16, output_tokens: 16 };

describe('a benchmark that another batch-runner carries', { skip }, () => {
  const installed = installation();
  let other;
  before(async () => {
    useInstallation((await installed.up()).url);
    await ok(post('/api-keys', { service_name: 'openai_compatible', name: 'ours', api_key: 'any', base_url: installed.sampleEndpoint }), 201);
    other = await neighbour(installed);
  });
  after(async () => {
    other?.end();
    await installed.remove();
  });

  // Begun by the first, and asked for at the second from then on.
  async function begun() {
    useInstallation(installed.url);
    const { id } = await ok(post('/benchmark/llm', load), 202);
    useInstallation(other.url);
    await until('some calls are told', async () => (await ok(get(`/benchmark/llm/${id}`))).requests_done > 0);
    const stream = await EventStream.open('GET', `/benchmark/llm/${id}/events`, { seconds: 90 });
    return { id, events: stream.all() };
  }
  const told = async (events) => (await events).map(({ event, data }) => ({ event, ...JSON.parse(data) }));

  test('is watched and cancelled here', async () => {
    const { id, events } = await begun();
    const { requests_done } = await ok(get(`/benchmark/llm/${id}`));
    await until('more calls are told', async () => (await ok(get(`/benchmark/llm/${id}`))).requests_done > requests_done);
    const { benchmarks } = await ok(get('/benchmark/llm'));
    assert.equal(benchmarks.find((one) => one.id === id).status, 'running');
    const cancelled = await ok(post(`/benchmark/llm/${id}/cancel`, {}));
    assert.equal(cancelled.status, 'cancelled');
    const all = await told(events);
    assert.ok(all.filter(({ event }) => event === 'progress').length >= 2, JSON.stringify(all.map(({ event }) => event)));
    assert.deepEqual([all.at(-1).event, all.at(-1).status], ['done', 'cancelled']);
    assert.equal(installed.sql(`SELECT status FROM benchmarks WHERE id = '${id}'`), 'cancelled');
  });

  test('ends as interrupted when its process is killed, with what it had', async () => {
    const { id, events } = await begun();
    await kill(installed, 'batch-runner');
    const all = await told(events);
    const last = all.at(-1);
    assert.deepEqual([last.event, last.status], ['done', 'interrupted']);
    assert.ok(last.requests_done > 0 && last.error);
    await until('that is its end', () => installed.sql(`SELECT status FROM benchmarks WHERE id = '${id}' AND completed_at IS NOT NULL`) === 'interrupted');
    await installed.up();
    assert.equal((await ok(post(`/benchmark/llm/${id}/cancel`, {}))).status, 'interrupted', 'it stays so');
  });
});
