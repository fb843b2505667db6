// The chips under Atlas: five that always make sense, then such as fit these results.
import type { Result } from './api';

const always = ["What's my average latency?", 'Which prompts were slowest?', 'Show me responses under 100 tokens', "What's my p95 latency?", 'Any failed requests?'];

export function suggestions(results: readonly Result[], asked: readonly string[]): string[] {
  const fitting: string[] = [];
  if (results.some((one) => !one.success)) fitting.push('What errors were there, by type?');
  if (results.some((one) => one.checks?.some((check) => !check.passed))) fitting.push('Which prompts failed their expected answer?');
  if (results.some((one) => one.finish_reason === 'length')) fitting.push('Which responses were truncated?');
  if (new Set(results.flatMap((one) => one.category ?? [])).size > 1) fitting.push('Compare latency by category');
  if (results.some((one) => one.ttft_ms !== undefined)) fitting.push("What's my time to first token?");
  if (results.filter((one) => one.success).length >= 5) fitting.push('Show me the latency distribution');
  const seen = new Set(asked);
  return [...always, ...fitting].filter((text) => !seen.has(text)).slice(0, 9);
}
