import { expect, test } from 'vitest';
import { found } from './find';
import type { Model } from './models.svelte';

const model = (id: string, service = 'openai', key_name = 'default'): Model => ({ id, name: id, service, key_name });
const ids = (query: string, models: Model[], most = 10) => found(models, query, most).models.map(({ id }) => id);

test('a model is found by each word of a search, wherever it stands, the closest first', () => {
  const models = [model('my-gpt-4o'), model('gpt-4o-mini'), model('claude-4', 'anthropic'), model('gpt-4o')];
  expect(ids('gpt', models)).toEqual(['gpt-4o-mini', 'gpt-4o', 'my-gpt-4o']);
  expect(ids('MINI 4o', models)).toEqual(['gpt-4o-mini']);
  expect(ids('anthropic', models)).toEqual(['claude-4']);
  expect(ids('gpt anthropic', models)).toEqual([]);
});

test('all are told, in their order, and no more than asked for are given', () => {
  const models = Array.from({ length: 5000 }, (_, n) => model(`m-${n}`));
  const { models: some, total } = found(models, '', 100);
  expect([some.length, some[0]!.id, total]).toEqual([100, 'm-0', 5000]);
});
