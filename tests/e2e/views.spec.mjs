// Every view in both widths, both colours and several languages: sound for axe, no wider than the screen; what is chosen by hand holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { result, sound, visit, wordsOf } from './written-api.mjs';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };
const eyes = {
  wide: {},
  'dark-ja': { colorScheme: 'dark', locale: 'ja-JP' },
  'phone-de': { ...phone, locale: 'de-CH' },
  'phone-dark': { ...phone, colorScheme: 'dark' },
};

for (const [name, options] of Object.entries(eyes)) {
  test(`every view is sound: ${name}`, async () => {
    const say = wordsOf((options.locale ?? 'en').slice(0, 2));
    const results = Array.from({ length: 20 }, (_, n) => result(n + 1, n === 5 ? { success: false, response: undefined, error: 'The endpoint limits this key (429).', error_type: 'rate_limit' } : { checks: [{ kind: 'contains', passed: n % 4 !== 0 }], latency_ms: 300 + ((n * 7919) % 1900) }));
    const { page, close } = await visit({ results, at: '#welcome', reducedMotion: 'reduce', ...options });
    const titles = { welcome: 'welcome.claim', domain: 'domain.title', connect: 'connect.title', run: 'run.ran_of', atlas: 'atlas.title', export: 'export.title' };
    for (const [step, title] of Object.entries(titles)) {
      await page.evaluate((to) => (location.hash = to), step);
      await page.getByRole('heading', { level: 1, name: say(title).replace('{n}', '20').replace('{suite}', 'Times Tables') }).waitFor();
      await page.waitForTimeout(200);
      await sound(page, `${name}-${step}`);
    }
    await page.evaluate(() => (location.hash = 'run?open=3'));
    await page.getByRole('complementary', { name: say('result.prompt_n').replace('{n}', '3') }).waitFor();
    await sound(page, `${name}-drawer`);
    await close();
  });
}

test("the browser's language is spoken, another is chosen by hand, kept, and told to Atlas; only the one in use is loaded", async () => {
  const asked = [];
  const { page, context, close } = await visit({ locale: 'pt-BR', at: '#run' });
  const loaded = new Set();
  page.on('request', (request) => {
    const file = /\/assets\/(..)-[^/]*\.js$/.exec(request.url());
    if (file) loaded.add(file[1]);
    if (request.url().endsWith('/atlas')) asked.push(request.postDataJSON().language);
  });
  await page.getByRole('heading', { level: 1, name: '12 prompts de Times Tables executados' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'pt');
  await page.locator('.bottom select').first().selectOption('de');
  await page.getByRole('heading', { level: 1, name: '12 Prompts aus Times Tables gelaufen' }).waitFor();
  await page.getByText('0,7 s', { exact: true }).first().waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Atlas dazu fragen' }).click();
  await page.locator('.answer[aria-busy=false]').waitFor();
  assert.deepEqual(asked, ['de']);
  assert.ok(!loaded.has('en') && !loaded.has('fr') && !loaded.has('ja'), [...loaded].join());
  // Another page of this browser opens in it too.
  const other = await context.newPage();
  await other.goto(page.url().replace(/#.*/, ''));
  await other.getByRole('heading', { name: wordsOf('de')('welcome.claim') }).waitFor();
  await close();
});

test('light or dark can be chosen by hand against the system, and is kept', async () => {
  const { page, close } = await visit({ colorScheme: 'light', at: '#export' });
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await page.getByLabel('Appearance').selectOption('dark');
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.reload();
  await page.getByLabel('Appearance').waitFor();
  assert.equal(await paper(), dark);
  await page.getByLabel('Appearance').selectOption('system');
  assert.equal(await paper(), light);
  await close();
});
