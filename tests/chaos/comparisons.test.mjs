// A comparison while its process dies: what had come is kept, and is told as incomplete.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventStream, get, ok, post, until, useInstallation, wait } from '../contract/client.mjs';
import { installation, kill } from './chaos.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const model = { service: 'openai_compatible', name: 'ours', id: 'sample-slow' };

describe('a comparison', { skip }, () => {
  const installed = installation();
  before(async () => {
    useInstallation((await installed.up()).url);
    const key = { service_name: 'openai_compatible', name: 'ours', api_key: 'any', base_url: installed.sampleEndpoint };
    await ok(post('/api-keys', key), 201);
  });
  after(() => installed.remove());

  test('kept as far as it came when batch-runner is killed', async () => {
    const body = { models: [model, { ...model, id: 'sample-fast' }], message: 'What is the capital of France?' };
    const stream = await EventStream.open('POST', '/api/compare', { body });
    const events = stream[Symbol.asyncIterator]();
    const told = ['', ''];
    let id;
    while (told[0].length < 20) {
      const { data } = (await events.next()).value;
      if (data === undefined) continue;
      const event = JSON.parse(data);
      id ??= event.comparison_id;
      if (event.content) told[event.index] += event.content;
    }
    await wait(1500);  // longer than between two times that it is stored
    await kill(installed, 'batch-runner');
    stream.close();
    await installed.up();
    const comparison = await until('it is known to have ended', async () => {
      const answer = await get(`/api/compare/${id}`);
      return answer.status === 200 && answer.json.status !== 'running' && answer.json;
    }, { seconds: 40, everyMs: 200 });
    assert.equal(comparison.status, 'incomplete');
    assert.deepEqual(comparison.answers.map(({ status }) => status), ['incomplete', 'complete']);
    assert.ok(comparison.answers[0].content.startsWith(told[0]), 'what had come more than a second before is kept');
    assert.ok(comparison.answers[0].error);
  });
});
