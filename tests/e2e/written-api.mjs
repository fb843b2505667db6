// A page whose API is written here, to show it what no sample endpoint gives: the browser is real.
//   FTL_BASE_URL   where the page is
//   FTL_CHROMIUM   the browser (/usr/bin/chromium)
//   FTL_PICTURES   a folder for pictures of what was seen, where wanted
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { pageOf } from '../../gateway/web/dev/results.mjs';

export const base = process.env.FTL_BASE_URL;
export const session = `demo-${'5'.repeat(64)}`;
export const run = '7b0e7a52-4c1a-4a55-9a51-1f2f3f4f5f6f';
/** A picture of nothing: one white pixel. */
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg==', 'base64');
export const link = (id) => `/api/demo/v2/analytics/results?test_run_id=${run}&prompt_id=${id}`;

let browser;
before(async () => {
  assert.ok(base, 'FTL_BASE_URL says what to test.');
  browser = await chromium.launch({ executablePath: process.env.FTL_CHROMIUM ?? '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
});
after(() => browser?.close());

export const newContext = (options) => browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });

export const result = (prompt_id, more = {}) => ({
  prompt_id, test_run_id: run, prompt: `What is ${prompt_id} times 7?`, success: true, response: `It is ${prompt_id * 7}.`, latency_ms: 100 * prompt_id, ttft_ms: 20 * prompt_id,
  input_tokens: 9, output_tokens: 10 + prompt_id, finish_reason: 'stop', attempts: 1, category: prompt_id % 2 ? 'odd' : 'even', ...more,
});
const sse = (lines) => lines.map((line) => `data: ${typeof line === 'string' ? line : JSON.stringify(line)}\n\n`).join('');

/**
 * A page with a session whose run has `results`; `atlas` are the lines of every answer, `routes` answer otherwise. `events` takes the request
 * for the run's events in the place of all at once, `prepare` the page before it is asked for.
 */
export async function visit({ events: takeEvents, prepare, results = Array.from({ length: 12 }, (_, n) => result(n + 1)), atlas = [{ content: 'Facts.' }, '[DONE]'], status = 'completed', expiresIn = 3_600_000, routes = {}, at = '#run', stored = {}, ...options } = {}) {
  const context = await newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const failed = results.filter(({ success }) => !success).length;
  const view = { id: run, status, test_suite_id: 's', test_suite_name: 'Times Tables', total_prompts: results.length, completed_prompts: results.length - failed, failed_prompts: failed, progress: 1 };
  const answers = {
    'GET /configure': () => ({ session_id: session, expires_at: new Date(Date.now() + expiresIn).toISOString(), model_id: 'm', model_name: 'Model M', endpoint_url: 'https://api.example.org/v1', created_at: new Date().toISOString(), connection_tested: true, connection_latency_ms: 90, latest_test_run_id: run }),
    'GET /batch-test': () => view,
    'GET /providers': () => ({ providers: [{ provider: 'custom', name: 'Any OpenAI-compatible endpoint', docs_url: 'https://example.org/docs' }] }),
    'GET /test-suites': () => ({ suites: [] }),
    'GET /test-suites/s': () => ({ id: 's', name: 'Times Tables', task_domain: 'qa', prompt_count: results.length }),
    // As the server does with a line for each prompt.
    'POST /test-suites/preview': (_, request) => {
      const prompts = (request.postDataBuffer()?.toString() ?? '').split('\n').filter(Boolean).map((prompt) => ({ prompt }));
      return { prompts: prompts.slice(0, 20), prompt_count: prompts.length, format: 'text', encoding: 'utf-8', left_out: [], faults: [], more_faults: 0 };
    },
    'GET /analytics/metrics': () => ({ p50_latency_ms: 650, p90_latency_ms: 1090, p95_latency_ms: 1145, output_tokens_per_second: 25.4, success_interval: { low: 75.8, high: 100 } }),
    'GET /analytics/results': (url) => pageOf(results, url.searchParams),
    'GET /export/formats': () => ({ formats: [{ format: 'pdf', name: 'PDF', extension: 'pdf', content_type: 'application/pdf', has_picture: true }, { format: 'csv', name: 'CSV', extension: 'csv', content_type: 'text/csv' }] }),
    'POST /cleanup': () => ({ success: true, message: '', deleted: { config: false, testRuns: 0, results: 0 } }),
    ...routes,
  };
  await context.route(/\/api\/demo\/v2\//, async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    const path = url.pathname.replace('/api/demo/v2', '');
    if (path.endsWith('/events')) {
      if (takeEvents) return takeEvents(route);
      const events = results.map((one, n) => `event: result\nid: ${n + 1}\ndata: ${JSON.stringify(one)}\n\n`).join('');
      return route.fulfill({ contentType: 'text/event-stream', body: `event: progress\ndata: ${JSON.stringify(view)}\n\n${events}event: done\nid: ${results.length + 1}\ndata: ${JSON.stringify(view)}\n\n` });
    }
    if (path === '/atlas') return route.fulfill({ contentType: 'text/event-stream', body: sse(atlas) });
    if (path === '/export' && url.searchParams.get('picture') === 'true') return route.fulfill({ contentType: 'image/png', body: pixel });
    const made = await answers[`${request.method()} ${path}`]?.(url, request);
    const code = made?.status_code ?? (made ? 200 : 404);
    await route.fulfill({ status: code, contentType: code < 400 ? 'application/json' : 'application/problem+json', body: JSON.stringify(made ?? { title: 'Not found' }) });
  });
  await page.addInitScript(
    ([id, more]) => {
      if (sessionStorage.getItem('ftl.session') === null) sessionStorage.setItem('ftl.session', JSON.stringify(id));
      for (const [name, value] of Object.entries(more)) sessionStorage.setItem(`ftl.${name}`, JSON.stringify(value));
    },
    [session, stored],
  );
  await prepare?.(page);
  await page.goto(`${base}/${at}`);
  return { page, context, close: () => context.close() };
}

export async function sound(page, name) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes.map((node) => node.html).join(' ').slice(0, 400)}`), []);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${name} is wider than the screen`);
  if (process.env.FTL_PICTURES) await page.screenshot({ path: `${process.env.FTL_PICTURES}/${name}.png`, fullPage: true });
}

/** Returns once the table draws `count` rows; the page's policy lets nobody evaluate a function there again and again. */
export async function rowsDrawn(page, count) {
  const rows = page.locator('.result-body [role=row]');
  for (let tries = 0; (await rows.count()) !== count; tries += 1) {
    assert.ok(tries < 160, `${await rows.count()} rows are drawn, not ${count}`);
    await page.waitForTimeout(50);
  }
}

/** The page's words in a language: a plural is its form for many. */
export function wordsOf(language) {
  const fileOf = (folder) => JSON.parse(readFileSync(new URL(`../../gateway/web/src/${folder}/words/${language}.json`, import.meta.url), 'utf8'));
  const words = { ...fileOf('lib'), ...fileOf('workspace') };
  return (key) => words[key].other ?? words[key];
}
