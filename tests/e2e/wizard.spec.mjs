// What a new user does, from landing to receipt, in chromium against a running installation.
//   FTL_BASE_URL         where the page is, such as http://127.0.0.1:8080
//   FTL_SAMPLE_ENDPOINT  an endpoint that the installation may call, such as http://127.0.0.1:9000/v1
//   FTL_SAMPLE_MODEL     a model there that answers (sample-fast)
//   FTL_CHROMIUM         the browser (/usr/bin/chromium)
// One session at a time: the installation allows an address no more.
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const base = process.env.FTL_BASE_URL;
const endpoint = process.env.FTL_SAMPLE_ENDPOINT;
const model = process.env.FTL_SAMPLE_MODEL ?? 'sample-fast';
const key = 'sk-e2e-0123456789abcdef';
const prompts = 10;

let browser;
before(async () => {
  assert.ok(base && endpoint, 'FTL_BASE_URL and FTL_SAMPLE_ENDPOINT say what to test.');
  browser = await chromium.launch({
    executablePath: process.env.FTL_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});
after(() => browser?.close());

/** A new visitor; `close` fails on anything the browser complained of. */
async function visitor(options) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !/^(blob|data):/.test(request.url())) complaints.push(`asked another origin: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const close = async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  };
  return { page, close };
}

/** No fault of accessibility that axe knows, and nothing wider than the screen. */
async function sound(page, step) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${step}: ${id} ${nodes.map((node) => node.html).join(' ')}`), []);
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(excess <= 0, `${step} is ${excess} px wider than the screen`);
}

const button = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name });

async function toConnect(page) {
  await page.goto(base);
  await heading(page, 'Test your fine-tuned model and explore results with Atlas').waitFor();
  await sound(page, 'welcome');
  await button(page, 'Start demo').click();
  await page.getByText('Q&A / Knowledge', { exact: true }).waitFor();
  await page.getByRole('radio', { name: /^Customer Support - Easy/ }).check();
  await page.getByText('Show the prompts').first().click();
  await page.locator('.prompts li').first().waitFor();
  await sound(page, 'domain');
  await button(page, 'Continue to connect').click();
  await heading(page, 'Connect your model').waitFor();
}

async function connect(page) {
  for (const promise of ['Encrypted with AES-256-GCM', 'Deleted after one hour at the latest', 'Data deleted when you export and clean up', 'Key never logged or stored in plain text']) {
    assert.ok(await page.getByText(promise, { exact: true }).isVisible(), promise);
  }
  assert.equal(await button(page, 'Run batch test').isEnabled(), false, 'no run before the connection is tested');
  await page.getByLabel('Endpoint URL').fill(endpoint);
  assert.equal(await page.getByLabel('API key', { exact: true }).getAttribute('type'), 'password');
  await page.getByLabel('API key', { exact: true }).fill(key);
  await page.getByLabel('Model id').fill(model);
  await sound(page, 'connect');
  await button(page, 'Test connection').click();
  await page.getByText('Connection successful').waitFor();
}

/** From the run's end the page goes on to Atlas by itself, unless it ended unseen. */
async function toAtlas(page) {
  const atlas = heading(page, 'Ask Atlas');
  const onward = button(page, 'Ask Atlas about it');
  await atlas.or(onward).first().waitFor({ timeout: 120_000 });
  await page.waitForTimeout(2500);
  if (!(await atlas.isVisible())) await onward.click();
  await answered(page, 0);
}

/** The answer to the nth question (0 the opening summary) is complete. */
async function answered(page, n) {
  const answer = page.locator('.exchange').nth(n).locator('.answer');
  await page.locator('.exchange').nth(n).locator('.answer[aria-busy=false]').waitFor({ timeout: 60_000 });
  assert.equal(await answer.getByRole('alert').count(), 0, 'the answer did not break off');
  return answer;
}

const sessionOf = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('ftl.session') ?? 'null'));

async function download(page, format) {
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, `Download ${format}`).click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

