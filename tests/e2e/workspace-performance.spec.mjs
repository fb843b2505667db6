// Benchmarks in a real browser against a running installation: started, watched, stopped, and read as curves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sound, wordsOf } from './written-api.mjs';
import { api, chooseModel, phone, storeSampleKey, visitWorkspace } from './workspace-visitor.mjs';

const say = wordsOf('en');
const key = 'measured in the browser';
const standing = (page, status) => page.getByRole('status').filter({ hasText: `${say(`benchmark.status.${status}`)}, ` });
const button = (page, name) => page.getByRole('button', { name, exact: true });

test('a model is measured at a load, and its figures stand beside their intervals', async (t) => {
  await storeSampleKey(t, key);
  const { page, close } = await visitWorkspace('#performance');
  await chooseModel(page, page.getByRole('combobox', { name: say('models.model') }), 'sample-100ms', key);
  await page.getByLabel(say('benchmark.concurrency')).fill('8');
  await page.getByLabel(say('benchmark.duration_s')).fill('2');
  await sound(page, 'workspace-performance');
  await button(page, say('benchmark.start')).click();
  await standing(page, 'completed').waitFor({ timeout: 20_000 });
  const values = await page.locator('.measure-value').allInnerTexts();
  assert.match(values[0], /^[1-4]\d\d ms$/, 'sample-100ms takes 100 ms, and a little on a busy machine');
  await sound(page, 'workspace-performance-closed');
  await page.getByRole('link', { name: say('benchmark.all') }).click();
  await page.getByRole('link', { name: 'sample-100ms' }).first().waitFor();
  await close();
});

test('a benchmark is stopped; what was measured stays', async (t) => {
  await storeSampleKey(t, key);
  const { page, close } = await visitWorkspace('#performance');
  await chooseModel(page, page.getByRole('combobox', { name: say('models.model') }), 'sample-1s', key);
  await page.getByLabel(say('benchmark.duration_s')).fill('60');
  await button(page, say('benchmark.start')).click();
  await standing(page, 'running').waitFor();
  await sound(page, 'workspace-performance-running');
  await button(page, say('common.stop')).click();
  await standing(page, 'cancelled').waitFor();
  await close();
});

for (const [name, options] of Object.entries({ wide: {}, 'phone-dark': { ...phone, colorScheme: 'dark' } })) {
  test(`a sweep is read as curves with its knee: ${name}`, async (t) => {
    await storeSampleKey(t, key);
    const { id } = await api('POST', '/benchmark/llm', { model: { service: 'openai_compatible', name: key, id: 'sample-100ms' }, mode: 'open', rate: 100, duration_s: 1, sweep: true, slo: { latency_ms: 200 }, output_tokens: 16 });
    t.after(() => api('POST', `/benchmark/llm/${id}/cancel`, {}));
    const { page, close } = await visitWorkspace(`#performance/${id}`, options);
    await standing(page, 'completed').waitFor({ timeout: 60_000 });
    const knees = await page.locator('.curves .knee-name').allTextContents();
    const { knee_rate } = await api('GET', `/benchmark/llm/${id}`);
    const knee = say('curve.knee').replace('{rate}', new Intl.NumberFormat('en').format(knee_rate));
    assert.deepEqual(knees, [knee, knee], 'in both drawings');
    await sound(page, `workspace-${name}-performance-sweep`);
    await close();
  });
}
