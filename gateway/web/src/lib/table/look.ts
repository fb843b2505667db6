// What the table of results shows: filter, search, order and the opened row, as they stand in the address and as the server is asked for them. Pure.
import type { Result } from '../../api';
import { say } from '../words/words.svelte';

export type Filter = 'failed' | 'checks' | 'empty' | 'slow';
export type Column = 'n' | 'latency' | 'ttft' | 'tokens' | 'length';

/** What an answer of Atlas may be about and no filter here says, in the names and words of the server. */
export const narrowings = ['success', 'checks', 'error_type', 'outcome', 'min_output_tokens', 'max_output_tokens'] as const;
export type Narrowing = (typeof narrowings)[number];

export interface Look {
  filter?: Filter;
  category?: string;
  also?: Partial<Record<Narrowing, string>>;
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
/** What a look is changed by so that it shows all rows again, in the order that it has. */
export const everyRow: Partial<Look> = { filter: undefined, category: undefined, also: undefined, query: undefined, from: undefined, to: undefined, only: undefined };
/** As nobody had chosen anything, opened row and order included. */
export const wholeLook: Look = { ...plainLook, ...everyRow, open: undefined };
/** Whether some rows are left out. */
export const isNarrowed = (look: Look): boolean => Object.keys(everyRow).some((name) => look[name as keyof Look] !== undefined);
/** Whether the prompts stand there all and in their own order, so that the server need not be asked. */
export const isPlain = (look: Look): boolean => !isNarrowed(look) && look.sort === 'n' && !look.descending;
export const filters: readonly Filter[] = ['failed', 'checks', 'empty', 'slow'];
const columns: readonly Column[] = ['n', 'latency', 'ttft', 'tokens', 'length'];

const latency = (text: string | null): number | undefined => (text !== null && /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : undefined);
/** Those of `given` that are there. */
function alsoOf(given: URLSearchParams): Look['also'] {
  const found = narrowings.flatMap((name) => (given.get(name) ? [[name, given.get(name)!]] : []));
  return found.length > 0 ? (Object.fromEntries(found) as Look['also']) : undefined;
}

const whole = (text: string | null): number | undefined => (text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined);

export function lookOf(query: string): Look {
  const given = new URLSearchParams(query);
  const sort = given.get('sort') ?? 'n';
  const column = columns.find((one) => one === sort.replace(/^-/, ''));
  const only = given.get('only')?.split(',').flatMap((text) => whole(text) ?? []);
  const look: Look = {
    filter: filters.find((one) => one === given.get('f')),
    category: given.get('category') || undefined,
    also: alsoOf(given),
    query: given.get('q') || undefined,
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
  for (const [name, value] of Object.entries(look.also ?? {})) said.set(name, value);
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

/** The row of a result, wherever it came from. */
export const rowOf = (result: Result): Row => ({ id: result.prompt_id, result, mark: result.success ? 'done' : 'failed', prompt: result.prompt });

/** What a pattern is tried on. */
export const textOf = ({ prompt, response, error }: Result) => `${prompt}\n${response ?? ''}\n${error ?? ''}`;

export interface Search {
  /** Text anywhere in prompt or answer, ignoring case: the server finds it. */
  keyword?: string;
  /** A regular expression: the page tries it on what the server lists. */
  pattern?: RegExp;
  fault?: string;
}

export function searchOf(query: string | undefined): Search {
  if (!query) return {};
  const pattern = /^\/(.+)\/([imsu]*)$/.exec(query);
  if (!pattern) return { keyword: query };
  try {
    return { pattern: new RegExp(pattern[1]!, pattern[2] || 'i') };
  } catch {
    return { fault: say('table.search.broken') };
  }
}

const withoutText = 'empty,reasoning_only,length_empty';

/** `look` as the server takes it. `slow` is the latency in ms from which on an answer is among the slowest tenth. */
export function questionOf(look: Look, slow?: number): URLSearchParams {
  const asked = new URLSearchParams(look.also ?? {});
  const put = (name: string, value: string | number | undefined) => value !== undefined && asked.set(name, String(value));
  if (look.filter === 'failed') put('success', 'false');
  if (look.filter === 'checks') put('checks', 'failed');
  if (look.filter === 'empty') put('outcome', withoutText);
  put('category', look.category);
  put('keyword', searchOf(look.query).keyword);
  put('min_latency_ms', look.filter === 'slow' ? Math.max(slow ?? 0, look.from ?? 0) : look.from);
  put('max_latency_ms', look.to);
  for (const id of look.only ?? []) asked.append('prompt_id', String(id));
  if (look.sort !== 'n') put('sort_by', look.sort);
  if (look.descending) put('order', 'desc');
  return asked;
}

/** Every one of `rows` once: first those that the server has `listed`, then a place for each that it has yet to list, then what it has not heard of. */
export function everyOnce(listed: readonly Row[], rows: readonly Row[], hasMore: boolean): (Row | undefined)[] {
  const there = new Set(listed.map(({ id }) => id));
  const others = rows.filter(({ id }) => !there.has(id));
  const known = hasMore ? others.filter(({ result }) => !result) : others;
  return [...listed, ...Array.from<undefined>({ length: others.length - known.length }), ...known];
}

/** Whether a list of results by the server has any of `run`: one that names no run is of all of them. */
export function hasRun(link: string, run: string | undefined): boolean {
  const named = new URLSearchParams(link.split('?')[1]).get('test_run_id');
  return named === null || named === run;
}

/** The look that shows what a list of results by the server leads to. */
export function lookBehind(link: string): Look {
  const given = new URLSearchParams(link.split('?')[1]);
  const only = given.getAll('prompt_id').flatMap((text) => whole(text) ?? []);
  const filter: Filter | undefined = given.get('success') === 'false' ? 'failed' : given.get('checks') === 'failed' ? 'checks' : given.get('outcome') === withoutText ? 'empty' : undefined;
  const said = { failed: 'success', checks: 'checks', empty: 'outcome', slow: '' };
  if (filter) given.delete(said[filter]);
  return {
    ...wholeLook,
    filter,
    category: given.get('category') ?? undefined,
    also: alsoOf(given),
    query: given.get('keyword') ?? undefined,
    from: latency(given.get('min_latency_ms')),
    to: latency(given.get('max_latency_ms')),
    only: only.length > 0 ? only : undefined,
    sort: columns.find((one) => one === given.get('sort_by')) ?? 'n',
    descending: given.get('order') === 'desc',
  };
}
