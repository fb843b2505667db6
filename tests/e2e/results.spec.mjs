// What the page makes of answers that no sample endpoint gives: the browser is real, the API's answers are written here.
//   FTL_BASE_URL   where the page is
//   FTL_CHROMIUM   the browser (/usr/bin/chromium)
//   FTL_PICTURES   a folder for pictures of what was seen, where wanted
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const base = process.env.FTL_BASE_URL;
const session = `demo-${'5'.repeat(64)}`;
const run = '7b0e7a52-4c1a-4a55-9a51-1f2f3f4f5f6f';
const link = (id) => `/api/demo/v2/analytics/results?test_run_id=${run}&prompt_id=${id}`;

let browser;
before(async () => {
  assert.ok(base, 'FTL_BASE_URL says what to test.');
  browser = await chromium.launch({ executablePath: process.env.FTL_CHROMIUM ?? '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
});
after(() => browser?.close());

const result = (prompt_id, more = {}) => ({
  prompt_id, test_run_id: run, prompt: `What is ${prompt_id} times 7?`, success: true, response: `It is ${prompt_id * 7}.`, latency_ms: 100 * prompt_id, ttft_ms: 20 * prompt_id,
  input_tokens: 9, output_tokens: 10 + prompt_id, finish_reason: 'stop', attempts: 1, category: prompt_id % 2 ? 'odd' : 'even', ...more,
});
const sse = (lines) => lines.map((line) => `data: ${typeof line === 'string' ? line : JSON.stringify(line)}\n\n`).join('');

/** A page with a session whose run has `results`; `atlas` are the lines of every answer, `routes` answer otherwise. */
async function visit({ results = Array.from({ length: 12 }, (_, n) => result(n + 1)), atlas = [{ content: 'Facts.' }, '[DONE]'], status = 'completed', expiresIn = 3_600_000, routes = {}, at = '#run', stored = {}, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
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
    'GET /analytics/metrics': () => ({ p50_latency_ms: 650, p95_latency_ms: 1145, output_tokens_per_second: 25.4, success_interval: { low: 75.8, high: 100 } }),
    'GET /analytics/results': (url) => ({ results: results.filter(({ prompt_id }) => url.searchParams.getAll('prompt_id').includes(String(prompt_id))) }),
    'GET /export/formats': () => ({ formats: [{ format: 'csv', name: 'CSV', extension: 'csv', content_type: 'text/csv' }] }),
    'POST /cleanup': () => ({ success: true, message: '', deleted: { config: false, testRuns: 0, results: 0 } }),
    ...routes,
  };
  await context.route(/\/api\/demo\/v2\//, async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    const path = url.pathname.replace('/api/demo/v2', '');
    if (path.endsWith('/events')) {
      const events = results.map((one, n) => `event: result\nid: ${n + 1}\ndata: ${JSON.stringify(one)}\n\n`).join('');
      return route.fulfill({ contentType: 'text/event-stream', body: `event: progress\ndata: ${JSON.stringify(view)}\n\n${events}event: done\nid: ${results.length + 1}\ndata: ${JSON.stringify(view)}\n\n` });
    }
    if (path === '/atlas') return route.fulfill({ contentType: 'text/event-stream', body: sse(atlas) });
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
  await page.goto(`${base}/${at}`);
  return { page, context, close: () => context.close() };
}

async function sound(page, name) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes.map((node) => node.html).join(' ').slice(0, 400)}`), []);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${name} is wider than the screen`);
  if (process.env.FTL_PICTURES) await page.screenshot({ path: `${process.env.FTL_PICTURES}/${name}.png`, fullPage: true });
}

const rowsOf = (page) => page.locator('.result-body [role=row] .cell-n span:first-child').allTextContents();

test('wrong answers are no success: two marks, a reading, and a filter that finds them', async () => {
  const results = Array.from({ length: 12 }, (_, n) => result(n + 1, { checks: [{ kind: 'contains', passed: n === 0 }, { kind: 'numeric', passed: n < 2, detail: 'expected 42, found 41' }] }));
  const { page, close } = await visit({ results });
  const reading = page.getByRole('button', { name: /^Checks passed/ });
  await reading.waitFor();
  await page.getByText('95%: 76 to 100%').waitFor();
  await page.getByText('25.4').waitFor();
  assert.match(await reading.innerText(), /3\s*\/24/);
  assert.equal(await page.locator('.result-body .cell-checks .good').count(), 1, 'one prompt passed all of its checks');
  assert.equal(await page.locator('.result-body .good').count(), 1, 'nothing else is green');
  await sound(page, 'run-checks');
  await reading.click();
  assert.equal((await rowsOf(page)).length, 11);
  assert.match(page.url(), /f=checks/);
  await close();
});

