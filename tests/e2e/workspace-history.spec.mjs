// The log of calls in a real browser against a running installation: filters in the address, a call opened, made once more, and taken along.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { sound, wordsOf } from './written-api.mjs';
import { api, phone, storeSampleKey, visitWorkspace } from './workspace-visitor.mjs';

const say = wordsOf('en');
const key = 'history in the browser';
const button = (page, name) => page.getByRole('button', { name, exact: true });
const rows = (page) => page.locator('.requests tbody tr');

/** Makes calls that stand in the log: those of a little benchmark. */
async function makeCalls(t, model, requests) {
  await storeSampleKey(t, key);
  const { id } = await api('POST', '/benchmark/llm', { model: { service: 'openai_compatible', name: key, id: model }, requests, output_tokens: 16 });
  for (let tries = 0; (await api('GET', `/benchmark/llm/${id}`)).status === 'running'; tries += 1) {
    assert.ok(tries < 200, 'the benchmark ends');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('calls are counted, filtered by what the address says, opened, and made once more beside the original', async (t) => {
  const counted = async () => (await api('GET', '/api/history/analytics?days=7')).total_requests;
  const before = await counted();
  await makeCalls(t, 'sample-echo', 3);
  await makeCalls(t, 'sample-zero', 2);
  // A benchmark warms up with calls of its own.
  const after = await counted();
  assert.ok(after >= before + 5, `${after} calls after ${before}`);
  const { total } = await api('GET', '/api/history?limit=1');
  const { page, close } = await visitWorkspace('#history');
  await rows(page).nth(4).waitFor();
  const shown = (n) => new Intl.NumberFormat('en').format(n);
  assert.equal(await page.locator('.found').innerText(), say('history.count').replace('{n}', shown(total)));
  assert.equal(await page.locator('.measure-value').first().innerText(), shown(after));
  await sound(page, 'workspace-history');
  await page.locator('.ranks').getByRole('button', { name: /sample-zero/ }).click();
  assert.match(page.url(), /model=sample-zero/);
  await page.reload();
  await rows(page).first().waitFor();
  assert.deepEqual([...new Set(await page.locator('.requests tbody .request-model').allInnerTexts())], ['sample-zero']);
  await button(page, say('table.show_all')).click();
  assert.doesNotMatch(page.url(), /model=/);

  await rows(page).filter({ hasText: 'sample-echo' }).first().getByRole('button').click();
  const drawer = page.getByRole('complementary').last();
  await drawer.getByText(say('result.answer'), { exact: true }).waitFor();
  await sound(page, 'workspace-history-call');
  const opened = page.url();
  await button(page, say('history.replay.do')).click();
  await drawer.getByText(say('history.original'), { exact: true }).waitFor();
  assert.notEqual(page.url(), opened);
  await sound(page, 'workspace-history-replay');
  await page.goBack();
  await drawer.getByText(say('history.original'), { exact: true }).waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await close();
});

test('more of the log comes once, and only of what is asked for', async () => {
  const { page, close } = await visitWorkspace('#keys');
  const row = (model, n) => ({ id: `${model}-${n}`, timestamp: new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString(), kind: 'chat', service: 'openai', key_name: 'default', model, status: 'success', tokens_estimated: false });
  const late = [];
  await page.route(/\/api\/history\?/, async (route) => {
    const asked = new URL(route.request().url()).searchParams;
    const model = asked.get('status') ? 'narrowed' : 'any';
    const isMore = asked.has('page_token');
    if (isMore) await new Promise((resolve) => late.push(resolve));
    const requests = Array.from({ length: 3 }, (_, n) => row(model, isMore ? n + 3 : n));
    // One that was asked for no longer has nobody to answer.
    await route.fulfill({ json: { requests, total: 6, ...(isMore ? {} : { next_page_token: 'more' }) } }).catch(() => {});
  });
  const answerLate = async (count) => {
    for (let tries = 0; late.length < count; tries += 1) {
      assert.ok(tries < 100, `${count} calls for more`);
      await page.waitForTimeout(50);
    }
    for (const answer of late.splice(0)) answer();
    await page.waitForTimeout(300);
  };
  await page.getByRole('link', { name: say('view.history') }).click();
  await button(page, say('history.more')).click();
  await button(page, say('history.more')).click();
  await answerLate(2);
  assert.equal(await rows(page).count(), 6, 'each row once');

  await page.reload();
  await button(page, say('history.more')).click();
  await page.getByLabel(say('history.status')).selectOption('error');
  await rows(page).filter({ hasText: 'narrowed' }).first().waitFor();
  await answerLate(1);
  assert.deepEqual([...new Set(await rows(page).locator('.request-model').allInnerTexts())], ['narrowed']);
  await close();
});

test('a day that is chosen is the day that is shown, far from UTC', async () => {
  const { page, close } = await visitWorkspace('#history', { timezoneId: 'Asia/Tokyo' });
  for (const name of ['from', 'to']) {
    const field = page.getByLabel(say(`history.${name}`), { exact: true });
    await field.fill('2026-03-08');
    await field.dispatchEvent('change');
    assert.match(page.url(), new RegExp(`${name}=2026-03-0${name === 'from' ? 7 : 8}T15`));
    await page.reload();
    await field.waitFor();
    assert.equal(await field.inputValue(), '2026-03-08');
  }
  await close();
});

test('the log is taken along as a file', async (t) => {
  await makeCalls(t, 'sample-zero', 1);
  const { page, close } = await visitWorkspace('#history');
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'JSONL' }).click();
  const lines = (await readFile(await (await coming).path(), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.some(({ model }) => model === 'sample-zero'));
  await close();
});

for (const [name, options] of Object.entries({ dark: { colorScheme: 'dark' }, narrow: { viewport: { width: 800, height: 900 } }, phone, 'phone-dark-de': { ...phone, colorScheme: 'dark', locale: 'de-DE' } })) {
  test(`history is sound: ${name}`, async (t) => {
    await makeCalls(t, 'sample-fast', 2);
    const { page, close } = await visitWorkspace('#history', options);
    await rows(page).first().waitFor();
    await page.locator('.measure-value').first().waitFor();
    await sound(page, `workspace-${name}-history`);
    await rows(page).first().getByRole('button').click();
    await page.locator('.drawer .replay').waitFor();
    await sound(page, `workspace-${name}-history-call`);
    await close();
  });
}
