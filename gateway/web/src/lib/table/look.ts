// What the table of results shows: filter, search, order and the opened row, as they stand in the address. Pure.
import type { Result } from '../../api';
import { say } from '../words/words.svelte';

export type Filter = 'failed' | 'checks' | 'empty' | 'slow';
export type Column = 'n' | 'latency' | 'ttft' | 'tokens' | 'length';

export interface Look {
  filter?: Filter;
  category?: string;
  /** Plain text, or /a regular expression/. */
  query?: string;
  sort: Column;
  descending: boolean;
  /** Latency in ms, both ends included: what the strip was brushed for. */
  from?: number;
  to?: number;
  /** The prompts that an answer of Atlas speaks of. */
  only?: readonly number[];
  /** The prompt that lies open. */
  open?: number;
}

export const plainLook: Look = { sort: 'n', descending: false };
export const filters: readonly Filter[] = ['failed', 'checks', 'empty', 'slow'];
const columns: readonly Column[] = ['n', 'latency', 'ttft', 'tokens', 'length'];

const latency = (text: string | null): number | undefined => (text !== null && /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : undefined);
const whole = (text: string | null): number | undefined => (text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined);

export function lookOf(query: string): Look {
  const given = new URLSearchParams(query);
  const sort = given.get('sort') ?? 'n';
  const column = columns.find((one) => one === sort.replace(/^-/, ''));
  const only = given.get('only')?.split(',').flatMap((text) => whole(text) ?? []);
  const look: Look = {
    filter: filters.find((one) => one === given.get('f')),
    category: given.get('category') ?? undefined,
    query: given.get('q') ?? undefined,
    sort: column ?? 'n',
    descending: column !== undefined && sort.startsWith('-'),
    from: latency(given.get('from')),
    to: latency(given.get('to')),
    only: only?.length ? only : undefined,
    open: whole(given.get('open')),
  };
  return look;
}

export function queryOf(look: Look): string {
  const said = new URLSearchParams();
  if (look.filter) said.set('f', look.filter);
  if (look.category) said.set('category', look.category);
  if (look.query) said.set('q', look.query);
  if (look.sort !== 'n' || look.descending) said.set('sort', `${look.descending ? '-' : ''}${look.sort}`);
  if (look.from !== undefined) said.set('from', String(look.from));
  if (look.to !== undefined) said.set('to', String(look.to));
  if (look.only) said.set('only', look.only.join(','));
  if (look.open !== undefined) said.set('open', String(look.open));
  return said.toString();
}

export type Mark = 'pending' | 'running' | 'done' | 'failed';

export interface Row {
  id: number;
  prompt: string;
  mark: Mark;
  result?: Result;
}

/** Checks of one result: how many there were and how many held. */
export function checksOf(result: Result | undefined): { passed: number; total: number } | undefined {
  if (!result?.checks?.length) return undefined;
  return { passed: result.checks.filter((one) => one.passed).length, total: result.checks.length };
}

/** What is searched of a row. */
export const textOf = ({ prompt, result }: Row) => `${prompt}\n${result?.response ?? ''}\n${result?.error ?? ''}`;

export interface Search {
  /** Whether a text is among those looked for; of a pattern that is found out elsewhere. */
  test: (text: string) => boolean;
  pattern?: RegExp;
  fault?: string;
}

/** What a row is searched by: text anywhere in it, ignoring case, or a regular expression; a broken one is named. */
export function searchOf(query: string | undefined): Search {
  if (!query) return { test: () => true };
  const pattern = /^\/(.+)\/([imsu]*)$/.exec(query);
  if (!pattern) {
    const wanted = query.toLocaleLowerCase();
    return { test: (text) => text.toLocaleLowerCase().includes(wanted) };
  }
  try {
    return { test: () => true, pattern: new RegExp(pattern[1]!, pattern[2] || 'i') };
  } catch {
    return { test: () => true, fault: say('table.search.broken') };
  }
}

const slowShare = 0.1;

/** From which latency on an answer is among the slowest tenth. */
function slowFrom(rows: readonly Row[]): number {
  const times = rows.flatMap(({ result }) => (result?.success && result.latency_ms !== undefined ? [result.latency_ms] : [])).sort((a, b) => b - a);
  return times[Math.max(0, Math.ceil(times.length * slowShare) - 1)] ?? Infinity;
}

function passes(filter: Filter, { result }: Row, slow: number): boolean {
  if (!result) return false;
  switch (filter) {
    case 'failed':
      return !result.success;
    case 'checks':
      return result.checks?.some((one) => !one.passed) ?? false;
    case 'empty':
      return result.success && !result.response?.trim();
    case 'slow':
      return (result.latency_ms ?? 0) >= slow;
  }
}

function measure({ id, result }: Row, column: Column): number | undefined {
  switch (column) {
    case 'n':
      return id;
    case 'latency':
      return result?.latency_ms;
    case 'ttft':
      return result?.ttft_ms;
    case 'tokens':
      return result?.output_tokens;
    case 'length':
      return result?.response?.length;
  }
}

/** The rows that `look` asks for, in its order, and of a pattern those in `hits`; rows without the measure stand last either way. */
export function looked(rows: readonly Row[], look: Look, hits?: ReadonlySet<number>): Row[] {
  const search = searchOf(look.query);
  const only = look.only && new Set(look.only);
  const slow = look.filter === 'slow' ? slowFrom(rows) : 0;
  const kept = rows.filter((row) => {
    const latency = row.result?.latency_ms;
    return (
      (!only || only.has(row.id)) &&
      (!look.filter || passes(look.filter, row, slow)) &&
      (!look.category || row.result?.category === look.category) &&
      (look.from === undefined || (latency !== undefined && latency >= look.from)) &&
      (look.to === undefined || (latency !== undefined && latency <= look.to)) &&
      (!look.query || (search.pattern ? !hits || hits.has(row.id) : search.test(textOf(row))))
    );
  });
  if (look.sort === 'n' && !look.descending) return kept;
  const sign = look.descending ? -1 : 1;
  return kept.sort((a, b) => {
    const [x, y] = [measure(a, look.sort), measure(b, look.sort)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || a.id - b.id;
    return sign * (x - y) || a.id - b.id;
  });
}