test('only what the server says has an origin leads anywhere, and it leads there', async () => {
  const content = 'The 5 slowest: #12 “What is 12 times 7?” (1.2 s).';
  const from = content.indexOf('1.2 s');
  const { page, close } = await visit({ at: '#atlas', atlas: [{ content, figures: [{ from, to: from + 5, link: link(12) }] }, '[DONE]'] });
  const answer = page.locator('.answer');
  await answer.getByText('The 5 slowest').waitFor();
  assert.deepEqual(await answer.locator('.prose button').allTextContents(), ['1.2 s']);
  await answer.getByRole('button', { name: '1.2 s' }).click();
  await page.getByRole('complementary', { name: 'Prompt 12' }).waitFor();
  assert.deepEqual(await rowsOf(page), ['12']);
  await page.getByText('The one result behind it').waitFor();
  await sound(page, 'atlas-figure');
  await close();
});

test("the model's comment keeps its table, its HTML stays text in one piece, code can be reached by key", async () => {
  const comment = "Facts.\n\n**Your model's comment:** | a | b |\n| --- | --- |\n| 1 | 2 |\n\n<div><b>bold</b> move</div>\n\n```js\nlet x = 1;\n```\n\nשלום עולם";
  const { page, close } = await visit({ at: '#atlas', atlas: [{ content: comment }, '[DONE]'] });
  const block = page.getByRole('group', { name: "Your model's comment" });
  await block.locator('table td').first().waitFor();
  assert.equal((await block.getByText('<div><b>bold</b> move</div>').count()), 1);
  assert.equal(await block.locator('pre').getAttribute('tabindex'), '0');
  assert.equal(await block.getByText('שלום').evaluate((node) => getComputedStyle(node).direction), 'rtl');
  await sound(page, 'atlas-comment');
  await close();
});

test('several run settings are changed one after the other and all of them are sent', async () => {
  const sent = [];
  const { page, close } = await visit({
    at: '#connect',
    stored: { choice: { domain: 'qa', suiteId: 's' } },
    routes: { 'POST /batch-test': (_, request) => (sent.push(JSON.parse(request.postData())), { success: true, test_run_id: run, status: 'pending', total_prompts: 12 }) },
  });
  await page.getByLabel('At the same time').click();
  await page.getByLabel('At the same time').fill('32');
  await page.getByLabel('Longest answer').click();
  await page.getByLabel('Longest answer').fill('77');
  await page.getByRole('button', { name: 'Run batch test' }).click();
  await page.getByRole('heading', { level: 1, name: /^Ran 12/ }).waitFor();
  assert.deepEqual([sent[0].concurrency, sent[0].max_tokens], [32, 77]);
  await close();
});

test('the formats offered are those that the server lists', async () => {
  const { page, close } = await visit({ at: '#export' });
  await page.getByRole('button', { name: 'Download CSV' }).waitFor();
  assert.equal(await page.getByRole('button', { name: /^Download/ }).count(), 1);
  await sound(page, 'export');
  await close();
});

test('connecting: the focus stays, models of another URL go, one advice stands at its field, no tick for a forbidden address', async () => {
  const { page, close } = await visit({
    at: '#connect',
    routes: {
      'POST /configure/models': () => ({ models: [{ id: 'one' }, { id: 'two' }] }),
      'POST /configure/test': async () => (await new Promise((resolve) => setTimeout(resolve, 300)), { success: false, error: 'The key was refused (401). Check that all of it was pasted.', error_type: 'auth' }),
    },
  });
  assert.equal(await page.getByText(/How Any OpenAI/).count(), 0);
  await page.getByRole('button', { name: 'Find models' }).click();
  await page.getByRole('button', { name: 'two', exact: true }).waitFor();
  const test = page.getByRole('button', { name: /^Test/ });
  await test.focus();
  await page.keyboard.press('Enter');
  await page.locator('#key-says .fault').waitFor();
  assert.equal(await test.evaluate((node) => node === document.activeElement), true, 'the button pressed keeps the focus');
  assert.equal(await page.getByText('The key was refused').count(), 1, 'told once');
  await sound(page, 'connect-refused');
  await page.getByLabel('Endpoint URL').fill('http://10.0.0.7/v1');
  assert.equal(await page.getByRole('button', { name: 'two', exact: true }).count(), 0);
  assert.doesNotMatch(await page.locator('#url-says').innerText(), /✓/);
  await page.locator('#url-says .fault').waitFor();
  await close();
});

