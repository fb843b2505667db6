// kill -9 of batch-runner and of PostgreSQL while it makes calls of the workspace: every call that was made is in the log,
// what died with its process says so, and what is counted is what the rows say.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { get, ok, post, until, useInstallation, wait } from '../contract/client.mjs';
import { installation, kill, persistently } from './chaos.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const concurrency = 8;

describe('kill -9 under calls of the workspace', { skip }, () => {
  const installed = installation();
  before(async () => {
    useInstallation((await installed.up()).url);
    const origin = new URL(installed.sampleEndpoint).origin;
    await ok(persistently(() => post('/api-keys', { service_name: 'openai_compatible', name: 'mine', api_key: 'any', base_url: `${origin}/v1` })), 201);
  });
  after(() => installed.remove());

  // Calls of a second each, some of them under way; gives how many the model has been asked.
  async function busy(project) {
    const model = { service: 'openai_compatible', name: 'mine', id: 'sample-1s' };
    await ok(persistently(() => post('/benchmark/llm', { project, model, concurrency, duration_s: 60, prompt_tokens: 16 })), 202);
    await until('calls are under way', async () => {
      const { total } = await ok(persistently(() => get(`/api/history?project=${project}&status=in_progress`)));
      return total === concurrency;
    });
    await wait(Math.random() * 1000);
  }
  const callsMade = async () => (await (await fetch(`${new URL(installed.sampleEndpoint).origin}/ledger`)).json()).calls_total;

  async function settled(project) {
    return until('no call is under way any more', async () => {
      const page = await ok(persistently(() => get(`/api/history?project=${project}&limit=1000`)));
      return page.requests.every(({ status }) => status !== 'in_progress') && page;
    }, { seconds: 90, everyMs: 500 });
  }

  async function agrees(project, { requests, total }) {
    assert.equal(requests.length, total);
    const figures = await ok(persistently(() => get(`/api/history/analytics?project=${project}`)));
    assert.equal(figures.total_requests, total);
    const interrupted = requests.filter(({ status }) => status === 'interrupted').length;
    assert.equal(figures.errors_by_type.interrupted ?? 0, interrupted);
    return interrupted;
  }

  test('of batch-runner: what it had under way is interrupted, and nothing is lost', async () => {
    const before_ = await callsMade();
    await busy('killed');
    await kill(installed, 'batch-runner');
    await installed.up();
    const page = await settled('killed');
    const interrupted = await agrees('killed', page);
    assert.ok(interrupted > 0 && interrupted <= concurrency, `${interrupted} were interrupted`);
    assert.ok(page.total >= (await callsMade()) - before_, 'a call was made of which no row tells');
    await until('its benchmark is interrupted', async () => {
      const { benchmarks } = await ok(persistently(() => get('/benchmark/llm?project=killed')));
      return benchmarks.length === 1 && benchmarks[0].status === 'interrupted';
    });
  });

  test('of PostgreSQL: what ended meanwhile is stored when it is back', async () => {
    const before_ = await callsMade();
    await busy('outage');
    await kill(installed, 'postgres');
    await wait(1500);
    await installed.up();
    const { benchmarks: [{ id }] } = await ok(persistently(() => get('/benchmark/llm?project=outage')));
    await persistently(() => post(`/benchmark/llm/${id}/cancel`, { project: 'outage' }));
    const page = await settled('outage');
    assert.equal(await agrees('outage', page), 0, 'no process died on a call');
    assert.ok(page.total >= (await callsMade()) - before_, 'a call was made of which no row tells');
  });
});
