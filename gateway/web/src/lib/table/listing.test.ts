import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Result, ResultPage } from '../../api';
import { Problem } from '../http';
import { Listing, type Pages } from './listing.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const result = (prompt_id: number): Result => ({ prompt_id, test_run_id: 'r', prompt: '', success: true });
const settled = () => vi.advanceTimersByTimeAsync(0);

/** Pages of `count()` results, and what was asked for. */
function server(count: () => number) {
  const asked: [number, string | undefined][] = [];
  const pages: Pages = async (size, token) => {
    asked.push([size, token]);
    const [from, total] = [Number(token ?? 0), count()];
    const to = Math.min(total, from + size);
    return { results: Array.from({ length: to - from }, (_, n) => result(from + n + 1)), total, ...(to < total ? { next_page_token: String(to) } : {}) };
  };
  return { asked, pages };
}

test('a list is asked for as far as it is looked at', async () => {
  const { asked, pages } = server(() => 2500);
  const listing = new Listing();
  listing.begin('q', pages);
  expect([listing.question, listing.results.length]).toEqual([undefined, 0]);
  await settled();
  expect([listing.question, listing.results.length, listing.total, listing.hasMore]).toEqual(['q', 200, 2500, true]);
  for (let n = 0; n < 5; n += 1) {
    listing.more();
    await settled();
  }
  expect(asked).toEqual([[200, undefined], [1000, '200'], [1000, '1200'], [1000, '2200']]);
  expect(listing.results.map(({ prompt_id }) => prompt_id)).toEqual(Array.from({ length: 2500 }, (_, n) => n + 1));
});

test('nothing comes of a list that another one has taken the place of', async () => {
  const listing = new Listing();
  let answer!: (page: ResultPage) => void;
  listing.begin('q', () => new Promise((resolve) => (answer = resolve)));
  listing.begin('next', server(() => 3).pages);
  await settled();
  answer({ results: [result(99)], total: 1 });
  await settled();
  expect(listing.results.map(({ prompt_id }) => prompt_id)).toEqual([1, 2, 3]);
});

test('however many results come, the list is asked for anew once in a while, as far as it had come', async () => {
  let total = 900;
  const { asked, pages } = server(() => total);
  const listing = new Listing();
  listing.begin('q', pages);
  await settled();
  listing.more();
  await settled();
  total = 901;
  for (let n = 0; n < 50; n += 1) listing.arrived();
  await vi.advanceTimersByTimeAsync(1499);
  expect(asked.length).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect([asked.length, asked.at(-1), listing.results.length, listing.total]).toEqual([3, [1000, undefined], 901, 901]);
});

test('a refusal is told, leaves nothing of another list standing, and can be tried again', async () => {
  const listing = new Listing();
  listing.begin('q', server(() => 3).pages);
  await settled();
  let refuses = true;
  const { pages } = server(() => 2);
  listing.begin('next', async (...asked) => {
    if (refuses) throw new Problem(503, { code: 'database_unavailable', title: 'Away' });
    return pages(...asked);
  });
  await settled();
  expect([listing.problem?.code, listing.results.length, listing.isAsking]).toEqual(['database_unavailable', 0, false]);
  refuses = false;
  listing.again();
  await settled();
  expect([listing.problem, listing.results.length]).toEqual([undefined, 2]);
});