test('an expired session is asked for a few times, not again and again', async () => {
  let asked = 0;
  const expired = { status_code: 410, title: 'Session over', detail: 'This session has ended.', code: 'session_expired' };
  const { page, close } = await visit({
    expiresIn: 1500,
    routes: { 'GET /configure': (() => { const end = new Date(Date.now() + 2500).toISOString(); return () => (Date.parse(end) > Date.now() ? { session_id: session, expires_at: end, model_id: 'm', model_name: 'M', endpoint_url: 'https://api.example.org/v1', created_at: end, connection_tested: true, latest_test_run_id: run } : (asked++, expired)); })() },
  });
  await page.getByRole('heading', { name: 'This session is over' }).waitFor();
  await page.waitForTimeout(1500);
  assert.ok(asked >= 1 && asked <= 2, `${asked} calls were answered 410`);
  await close();
});

test('a session that another tab holds can be gone on with here, or deleted', async () => {
  let deleted = 0;
  const { page, context, close } = await visit({
    routes: {
      'POST /configure': () => ({ status_code: 429, title: 'Active session exists', detail: 'Go on with it, delete it, or wait.', code: 'active_session_exists' }),
      'POST /cleanup': () => (deleted++, { success: true, message: '', deleted: { config: true, testRuns: 1, results: 12 } }),
    },
  });
  const refused = async () => {
    const other = await context.newPage();
    await other.addInitScript(() => sessionStorage.getItem('ftl.choice') ?? sessionStorage.setItem('ftl.choice', JSON.stringify({ domain: 'qa', suiteId: 's' })));
    await other.goto(`${base}/#connect`);
    await other.getByLabel('Endpoint URL').fill('https://api.example.org/v1');
    await other.getByLabel('Model id').fill('m');
    await other.getByRole('button', { name: 'Test connection' }).click();
    await other.getByRole('button', { name: 'Go on with it here' }).waitFor();
    return other;
  };
  await page.getByRole('heading', { level: 1, name: /^Ran 12/ }).waitFor();
  const second = await refused();
  await second.getByRole('button', { name: 'Go on with it here' }).click();
  await second.getByRole('timer').waitFor();
  await page.getByText('It goes on in another tab.').waitFor();
  const third = await refused();
  await third.getByRole('button', { name: 'Delete it' }).click();
  await third.getByText('It is deleted.').waitFor();
  assert.equal(deleted, 1);
  await close();
});

test('a file too long for a field is read without holding the page', async () => {
  const { page, close } = await visit({ at: '#domain' });
  await page.getByRole('radio', { name: /^Your own prompts/ }).check();
  const buffer = Buffer.from('A prompt of some words that goes on for a while.\n'.repeat(100_000));
  await page.getByLabel('Upload a file').setInputFiles({ name: 'long.txt', mimeType: 'text/plain', buffer });
  await page.getByText('100000 prompts read.').waitFor();
  assert.equal(await page.locator('textarea').count(), 0);
  await page.getByRole('button', { name: 'Take it away' }).click();
  await page.locator('textarea').waitFor();
  await close();
});

