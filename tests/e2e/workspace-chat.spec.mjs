// Chat in a real browser against a running installation and its sample endpoint: branches, stopping, a reload in mid-answer, templates, files.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { sound, wordsOf } from './written-api.mjs';
import { api, chooseModel, phone, storeSampleKey, visitWorkspace } from './workspace-visitor.mjs';

const say = wordsOf('en');
const key = 'chat in the browser';
const button = (page, name) => page.getByRole('button', { name, exact: true });
const message = (page) => page.getByRole('textbox', { name: say('chat.message'), exact: true });
const model = (page) => page.getByRole('combobox', { name: say('models.model') });
const answers = (page) => page.locator('.turn[data-role=assistant]:not([aria-busy])');
const live = (page) => page.locator('.turn[aria-busy=true]');
const conversationOf = (page) => new URL(page.url()).hash.split('/')[1]?.split('?')[0];

async function conversationIds() {
  const ids = [];
  for (let next = ''; ; ) {
    const page = await api('GET', `/api/conversations?page_size=1000${next && `&page_token=${encodeURIComponent(next)}`}`);
    ids.push(...page.conversations.map((one) => one.id));
    if (!page.next_page_token) return ids;
    next = page.next_page_token;
  }
}

/** A new chat with a model of the sample endpoint; what was not there before goes when the test ends. */
async function begin(t, id, options = {}) {
  const before = new Set(await conversationIds());
  await storeSampleKey(t, key);
  const visit = await visitWorkspace('#chat', options);
  await chooseModel(visit.page, model(visit.page), id, key);
  t.after(async () => {
    for (const one of await conversationIds()) if (!before.has(one)) await api('DELETE', `/api/conversations/${one}`);
  });
  return visit;
}

async function ask(page, text) {
  await message(page).fill(text);
  await message(page).press('Enter');
}

test('a question is answered and timed; edited and asked again it branches, and every branch is there after a reload', async (t) => {
  const { page, close } = await begin(t, 'sample-echo');
  await ask(page, 'The first wording of it');
  await answers(page).getByText('The first wording of it').waitFor();
  assert.match(await page.locator('.answer-line').innerText(), /whole answer[\s\S]*tokens in/);
  await page.locator('.turn[data-role=user]').hover();
  await button(page, say('common.edit')).click();
  await page.getByRole('textbox', { name: say('common.edit') }).fill('Another wording of it');
  await button(page, say('chat.edit.send')).click();
  await answers(page).getByText('Another wording of it').waitFor();
  await page.getByText('2 of 2').waitFor();
  await sound(page, 'workspace-chat-branches');
  await button(page, say('chat.branch.before')).click();
  await answers(page).getByText('The first wording of it').waitFor();

  // Another model beside it.
  await button(page, say('chat.again_with')).click();
  await chooseModel(page, page.getByRole('combobox', { name: say('chat.again_with') }), 'sample-zero', key);
  await live(page).waitFor({ state: 'detached' });
  await page.locator('.turn-model').getByText('sample-zero').waitFor();
  await page.reload();
  await page.locator('.turn-model').getByText('sample-zero').waitFor();
  assert.equal(await page.locator('.branches').count(), 2, 'of the question and of its answer');
  await close();
});

test('an answer is stopped, kept as far as it came, and gone on with', async (t) => {
  const { page, close } = await begin(t, 'sample-slow');
  await ask(page, 'Write me a long story about a lighthouse keeper.');
  await live(page).locator('.prose p').first().waitFor({ timeout: 15_000 });
  await button(page, say('common.stop')).click();
  await page.locator('.turn-broken').waitFor();
  const begun = await answers(page).locator('.prose').innerText();
  assert.ok(begun.length > 0);
  await sound(page, 'workspace-chat-stopped');
  await button(page, say('chat.go_on')).click();
  await live(page).locator('.prose').getByText(begun).waitFor();
  await live(page).waitFor({ state: 'detached', timeout: 60_000 });
  await page.locator('.turn-broken').waitFor({ state: 'detached' });
  const whole = await answers(page).locator('.prose').innerText();
  assert.ok(whole.startsWith(begun) && whole.length > begun.length, whole);
  assert.equal(whole.split(begun).length, 2, 'what had come is there once');
  await close();
});

test('an answer outlives a reload of the page, which joins it again where it is', async (t) => {
  const { page, close } = await begin(t, 'sample-slow');
  await ask(page, 'Write me a long story about a lighthouse keeper.');
  await live(page).locator('.prose p').first().waitFor({ timeout: 15_000 });
  const id = conversationOf(page);
  await page.reload();
  await live(page).locator('.prose p').first().waitFor({ timeout: 15_000 });
  await live(page).waitFor({ state: 'detached', timeout: 60_000 });
  const { messages } = await api('GET', `/api/conversations/${id}?page_size=1000`);
  assert.equal(messages.length, 2, 'nothing was asked twice');
  assert.equal(messages[1].status, 'complete');
  await answers(page).locator('.answer-line').waitFor();
  await close();
});

