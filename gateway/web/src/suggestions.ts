// The chips under Atlas: five that always make sense, then such as fit these results.
import type { Result } from './api';
import { say, type Key } from './lib/words/words.svelte';

const always: readonly Key[] = ['ask.average', 'ask.slowest', 'ask.short', 'ask.p95', 'ask.failed'];
const most = 9;

export function suggestions(results: readonly Result[], asked: readonly string[]): string[] {
  const fitting: Key[] = [];
  if (results.some((one) => !one.success)) fitting.push('ask.errors');
  if (results.some((one) => one.checks?.some((check) => !check.passed))) fitting.push('ask.checks');
  if (results.some((one) => one.finish_reason === 'length')) fitting.push('ask.cut');
  if (new Set(results.flatMap((one) => one.category ?? [])).size > 1) fitting.push('ask.categories');
  if (results.some((one) => one.ttft_ms !== undefined)) fitting.push('ask.ttft');
  if (results.filter((one) => one.success).length >= 5) fitting.push('ask.distribution');
  const seen = new Set(asked);
  return [...always, ...fitting].map((key) => say(key)).filter((text) => !seen.has(text)).slice(0, most);
}
