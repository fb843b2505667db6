// Where the person is: steps, what a reload must find again, and a run as its events tell it. Pure.
import type { Mark } from './lib/table/look';
import { seconds } from './lib/figures';
import { say, type Key, type Slots } from './lib/words/words.svelte';
import type { Result, Run, RunStatus } from './api';

export const steps = ['welcome', 'domain', 'connect', 'run', 'atlas', 'export'] as const;
export type Step = (typeof steps)[number];

export const titleOf = (step: Step) => say(`step.${step}`);

export function stepOfHash(hash: string): Step | undefined {
  const name = hash.replace(/^#/, '');
  return steps.find((step) => step === name);
}

export interface Standing {
  suiteChosen: boolean;
  session: boolean;
  run?: { status: RunStatus; results: number };
}

/** Whether there is anything to do at `step` yet. */
export function reachable(step: Step, standing: Standing): boolean {
  switch (step) {
    case 'welcome':
    case 'domain':
      return true;
    case 'connect':
      return standing.suiteChosen || standing.session;
    case 'run':
      return standing.run !== undefined;
    case 'atlas':
      return standing.run !== undefined && standing.run.results > 0;
    case 'export':
      return standing.session;
  }
}

/** The wanted step, or the last one before it that has something to do. */
export function nearest(wanted: Step, standing: Standing): Step {
  for (let at = steps.indexOf(wanted); at > 0; at -= 1) {
    if (reachable(steps[at]!, standing)) return steps[at]!;
  }
  return 'welcome';
}

export const ended = (status: RunStatus) => status === 'completed' || status === 'failed' || status === 'cancelled';

/** The run with `known` results counted, so that figures move between two `progress` events. */
export function counted(run: Run, known: ReadonlyMap<number, Result>): Run {
  let completed = 0;
  for (const { success } of known.values()) completed += Number(success);
  const failed = known.size - completed;
  // The server's own count may be ahead of the events still on their way.
  if (completed + failed <= run.completed_prompts + run.failed_prompts) return run;
  return {
    ...run,
    completed_prompts: completed,
    failed_prompts: failed,
    progress: run.total_prompts > 0 ? (completed + failed) / run.total_prompts : 0,
    running_prompt_ids: run.running_prompt_ids?.filter((id) => !known.has(id)),
  };
}

// U+FE0E asks for the plain glyph, not the coloured picture.
export const glyphs: Record<Mark, string> = { pending: '○', running: '⏳\uFE0E', done: '✓', failed: '✗' };

/** The line of a prompt that has its result: `1.2 s | 142 tokens`. */
export function resultLine(result: Result): string {
  if (!result.success) return result.error ?? say('result.failed');
  const tokens = result.output_tokens;
  if (tokens === undefined) return seconds(result.latency_ms);
  return `${seconds(result.latency_ms)} | ${result.tokens_estimated ? '~' : ''}${say('count.tokens', { n: tokens })}`;
}

export interface UrlVerdict {
  ok: boolean;
  /** Said at the field; empty while nothing is typed. */
  says: string;
}

const verdict = (ok: boolean, key: Key, slots?: Slots): UrlVerdict => ({ ok, says: say(key, slots) });

/** Literal addresses that no public endpoint has. The gateway judges names, and every other spelling. */
function isPrivate(host: string): boolean {
  const four = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host)?.slice(1).map(Number);
  if (!four) return /^\[(::\]|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/.test(host);
  const [a, b] = four as [number, number];
  return a === 0 || a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b < 128) || a >= 224;
}

const longestUrl = 2048;

/** What can be told about an endpoint's URL without asking anybody; the gateway's own judgement follows. */
export function judgeUrl(text: string): UrlVerdict {
  if (text.trim() === '') return { ok: false, says: '' };
  if (/\s/.test(text.trim())) return verdict(false, 'url.spaces');
  if (!/^https?:\/\//i.test(text.trim())) return verdict(false, 'url.scheme');
  if (text.length > longestUrl) return verdict(false, 'url.long', { n: longestUrl });
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return verdict(false, 'url.incomplete');
  }
  if (url.username || url.password) return verdict(false, 'url.password');
  if (url.hash) return verdict(false, 'url.hash');
  const local = url.hostname === 'localhost' || url.hostname.endsWith('.localhost') || url.hostname === '[::1]' || /^127\./.test(url.hostname);
  if (local) return verdict(true, 'url.local');
  if (isPrivate(url.hostname)) return verdict(false, 'url.private');
  if (!url.hostname.includes('.') && !url.hostname.startsWith('[')) return verdict(false, 'url.host');
  return verdict(true, 'url.goes_to', { host: url.host });
}