test('what the server could not read or left out of own prompts is said before anything is sent, and they outlive a reload', async () => {
  const says = { prompts: [{ prompt: 'Hi?', expected_answer: 'Hello' }], prompt_count: 1, format: 'csv', shape: 'promptfoo', encoding: 'windows-1252', left_out: ['notes'], faults: [], more_faults: 0 };
  const seen = [];
  const { page, close } = await visit({
    at: '#domain',
    routes: {
      'POST /test-suites/preview': (url, request) => {
        seen.push([url.searchParams.get('content_format'), request.headers()['content-type'], request.postDataBuffer().toString()]);
        return seen.at(-1)[2].includes('wrong') ? { ...says, prompt_count: 0, prompts: [], faults: [{ line: 2, message: 'prompt is missing' }], more_faults: 7 } : says;
      },
    },
  });
  await page.getByRole('radio', { name: /^Your own prompts/ }).check();
  const field = page.getByLabel('Prompts', { exact: true });
  await field.fill('wrong');
  await page.getByText('Line 2: prompt is missing').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Continue to connect' }).isEnabled(), false);
  await field.fill('question,__expected,notes\nHi?,Hello,x');
  await page.getByText('Table · promptfoo · windows-1252 · left out: notes').waitFor();
  assert.deepEqual(seen.at(-1), ['auto', 'application/octet-stream', 'question,__expected,notes\nHi?,Hello,x']);
  await page.getByText('Show the prompts').click();
  await page.getByText('expects “Hello”').waitFor();
  await sound(page, 'own-prompts-read');
  await page.reload();
  await page.getByRole('radio', { name: /^Your own prompts/ }).check();
  assert.equal(await field.inputValue(), 'question,__expected,notes\nHi?,Hello,x');
  await page.getByText('1 prompt read.').waitFor();
  await close();
});

test('what the table shows stands in the address: a reload and a copied link bring it back', async () => {
  const { page, close } = await visit({ at: '#run?sort=-latency&category=even&open=8' });
  await page.getByRole('complementary', { name: 'Prompt 8' }).waitFor();
  assert.deepEqual(await rowsOf(page), ['12', '10', '8', '6', '4', '2']);
  await sound(page, 'run-drawer');
  await page.keyboard.press('j');
  await page.getByRole('complementary', { name: 'Prompt 6' }).waitFor();
  await page.reload();
  await page.getByRole('complementary', { name: 'Prompt 6' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('searchbox').fill('/times 7.*42/s');
  await page.waitForFunction(() => document.querySelectorAll('.result-body [role=row]').length === 1);
  assert.match(decodeURIComponent(page.url()), /q=\/times/);
  await close();
});

test('ten thousand results: the table draws what is in view', async () => {
  const { page, close } = await visit({ results: Array.from({ length: 10_000 }, (_, n) => result(n + 1)) });
  await page.getByRole('heading', { level: 1, name: /^Ran 10000/ }).waitFor();
  await page.getByRole('rowgroup', { name: 'Rows' }).focus();
  await page.keyboard.press('End');
  await page.locator('.result-body .cell-n', { hasText: /^10000/ }).waitFor();
  assert.ok((await page.locator('.result-body [role=row]').count()) < 80);
  await close();
});

for (const [name, options] of Object.entries({ wide: {}, dark: { colorScheme: 'dark' }, phone: { viewport: { width: 390, height: 844 }, hasTouch: true }, 'phone-dark': { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'dark' } })) {
  test(`every view is sound: ${name}`, async () => {
    const results = Array.from({ length: 20 }, (_, n) => result(n + 1, n === 5 ? { success: false, response: undefined, error: 'The endpoint limits this key (429).', error_type: 'rate_limit' } : { checks: [{ kind: 'contains', passed: n % 4 !== 0 }], latency_ms: 300 + ((n * 7919) % 1900) }));
    const { page, close } = await visit({ results, at: '#welcome', reducedMotion: 'reduce', ...options });
    await page.getByRole('button', { name: 'Start demo' }).waitFor();
    await sound(page, `${name}-1-welcome`);
    for (const [step, ready] of [['domain', 'What should'], ['connect', 'Connect your'], ['run', 'Ran 20'], ['atlas', 'Ask Atlas'], ['export', 'Export and']]) {
      await page.evaluate((to) => (location.hash = to), step);
      await page.getByRole('heading', { level: 1, name: new RegExp(`^${ready}`) }).waitFor();
      await page.waitForTimeout(200);
      await sound(page, `${name}-${step}`);
    }
    await page.evaluate(() => (location.hash = 'run?open=3'));
    await page.getByRole('complementary', { name: 'Prompt 3' }).waitFor();
    await sound(page, `${name}-drawer`);
    await close();
  });
}