test('a new user tests a model, asks Atlas, takes the results along and leaves nothing behind', async () => {
  const { page, close } = await visitor({ viewport: { width: 1280, height: 900 } });
  await toConnect(page);
  await connect(page);
  const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
  assert.ok(!stored.includes(key), 'the browser stores no key');

  // One at a time, so that there is a middle of the run to reload in.
  await page.getByLabel('At the same time').fill('1');
  await page.getByLabel('At the same time').blur();
  await button(page, 'Run batch test').click();
  await heading(page, new RegExp(`^(Running|Ran) ${prompts} prompts from Customer Support - Easy$`)).waitFor();
  await page.getByText(/Prompt 1: /).waitFor();
  await page.reload();
  await page.getByText(/Prompt 1: \d+(\.\d)? m?s \| ~?\d+ tokens?/).or(page.locator('[data-mark=failed]')).first().waitFor();
  assert.match(page.url(), /#run$/);
  await sound(page, 'run');
  await toAtlas(page);

  const chips = page.getByRole('group', { name: 'Suggested questions' }).getByRole('button');
  assert.deepEqual((await chips.allTextContents()).slice(0, 5), ["What's my average latency?", 'Which prompts were slowest?', 'Show me responses under 100 tokens', "What's my p95 latency?", 'Any failed requests?']);
  await sound(page, 'atlas');
  await chips.first().click();
  const answer = await answered(page, 1);
  await answer.getByText(/\d+ tokens in, \d+ out/).waitFor();
  // Beside the answer stand the results; one of them opens by key and is a place in the address.
  await page.getByRole('rowgroup', { name: 'Rows' }).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Prompt 2' }).waitFor();
  assert.match(page.url(), /#atlas\?.*open=2/);
  await sound(page, 'an open result');
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });

  await page.reload();
  await answered(page, 1);
  assert.equal(await page.locator('.exchange').count(), 2, 'a reload keeps the conversation');

  await button(page, 'Export').click();
  await heading(page, 'Export and clean up').waitFor();
  await sound(page, 'export');
  const deleteAfter = page.getByLabel('Delete my data after this download');
  assert.equal(await deleteAfter.isChecked(), true);
  await deleteAfter.uncheck();
  const csv = await download(page, 'CSV');
  assert.match(csv.name, /^finetunelab-batch-test-\d{4}-\d\d-\d\d\.csv$/);
  assert.ok(csv.text.replace(/^\uFEFF/, '').startsWith('# Demo Batch Test Export'));
  assert.match(csv.text, new RegExp(`^Total Prompts,${prompts}\\r?$`, 'm'));
  assert.match(csv.text, /^prompt_id,prompt,response,latency_ms,success,/m);

  const session = await sessionOf(page);
  await deleteAfter.check();
  const json = await download(page, 'JSON');
  const report = JSON.parse(json.text);
  assert.equal(report.results.length, prompts);
  assert.equal(report.metrics.total_prompts, prompts);
  assert.equal(report.metrics.completed_prompts, report.results.filter(({ success }) => success).length);
  for (const text of [csv.text, json.text]) assert.ok(!text.includes(key) && !text.includes(session), 'neither key nor session is in a report');

  await heading(page, 'Your API credentials have been securely deleted').waitFor();
  await page.getByText('Thanks for trying FineTuneLab!').waitFor();
  await page.getByRole('group', { name: 'Receipt' }).getByText('Session data deleted successfully').waitFor();
  assert.match(await page.getByRole('group', { name: 'Receipt' }).innerText(), new RegExp(`Results deleted\\s+${prompts}\\b`));
  await sound(page, 'receipt');
  assert.equal(await sessionOf(page), null);
  const gone = await fetch(`${base}/api/demo/v2/configure`, { headers: { Authorization: `Bearer ${session}` } });
  assert.equal(gone.status, 410);
  await close();
});

