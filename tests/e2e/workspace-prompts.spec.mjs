// Templates and agents in a real browser against a running installation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sound, wordsOf } from './written-api.mjs';
import { api, chooseModel, phone, storeSampleKey, visitWorkspace } from './workspace-visitor.mjs';

const say = wordsOf('en');
const form = (page, name) => page.getByRole('form', { name });
const row = (page, name) => page.getByRole('listitem').filter({ hasText: name });

async function forget(kind, name) {
  for (const one of (await api('GET', `/api/${kind}?page_size=1000`))[kind]) if (one.name === name) await api('DELETE', `/api/${kind}/${one.id}`);
}

test('a template is made, changed to another version, refused where its name is taken, and deleted', async (t) => {
  const name = 'Template of the browser';
  t.after(() => forget('templates', name));
  const { page, close } = await visitWorkspace('#prompts', { refusals: 1 });
  const make = form(page, say('prompts.new_template'));
  await make.getByLabel(say('keys.name')).fill(name);
  await make.getByLabel(say('prompts.text')).fill('Translate into {{language}}: {{message}}');
  await make.getByRole('button', { name: say('keys.store') }).click();
  await row(page, name).getByText('{{language}}', { exact: true }).waitFor();
  await make.getByLabel(say('keys.name')).fill(name);
  await make.getByLabel(say('prompts.text')).fill('Another');
  await make.getByRole('button', { name: say('keys.store') }).click();
  await make.locator('.fault, .problem').filter({ hasText: /\S/ }).first().waitFor();
  await sound(page, 'workspace-prompts-refused');
  await row(page, name).getByRole('button', { name: `${say('common.edit')}: ${name}` }).click();
  const change = form(page, say('prompts.change').replace('{name}', name));
  await change.getByLabel(say('prompts.text')).fill('Say it in {{language}} and {{tone}}: {{message}}');
  await change.getByRole('button', { name: say('keys.store') }).click();
  await row(page, name).getByText('{{tone}}', { exact: true }).waitFor();
  await row(page, name).getByText(say('prompts.version').replace('{n}', '2')).waitFor();
  await row(page, name).getByRole('button', { name: `${say('common.delete')}: ${name}` }).click();
  await row(page, name).getByRole('button', { name: say('common.delete'), exact: true }).click();
  await row(page, name).waitFor({ state: 'detached' });
  await close();
});

test('an agent has a model, a system prompt and parameters, and changes', async (t) => {
  const name = 'Agent of the browser';
  t.after(() => forget('agents', name));
  await storeSampleKey(t, 'of the agent');
  const { page, close } = await visitWorkspace('#prompts');
  const make = form(page, say('prompts.new_agent'));
  await make.getByLabel(say('keys.name')).fill(name);
  await chooseModel(page, make.getByRole('combobox'), 'sample-fast', 'of the agent');
  await make.getByLabel(say('prompts.system')).fill('Be brief.');
  await make.getByLabel(say('settings.temperature')).fill('0.2');
  await make.getByRole('button', { name: say('keys.store') }).click();
  await row(page, name).getByText('sample-fast').waitFor();
  await row(page, name).getByRole('button', { name: `${say('common.edit')}: ${name}` }).click();
  const change = form(page, say('prompts.change').replace('{name}', name));
  assert.equal(await change.getByLabel(say('settings.temperature')).inputValue(), '0.2');
  await change.getByLabel(say('prompts.system')).fill('Be long.');
  await change.getByRole('button', { name: say('keys.store') }).click();
  await row(page, name).getByText('Be long.').waitFor();
  const [agent] = (await api('GET', '/api/agents?page_size=1000')).agents.filter((one) => one.name === name);
  assert.deepEqual([agent.model.id, agent.system_prompt, agent.parameters], ['sample-fast', 'Be long.', { temperature: 0.2 }]);
  await close();
});

for (const [name, options] of Object.entries({ wide: {}, dark: { colorScheme: 'dark' }, 'phone-fr': { ...phone, locale: 'fr-FR' } })) {
  test(`prompts are sound: ${name}`, async (t) => {
    const [template, agent] = [await api('POST', '/api/templates', { name: `Sound ${name}`, content: 'Explain {{what}} to a child.' }), await api('POST', '/api/agents', { name: `Sound ${name}`, system_prompt: 'You explain.' })];
    t.after(() => Promise.all([api('DELETE', `/api/templates/${template.id}`), api('DELETE', `/api/agents/${agent.id}`)]));
    const { page, close } = await visitWorkspace('#prompts', options);
    await page.getByText('Explain {{what}} to a child.').waitFor();
    await page.getByText('You explain.').waitFor();
    await sound(page, `workspace-${name}-prompts`);
    await close();
  });
}
