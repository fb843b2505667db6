// Figures as people read them. Pure.
import { moment, number, say, since } from './words/words.svelte';

/** Milliseconds as a person reads them: `85 ms` under a tenth of a second, `1.2 s` above. */
export function seconds(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms < 100) return `${number(Math.round(ms))} ms`;
  return `${number(ms / 1000, ms < 9950 ? 1 : 0)} s`;
}

/** Milliseconds to three digits, where what was measured is the matter: `101 ms`, `1.24 s`. */
export function measured(ms: number | undefined): string {
  if (ms === undefined) return '';
  const three = (n: number) => number(Number(n.toPrecision(3)));
  return ms < 999.5 ? `${three(ms)} ms` : `${three(ms / 1000)} s`;
}

/** Time left, as `47:12`, or `1:02:09` from an hour on; never below zero. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** The same in words, for what is read aloud and for sentences. */
export function timeLeft(ms: number): string {
  if (ms < 1000) return say('time.under_a_second');
  const total = Math.round(ms / 1000);
  return total < 60 ? say('count.seconds', { n: total }) : say('count.minutes', { n: Math.round(total / 60) });
}

const spans: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]];

/** How long ago `time` was, from `now` in ms: `3 minutes ago`; its date from a week on. */
export function ago(time: string, now: number): string {
  const passed = now - Date.parse(time);
  if (passed > 7 * 86_400_000) return moment(time, { dateStyle: 'medium' });
  const [unit, length] = spans.find(([, ms]) => passed >= ms) ?? ['second', 1000];
  return since(unit, Math.max(0, Math.floor(passed / length)));
}