test('whoever has no key is two clicks from results: the sample model', async () => {
  const { page, close } = await visitor({ viewport: { width: 1280, height: 900 } });
  await page.goto(base);
  // A figure of the example opens the row it came from.
  const example = page.getByRole('region', { name: 'An example, from a real run' });
  await example.getByRole('button', { name: /^Slowest answer/ }).click();
  await example.getByText('Prompt 1', { exact: true }).waitFor();
  await example.getByText(/Nobel Prize for his theory/).waitFor();
  await button(page, 'Try it with the sample model').click();
  await heading(page, /^(Running|Ran) 10 prompts from Q&A - Medium$/).waitFor();
  await toAtlas(page);
  await button(page, 'Export').click();
  await button(page, 'Delete everything').click();
  await button(page, 'Yes, delete everything').click();
  await heading(page, 'Your API credentials have been securely deleted').waitFor();
  await close();
});

test('on a phone, in the dark, with own prompts, stopped halfway and deleted at once', async () => {
  const { page, close } = await visitor({ viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true });
  await toConnect(page);
  await page.getByRole('button', { name: /Task domain/ }).click();
  await page.getByRole('radio', { name: /^Your own prompts/ }).check();
  await page.getByLabel('Prompts', { exact: true }).fill(Array.from({ length: 8 }, (_, n) => `Count to ${n + 1}.`).join('\n'));
  await page.getByText('8 prompts read.').waitFor();
  await sound(page, 'own prompts');
  await button(page, 'Continue to connect').click();
  await connect(page);
  await page.getByLabel('At the same time').fill('1');
  await page.getByLabel('At the same time').blur();
  await button(page, 'Run batch test').click();
  await page.getByText(/Prompt 1: /).waitFor();
  // A quick endpoint may be done before the hand is at the button.
  await button(page, 'Stop').click({ timeout: 2000 }).catch(() => {});
  await heading(page, /^(Stopped: |Ran )8 prompts from My prompts$/).waitFor();
  await toAtlas(page);
  await sound(page, 'atlas');
  await button(page, 'Export').click();
  await sound(page, 'export');
  await button(page, 'Delete everything').click();
  await button(page, 'Yes, delete everything').click();
  await heading(page, 'Your API credentials have been securely deleted').waitFor();
  await sound(page, 'receipt');
  const { workspace } = await (await fetch(`${base}/api/demo/v2/providers`)).json();
  assert.equal(await page.locator('main').getByRole('link', { name: 'Workspace' }).count(), workspace ? 1 : 0);
  await close();
});

test('the keyboard alone leads from landing to the connection test, and the focus follows each step', async () => {
  const { page, close } = await visitor({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  const focused = () => page.evaluate(() => (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.labels?.[0]?.innerText ?? document.activeElement?.textContent ?? '').trim());
  const tabTo = async (wanted) => {
    for (let n = 0; n < 40; n += 1) {
      if (wanted.test(await focused())) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`the focus never came to ${wanted}`);
  };
  await page.goto(base);
  await button(page, 'Start demo').waitFor();
  await tabTo(/^Start demo$/);
  await page.keyboard.press('Enter');
  await page.getByRole('radio', { name: /^Customer Support - Easy/ }).waitFor();
  assert.equal(await focused(), 'What should the model be good at?');
  await tabTo(/^Customer Support - /);
  await page.keyboard.press('Space');
  await tabTo(/^Continue to connect$/);
  await page.keyboard.press('Enter');
  await page.getByLabel('Endpoint URL').waitFor();
  assert.equal(await focused(), 'Connect your model');
  await tabTo(/^Endpoint URL$/);
  await page.keyboard.type('not a URL');
  await tabTo(/^Test connection$/);
  await page.keyboard.press('Enter');
  assert.match(await page.locator(':focus').getAttribute('id'), /url/, 'the field at fault has the focus');
  await page.locator('#url-says.fault, #url-says .fault').waitFor();
  await close();
});

test('the API page shows the description under the same policy', async () => {
  const { page, close } = await visitor({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${base}/docs`);
  await page.locator('.opblock').first().waitFor();
  await close();
});
