// Presets of providers, and the suites that are shipped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, ok, sampleEndpoint } from './client.mjs';
import { hasFields, isConventional, isProblem, kUuid } from './judge.mjs';

const domains = ['customer_support', 'code_generation', 'qa', 'creative'];
const difficulties = ['easy', 'medium', 'hard'];

test('every provider has a preset', async () => {
  const answer = await get('providers');
  const { providers } = await ok(answer);
  isConventional(answer);
  assert.deepEqual(providers.map(({ provider }) => provider).sort(), ['azure_openai', 'custom', 'fireworks', 'groq', 'ollama', 'openai', 'openrouter', 'together', 'vllm']);
  for (const preset of providers) {
    hasFields(preset, ['provider', 'name'], ['base_url', 'docs_url', 'example_model_id', 'key_hint']);
    if (preset.provider !== 'custom') hasFields(preset, ['provider', 'name', 'base_url', 'docs_url', 'example_model_id', 'key_hint']);
    if (preset.base_url) assert.match(preset.base_url, /^https?:\/\//);
    if (preset.docs_url) assert.match(preset.docs_url, /^https:\/\//);
  }
  assert.equal(providers.find(({ provider }) => provider === 'together').base_url, 'https://api.together.xyz/v1');
});

test('the presets name the endpoint of the installation that needs no key', async () => {
  const { sample } = await ok(get('providers'));
  assert.deepEqual(sample, { endpoint_url: sampleEndpoint, model_id: 'sample-steady' });
});

test('the presets take no parameter, so a misspelt one is named', async () => {
  isProblem(await get('providers?misspelt=1'), 400, 'unknown_field', ['misspelt']);
});

test('at least 74 prompts over four domains are shipped, ten or more in each suite', async () => {
  const answer = await get('test-suites');
  const { suites } = await ok(answer);
  isConventional(answer);
  for (const suite of suites) {
    hasFields(suite, ['id', 'name', 'description', 'task_domain', 'difficulty', 'prompt_count']);
    assert.match(suite.id, kUuid);
    assert.ok(domains.includes(suite.task_domain) && difficulties.includes(suite.difficulty), suite.name);
    assert.ok(suite.prompt_count >= 10, suite.name);
  }
  assert.equal(new Set(suites.map(({ id }) => id)).size, suites.length);
  assert.deepEqual([...new Set(suites.map(({ task_domain }) => task_domain))].sort(), [...domains].sort());
  assert.ok(suites.reduce((sum, { prompt_count }) => sum + prompt_count, 0) >= 74);
  assert.ok(suites.some(({ name }) => name === 'Customer Support - Easy'));
});

test('the list comes in pages, whose tokens belong to their list', async () => {
  const whole = await ok(get('test-suites'));
  assert.equal(whole.total, whole.suites.length);
  assert.ok(!('next_page_token' in whole));
  const ids = [];
  let token = '';
  do {
    const page = await ok(get(`test-suites?page_size=2&page_token=${token}`));
    assert.equal(page.total, whole.total);
    assert.ok(page.suites.length === 2 || !page.next_page_token);
    ids.push(...page.suites.map(({ id }) => id));
    assert.ok(ids.length <= whole.total, 'the pages come to an end');
    token = page.next_page_token;
  } while (token);
  assert.deepEqual(ids, whole.suites.map(({ id }) => id));
  const { next_page_token } = await ok(get('test-suites?page_size=1'));
  isProblem(await get(`test-suites?task_domain=qa&page_token=${next_page_token}`), 422, 'invalid_field', ['page_token']);
  isProblem(await get('test-suites?page_size=-1'), 422, 'invalid_field', ['page_size']);
});

test('a domain narrows the list, and one that does not exist is 422', async () => {
  for (const domain of domains) {
    const { suites } = await ok(get(`test-suites?task_domain=${domain}`));
    assert.ok(suites.length > 0 && suites.every(({ task_domain }) => task_domain === domain), domain);
  }
  isProblem(await get('test-suites?task_domain=cooking'), 422, 'invalid_field', ['task_domain']);
});

test('a single suite has its prompts, in order', async () => {
  const { suites } = await ok(get('test-suites'));
  for (const { id, prompt_count } of suites) {
    const answer = await get(`test-suites/${id}`);
    const suite = await ok(answer);
    isConventional(answer);
    hasFields(suite, ['id', 'name', 'description', 'task_domain', 'difficulty', 'prompt_count', 'prompts']);
    assert.equal(suite.prompts.length, prompt_count);
    for (const prompt of suite.prompts) {
      hasFields(prompt, ['prompt'], ['expected_answer', 'category', 'checks']);
      assert.ok(prompt.prompt.length > 0);
    }
  }
});

test('ids are fixed', async () => {
  const read = async () => (await ok(get('test-suites'))).suites.map(({ id }) => id);
  assert.deepEqual(await read(), await read());
});

test('an unknown suite is 404 suite_not_found', async () => {
  for (const id of ['00000000-0000-4000-8000-000000000000', 'nonsense']) {
    isProblem(await get(`test-suites/${id}`), 404, 'suite_not_found');
  }
});
