// The report as a file of its own, opened as a mail's attachment would be: from disk, without a network and without script.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { api, sample } from './workspace-visitor.mjs';
import { newContext } from './written-api.mjs';

const demo = '/api/demo/v2';

// A session with a run of these prompts, and its report in HTML.
async function report(t, prompts) {
  const { session_id } = await api('POST', `${demo}/configure`, { endpoint_url: sample, api_key: 'any', model_id: 'sample-echo' });
  t.after(() => api('POST', `${demo}/cleanup`, { session_id }));
  await api('POST', `${demo}/configure/test`, { session_id });
  const { id } = await api('POST', `${demo}/test-suites`, { session_id, name: 'To be sorted', prompts });
  const { test_run_id } = await api('POST', `${demo}/batch-test`, { session_id, test_suite_id: id, prompt_limit: prompts.length });
  for (let status = 'running'; status !== 'completed'; ) ({ status } = await api('GET', `${demo}/batch-test/${test_run_id}/status?page_size=1`));
  return (await fetch(`${process.env.FTL_BASE_URL}${demo}/export?session_id=${session_id}&format=html`)).text();
}

test('tables of the report are sorted without script, in both orders, and nothing else moves', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const prompts = Array.from({ length: 12 }, (_, n) => ({ prompt: `Prompt ${n + 1}.`, ...(n % 4 ? { category: ['pears', 'apples', 'figs'][n % 3] } : {}) }));
  writeFileSync(join(folder, 'report.html'), await report(t, prompts));
  const context = await newContext({ javaScriptEnabled: false, offline: true });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(pathToFileURL(join(folder, 'report.html')).href);
  const table = page.locator('table.sorts', { has: page.getByText('First token') }).last();
  const column = async (n) => {
    const cells = await table.locator(`tbody tr > :nth-child(${n})`).all();
    const placed = await Promise.all(cells.map(async (cell) => [(await cell.boundingBox()).y, await cell.innerText()]));
    return placed.sort(([a], [b]) => a - b).map(([, text]) => text.trim());
  };
  const edges = () => Promise.all(['thead tr > *', 'tbody tr:first-child > *'].map(async (cells) => Promise.all((await table.locator(cells).all()).map(async (cell) => Math.round((await cell.boundingBox()).x)))));
  const numbers = Array.from({ length: 12 }, (_, n) => String(n + 1));
  assert.deepEqual(await column(1), numbers);
  const before = await edges();
  await table.getByRole('radio', { name: '#, greatest first' }).check();
  assert.deepEqual(await column(1), [...numbers].reverse(), 'by number, not by digits');
  assert.deepEqual(await edges(), before, 'columns stay where they are');
  for (const [order, sign] of [['least first', 1], ['greatest first', -1]]) {
    await table.getByRole('radio', { name: `Category, ${order}` }).check();
    const categories = await column(3);
    assert.deepEqual(categories, [...categories.slice(0, 9).sort((a, b) => sign * a.localeCompare(b)), '', '', ''], 'what is not there comes last');
  }
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.by').first().isVisible(), false, 'paper has no buttons');
});
