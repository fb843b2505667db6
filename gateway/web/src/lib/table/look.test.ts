import { expect, test } from 'vitest';
import type { Result } from '../../api';
import { checksOf, everyOnce, everyRow, hasRun, isNarrowed, isPlain, lookBehind, lookOf, plainLook, queryOf, questionOf, rowOf, searchOf, textOf, type Row } from './look';
import { fitting } from './pattern';

const asked = (look: Parameters<typeof questionOf>[0], slow?: number) => decodeURIComponent(questionOf(look, slow).toString());
const result = (prompt_id: number, more: Partial<Result> = {}): Result => ({ prompt_id, test_run_id: 'r', prompt: `Prompt ${prompt_id}`, success: true, response: 'text', ...more });

test('a look comes back from the address as it went in', () => {
  const look = { ...plainLook, filter: 'failed' as const, query: '/a&b=c/', sort: 'latency' as const, descending: true, only: [3, 9], from: 300, to: 499.999, open: 7, category: 'Größe & Maß', also: { error_type: 'timeout', max_output_tokens: '99' } };
  expect(lookOf(queryOf(look))).toMatchObject(look);
  expect(queryOf(plainLook)).toBe('');
});

test('what an address says that no table has is left out', () => {
  expect(lookOf('f=nonsense&sort=-nonsense&open=-1&only=x&session_id=s')).toEqual({ sort: 'n', descending: false });
});

test('a look is asked for in the words of the server', () => {
  expect(asked({ ...plainLook, filter: 'failed', sort: 'ttft', descending: true })).toBe('success=false&sort_by=ttft&order=desc');
  expect(asked({ ...plainLook, filter: 'checks', query: '100% & more' })).toBe('checks=failed&keyword=100%+&+more');
  expect(asked({ ...plainLook, filter: 'empty', from: 5, to: 9.5, only: [2, 4] })).toBe('outcome=empty,reasoning_only,length_empty&min_latency_ms=5&max_latency_ms=9.5&prompt_id=2&prompt_id=4');
  expect(asked({ ...plainLook, descending: true })).toBe('order=desc');
});

test('the slowest tenth begins at the latency that the server told, or where the strip was brushed, whichever is later', () => {
  expect(asked({ ...plainLook, filter: 'slow' }, 812.5)).toBe('min_latency_ms=812.5');
  expect(asked({ ...plainLook, filter: 'slow', from: 900 }, 812.5)).toBe('min_latency_ms=900');
});

test('a list that the server leads to becomes the look that asks for the same', () => {
  const list = (query: string) => lookBehind(`/api/demo/v2/analytics/results?test_run_id=r&${query}`);
  expect(list('success=false')).toMatchObject({ filter: 'failed', also: undefined });
  expect(list('checks=failed&success=true')).toMatchObject({ filter: 'checks', also: { success: 'true' } });
  expect(list('prompt_id=4&prompt_id=9')).toMatchObject({ only: [4, 9] });
  for (const query of ['success=true&max_output_tokens=99', 'error_type=rate_limit&category=a+b', 'min_latency_ms=1000.001&sort_by=latency&order=desc', 'outcome=empty,reasoning_only,length_empty', 'keyword=refund']) {
    expect(new Set(questionOf(list(query)))).toEqual(new Set(new URLSearchParams(query)));
  }
});

test('a list of another run has nothing of this one', () => {
  const list = (query: string) => `/api/demo/v2/analytics/results?${query}`;
  expect([hasRun(list('test_run_id=r&prompt_id=4'), 'r'), hasRun(list('success=true'), 'r'), hasRun(list('test_run_id=q&prompt_id=4'), 'r')]).toEqual([true, true, false]);
});

test('while results come every prompt stands in an ordered list once, whatever the list has heard of', () => {
  const pending = (id: number): Row => ({ id, prompt: '', mark: 'pending' });
  const ids = (listed: Row[], rows: Row[], hasMore: boolean) => everyOnce(listed, rows, hasMore).map((row) => row?.id);
  const [one, two, three] = [1, 2, 3].map((id) => rowOf(result(id)));
  expect(ids([two!, one!], [one!, pending(2), pending(3)], false), 'listed before its event').toEqual([2, 1, 3]);
  expect(ids([two!], [one!, two!, pending(3)], false), 'come since it was listed').toEqual([2, 1, 3]);
  expect(ids([three!], [one!, two!, pending(3), pending(4)], true), 'on pages to come').toEqual([3, undefined, undefined, 4]);
});

test('what narrows a look is taken back by showing every row; its order stays', () => {
  const look = { ...plainLook, filter: 'failed' as const, also: { outcome: 'quota' }, query: 'x', from: 1, sort: 'tokens' as const };
  expect([isNarrowed(look), isNarrowed({ ...look, ...everyRow }), isPlain({ ...look, ...everyRow }), isPlain({ ...plainLook, open: 3 })]).toEqual([true, false, false, true]);
});

test('checks are counted as they came out', () => {
  expect(checksOf(result(2, { checks: [{ kind: 'contains', passed: false }, { kind: 'json', passed: true }] }))).toEqual({ passed: 1, total: 2 });
  expect(checksOf(result(1))).toBeUndefined();
});

test('a search is text for the server, or a regular expression tried here; one that is broken is named', () => {
  const results = [result(1, { response: 'Paris' }), result(2, { response: 'Rome' }), result(3, { success: false, response: undefined, error: 'Rome is away' })];
  expect(searchOf('paris')).toEqual({ keyword: 'paris' });
  expect(fitting(searchOf('/^R.me/m').pattern!, results.map(textOf))).toEqual([1, 2]);
  expect(searchOf('/(/').fault).toBeDefined();
  expect(questionOf({ ...plainLook, query: '/x/' }).toString()).toBe('');
});
