import { afterEach, expect, test, vi } from 'vitest';
import { models } from './models.svelte';

afterEach(() => vi.unstubAllGlobals());

const named = (id: string) => new Response(JSON.stringify({ models: [{ id, service: 'openai', name: id, key_name: 'default' }] }));
const shown = () => models.list?.map(({ id }) => id);

test('the models are asked for once, and anew once the keys have changed', async () => {
  const fetched = vi.fn(async () => named(`of call ${fetched.mock.calls.length}`));
  vi.stubGlobal('fetch', fetched);
  models.forget();
  await models.load();
  await models.load();
  expect(shown()).toEqual(['of call 1']);
  models.forget();
  await models.load();
  expect(shown()).toEqual(['of call 2']);
});

test('what was asked for before the keys changed does not take the place of what came after', async () => {
  const answers: ((response: Response) => void)[] = [];
  vi.stubGlobal('fetch', () => new Promise((resolve) => answers.push(resolve)));
  models.forget();
  const first = models.load();
  models.forget();
  const second = models.load();
  answers[1]!(named('new'));
  await second;
  answers[0]!(named('old'));
  await first;
  expect(shown()).toEqual(['new']);
});
