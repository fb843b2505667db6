import { expect, test } from 'vitest';
import type { Result } from '../../api';
import { checksOf, looked, lookOf, plainLook, queryOf, searchOf, textOf, type Row } from './look';
import { fitting } from './pattern';

const row = (id: number, more: Partial<Result> = {}): Row => ({
  id,
  prompt: `Prompt ${id}`,
  mark: more.success === false ? 'failed' : 'done',
  result: { prompt_id: id, test_run_id: 'r', prompt: `Prompt ${id}`, success: true, response: 'text', ...more },
});
const ids = (rows: Row[]) => rows.map(({ id }) => id);

test('a look comes back from the address as it went in', () => {
  const look = { ...plainLook, filter: 'failed' as const, query: '/a&b=c/', sort: 'latency' as const, descending: true, only: [3, 9], from: 300, to: 499.999, open: 7, category: 'Größe & Maß' };
  expect(lookOf(queryOf(look))).toMatchObject(look);
  expect(queryOf(plainLook)).toBe('');
});

test('what an address says that no table has is left out', () => {
  expect(lookOf('f=nonsense&sort=-nonsense&open=-1&only=x')).toEqual({ sort: 'n', descending: false });
});

test('an answered prompt whose check failed is found by its check, not among the failed', () => {
  const rows = [row(1), row(2, { checks: [{ kind: 'contains', passed: false }] }), row(3, { success: false, response: undefined })];
  expect(ids(looked(rows, { ...plainLook, filter: 'checks' }))).toEqual([2]);
  expect(ids(looked(rows, { ...plainLook, filter: 'failed' }))).toEqual([3]);
  expect(checksOf(rows[1]!.result)).toEqual({ passed: 0, total: 1 });
});

test('rows without the measure stand last in both directions', () => {
  const rows = [row(1, { latency_ms: 5 }), row(2), row(3, { latency_ms: 9 })];
  expect(ids(looked(rows, { ...plainLook, sort: 'latency' }))).toEqual([1, 3, 2]);
  expect(ids(looked(rows, { ...plainLook, sort: 'latency', descending: true }))).toEqual([3, 1, 2]);
});

test('a search takes text or a regular expression, and names one that is broken', () => {
  const rows = [row(1, { response: 'Paris' }), row(2, { response: 'Rome' })];
  expect(ids(looked(rows, { ...plainLook, query: 'paris' }))).toEqual([1]);
  const { pattern } = searchOf('/^R.me$/m');
  expect(fitting(pattern!, rows.map(textOf))).toEqual([1]);
  expect(ids(looked(rows, { ...plainLook, query: '/^R.me$/m' }, new Set([2])))).toEqual([2]);
  expect(searchOf('/(/').fault).toBeDefined();
});