test('reasoning is folded, parameters and a system prompt are sent, the choice of model is kept', async (t) => {
  const { page, close } = await begin(t, 'sample-reasoner');
  await button(page, say('chat.settings')).click();
  await page.getByLabel(say('chat.system')).fill('Answer in one word.');
  await page.getByRole('spinbutton', { name: say('chat.temperature') }).fill('0.2');
  await page.getByRole('spinbutton', { name: say('chat.temperature') }).press('Tab');
  await sound(page, 'workspace-chat-settings');
  await page.keyboard.press('Escape');
  const sent = page.waitForRequest((request) => request.url().endsWith('/api/chat'));
  await ask(page, 'What is 6 times 7?');
  const { system_prompt, temperature } = (await sent).postDataJSON();
  assert.deepEqual({ system_prompt, temperature }, { system_prompt: 'Answer in one word.', temperature: 0.2 });
  await answers(page).waitFor();
  assert.equal(await page.locator('.reasoning').first().evaluate((details) => details.open), false);
  await page.getByRole('link', { name: say('chat.new') }).click();
  assert.equal(await model(page).inputValue(), 'sample-reasoner');
  await close();
});

test('conversations are found, renamed, pinned, taken along and deleted', async (t) => {
  const { page, close } = await begin(t, 'sample-zero');
  await ask(page, 'Which planet is the largest?');
  await answers(page).waitFor();
  const list = page.getByRole('complementary', { name: say('chat.conversations') });
  await list.getByRole('link', { name: /Which planet/ }).waitFor();
  await button(page, say('chat.doing')).click();
  await button(page, say('chat.rename')).click();
  await page.getByRole('textbox', { name: say('chat.title') }).fill('Planets');
  await page.getByRole('textbox', { name: say('chat.title') }).press('Enter');
  await list.getByRole('link', { name: /Planets/ }).waitFor();
  for (const format of ['Markdown', 'JSON']) {
    await button(page, say('chat.doing')).click();
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: say('chat.export').replace('{format}', format) }).click();
    const text = await readFile(await (await coming).path(), 'utf8');
    assert.ok(text.includes('Which planet is the largest?'));
    await page.keyboard.press('Escape');
  }
  await list.getByRole('searchbox').fill('nothing like this');
  await list.getByText(say('chat.none_found')).waitFor();
  await list.getByRole('searchbox').fill('planet');
  await list.getByRole('link', { name: /Planets/ }).waitFor();
  await button(page, say('chat.doing')).click();
  await button(page, say('chat.delete')).click();
  await button(page, say('common.delete')).click();
  await page.getByText(say('chat.begin')).waitFor();
  await close();
});

test('a template is filled in and sent, and an agent answers with its own model', async (t) => {
  const template = await api('POST', '/api/templates', { name: 'In the browser', content: 'Say {{what}} to {{message}}.' });
  const agent = await api('POST', '/api/agents', { name: 'Echo in the browser', model: { service: 'openai_compatible', name: key, id: 'sample-echo' } });
  t.after(() => Promise.all([api('DELETE', `/api/templates/${template.id}`), api('DELETE', `/api/agents/${agent.id}`)]));
  const { page, close } = await begin(t, 'sample-zero');
  await button(page, say('view.prompts')).click();
  await page.getByRole('button', { name: /^Echo in the browser/ }).click();
  await button(page, say('view.prompts')).click();
  await page.getByRole('button', { name: /^In the browser/ }).waitFor();
  await sound(page, 'workspace-chat-prompts');
  await page.getByRole('button', { name: /^In the browser/ }).click();
  await page.locator('.composer-variable input').fill('good morning');
  await ask(page, 'the keeper');
  await answers(page).getByText('Say good morning to the keeper.').waitFor();
  await page.locator('.turn-model').getByText('sample-echo').waitFor();
  await close();
});

test('files of other programs become conversations, and a bad one is named', async (t) => {
  const { page, close } = await begin(t, 'sample-zero');
  const file = (name, text) => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
  const list = (content) => JSON.stringify([{ role: 'user', content }]);
  const files = [file('browser-a.json', list('Brought by the browser')), file('browser-b.json', list('Brought beside it')), file('browser-c.json', '{')];
  const choose = async (chosen) => {
    const [dialog] = await Promise.all([page.waitForEvent('filechooser'), button(page, say('import.choose')).click()]);
    await dialog.setFiles(chosen);
  };
  await choose(files);
  const sum = (n, there, failed) => say('import.done').replace('{n}', n).replace('{there}', there).replace('{failed}', failed);
  await page.getByText(sum(2, 0, 1)).waitFor();
  await page.getByText('browser-c.json').waitFor();
  await sound(page, 'workspace-chat-import');
  await page.getByRole('link', { name: /^Brought by the browser/ }).click();
  await page.locator('.turn[data-role=user]').getByText('Brought by the browser').waitFor();
  await choose(files.slice(0, 2));
  await page.getByText(sum(0, 2, 0)).waitFor();
  await close();
});

for (const [name, options] of Object.entries({ dark: { colorScheme: 'dark' }, phone, 'phone-dark': { ...phone, colorScheme: 'dark' } })) {
  test(`chat is sound: ${name}`, async (t) => {
    const { page, close } = await begin(t, 'sample-fast', options);
    await sound(page, `workspace-${name}-chat-new`);
    await ask(page, 'Write a function that adds two numbers, in Python, with a table of three examples.');
    await answers(page).waitFor();
    await sound(page, `workspace-${name}-chat`);
    if (options.hasTouch) {
      await button(page, say('chat.conversations')).click();
      await sound(page, `workspace-${name}-chat-list`);
    }
    await close();
  });
}
