// The workspace in a real browser, against a running installation with FTL_WORKSPACE=local: keys and tokens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base, newContext, sound, wordsOf } from './written-api.mjs';
import { api, chooseModel, phone, sample, storeSampleKey, visitWorkspace } from './workspace-visitor.mjs';

const say = wordsOf('en');
const button = (page, name) => page.getByRole('button', { name, exact: true });

test('the wizard leads to the workspace, and a new run back to the wizard', async () => {
  const context = await newContext();
  const page = await context.newPage();
  await page.goto(base);
  await page.getByRole('link', { name: say('app.workspace') }).click();
  await page.getByRole('navigation', { name: say('frame.views') }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/workspace');
  await page.getByRole('link', { name: say('frame.new_run') }).click();
  await page.getByRole('heading', { name: say('welcome.claim') }).waitFor();
  await context.close();
});

test('where there is no wizard, nothing leads to a new run', async () => {
  const context = await newContext();
  const page = await context.newPage();
  await page.route('**/api/demo/v2/providers', (route) => route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"title":"Not found"}' }));
  const answered = page.waitForResponse('**/api/demo/v2/providers');
  await page.goto(`${base}/workspace#keys`);
  await answered;
  await page.getByRole('heading', { name: say('keys.add') }).waitFor();
  assert.equal(await page.getByRole('link', { name: say('frame.new_run') }).count(), 0);
  await context.close();
});

test('a key is refused where its format or its service refuses it, then stored, tested, replaced and deleted', async (t) => {
  const name = 'ours, in the browser';
  t.after(() => api('DELETE', `/api-keys/openai_compatible?name=${encodeURIComponent(name)}`));
  const { page, close } = await visitWorkspace('#keys', { refusals: 2 });
  await page.getByRole('heading', { name: say('keys.add') }).waitFor();
  await sound(page, 'workspace-keys-none');

  await page.getByLabel(say('keys.service')).selectOption('anthropic');
  await page.getByLabel(say('connect.key'), { exact: true }).fill('sk-of-somebody-else-0123456789');
  await button(page, say('keys.store')).click();
  const says = page.locator('#api_key-says .fault');
  await says.waitFor();
  assert.match(await says.textContent(), /sk-ant-/);

  await page.getByLabel(say('keys.service')).selectOption('openai_compatible');
  await page.getByLabel(say('keys.name'), { exact: true }).fill(name);
  await page.getByLabel(say('keys.address')).fill(sample);
  await page.getByLabel(say('connect.key'), { exact: true }).fill('wrong-key');
  await button(page, say('keys.store')).click();
  await page.getByText('is refused by the service').waitFor();
  await sound(page, 'workspace-keys-refused');
  assert.ok(!(await page.getByRole('list', { name: say('keys.list') }).textContent()).includes(name));

  await page.getByLabel(say('connect.key'), { exact: true }).fill('sk-in-the-browser-0123456789-wxyz');
  await button(page, say('keys.store')).click();
  const row = page.getByRole('listitem').filter({ hasText: name });
  await row.getByText('…wxyz').waitFor();
  assert.ok(!(await page.content()).includes('sk-in-the-browser'));
  await row.getByRole('button', { name: `${say('keys.test')}: ${name}` }).click();
  await row.getByText('works, tested').waitFor();
  await sound(page, 'workspace-keys');

  await row.getByRole('button', { name: `${say('keys.replace')}: ${name}` }).click();
  assert.ok(await page.getByLabel(say('connect.key'), { exact: true }).evaluate((field) => field === document.activeElement));
  await page.getByLabel(say('connect.key'), { exact: true }).fill('sk-in-the-browser-0123456789-abcd');
  await button(page, say('keys.store')).click();
  await row.getByText('…abcd').waitFor();

  await row.getByRole('button', { name: `${say('common.delete')}: ${name}` }).click();
  await row.getByRole('button', { name: say('common.keep') }).click();
  await row.getByRole('button', { name: `${say('common.delete')}: ${name}` }).click();
  await row.getByRole('button', { name: say('common.delete'), exact: true }).click();
  await row.waitFor({ state: 'detached' });
  await close();
});

test('the models of a key that was just stored are there to choose', async (t) => {
  const name = 'stored a moment ago';
  t.after(() => api('DELETE', `/api-keys/openai_compatible?name=${encodeURIComponent(name)}`));
  const { page, close } = await visitWorkspace('#chat');
  const listed = page.waitForResponse('**/api/models');
  await page.getByRole('combobox', { name: say('models.model') }).click();
  await listed;
  await page.getByRole('link', { name: say('view.keys') }).click();
  await page.getByLabel(say('keys.service')).selectOption('openai_compatible');
  await page.getByLabel(say('keys.name'), { exact: true }).fill(name);
  await page.getByLabel(say('keys.address')).fill(sample);
  await button(page, say('keys.store')).click();
  await page.getByRole('listitem').filter({ hasText: name }).waitFor();
  await page.getByRole('link', { name: say('view.chat'), exact: true }).click();
  await chooseModel(page, page.getByRole('combobox', { name: say('models.model') }), 'sample-fast', name);
  await close();
});

test('a token is shown once, opens what it may, and nothing once it is deleted', async (t) => {
  t.after(async () => {
    for (const { id, name } of (await api('GET', '/api/tokens')).tokens) if (name === 'By the browser') await api('DELETE', `/api/tokens/${id}`);
  });
  const { page, close } = await visitWorkspace('#keys');
  await page.getByLabel(say('tokens.name')).fill('By the browser');
  await page.getByLabel(say('scope.keys'), { exact: true }).check();
  await button(page, say('tokens.make')).click();
  const token = (await page.locator('.token').textContent()).trim();
  assert.match(token, /^ftl_[A-Za-z0-9_-]{43}$/);
  await sound(page, 'workspace-token');
  const asked = (path) => fetch(base + path, { headers: { Authorization: `Bearer ${token}` } }).then(({ status }) => status);
  assert.deepEqual([await asked('/api/models'), await asked('/api-keys'), await asked('/api/tokens')], [200, 200, 403]);
  await page.reload();
  const row = page.getByRole('listitem').filter({ hasText: 'By the browser' });
  await row.waitFor();
  assert.ok(!(await page.content()).includes(token.slice(4)));
  await row.getByRole('button', { name: `${say('common.delete')}: By the browser` }).click();
  await row.getByRole('button', { name: say('common.delete'), exact: true }).click();
  await row.waitFor({ state: 'detached' });
  assert.equal(await asked('/api/models'), 401);
  await close();
});

for (const [name, options] of Object.entries({ dark: { colorScheme: 'dark' }, narrow: { viewport: { width: 900, height: 900 } }, phone, 'phone-dark-ja': { ...phone, colorScheme: 'dark', locale: 'ja-JP' } })) {
  test(`every view is sound: ${name}`, async (t) => {
    await storeSampleKey(t, 'for the picture');
    const speak = wordsOf((options.locale ?? 'en').slice(0, 2));
    const { page, close } = await visitWorkspace('#keys', options);
    await page.getByRole('heading', { level: 1, name: speak('view.keys') }).waitFor();
    await page.getByText('for the picture').waitFor();
    await sound(page, `workspace-${name}-keys`);
    await page.getByRole('button', { name: speak('frame.preferences') }).click();
    await page.locator('#preferences select').first().waitFor();
    await sound(page, `workspace-${name}-preferences`);
    await close();
  });
}
