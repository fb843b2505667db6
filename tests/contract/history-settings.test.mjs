// What an administrator says of the history: own prices, and no content. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { get, ok, post, useInstallation } from './client.mjs';
import { Installation } from './installation.mjs';
import { isProblem } from './judge.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';

describe('own prices, and no content', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'finetunelab-prices-'));
  const file = join(folder, 'prices.json');
  const prices = [{ service: 'openai_compatible', model: 'sample-6*', input: 2, output: 8, as_of: '2026-01-01' }];
  const installed = new Installation([], { FTL_PRICES_FILE: file, FTL_HISTORY_CONTENT: 'false' });
  let rows;
  before(async () => {
    writeFileSync(file, JSON.stringify({ prices }));
    useInstallation((await installed.up()).url);
    await ok(post('/api-keys', { service_name: 'openai_compatible', name: 'mine', api_key: 'any', base_url: installed.sampleEndpoint }), 201);
    for (const model of ['sample-64', 'sample-zero']) {
      await ok(post('/benchmark/llm', { model_name: `openai_compatible:mine/${model}`, prompt: 'A secret of ours', iterations: 2 }));
    }
    rows = (await ok(get('/api/history'))).requests;
  });
  after(async () => {
    await installed.remove();
    rmSync(folder, { recursive: true });
  });

  test('a model with a price has a cost, to the token, and one without has none', async () => {
    const priced = rows.filter(({ model }) => model === 'sample-64');
    assert.equal(priced.length, 2);
    for (const { cost, prompt_tokens, completion_tokens } of priced) {
      assert.equal(completion_tokens, 64);
      assert.ok(Math.abs(cost - (prompt_tokens * 2 + completion_tokens * 8) / 1e6) < 1e-9, `${cost} for ${prompt_tokens} and ${completion_tokens} tokens`);
    }
    assert.ok(rows.filter(({ model }) => model === 'sample-zero').every((row) => !('cost' in row)));
    const figures = await ok(get('/api/history/analytics'));
    assert.ok(Math.abs(figures.cost - priced.reduce((sum, { cost }) => sum + cost, 0)) < 1e-9);
    assert.equal(figures.requests_without_price, 2);
  });

  test('what was asked and answered is nowhere, and cannot be asked again', async () => {
    const [{ id }] = rows;
    const row = await get(`/api/history/${id}`);
    for (const name of ['messages', 'response', 'prompt_preview']) assert.ok(!(name in row.json), name);
    assert.ok(row.json.total_tokens > 0 && row.json.timing.latency_ms > 0);
    const file = await get('/api/history/export?format=jsonl');
    assert.equal(file.status, 200);
    assert.ok(!file.text.includes('A secret of ours'));
    isProblem(await post(`/api/history/${id}/replay`, {}), 409, 'conflict');
  });
});
