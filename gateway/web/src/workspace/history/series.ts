// The course of a reading over the days or hours, in the form that the chart draws. Pure.
import type { Form } from '../../lib/charts/form';
import { moment, say } from '../../lib/words/words.svelte';
import type { Figures, Step } from './api';

export type Series = 'requests' | 'errors' | 'latency' | 'tokens' | 'cost';

const valueOf: Record<Series, (step: Step) => number | undefined> = {
  requests: ({ requests }) => requests,
  errors: ({ errors }) => errors,
  latency: ({ p50_response_time_ms }) => p50_response_time_ms,
  tokens: ({ prompt_tokens, completion_tokens }) => prompt_tokens + completion_tokens,
  cost: ({ cost }) => cost,
};

/** Nothing where there are not two steps to draw. */
export function seriesOf({ series = [], series_step }: Figures, name: Series): Form | undefined {
  const style: Intl.DateTimeFormatOptions = series_step === 'hour' ? { hour: '2-digit', minute: '2-digit' } : { month: 'short', day: 'numeric', timeZone: 'UTC' };
  const bars = series.flatMap((step) => {
    const value = valueOf[name](step);
    return value === undefined ? [] : [{ name: moment(step.starts_at, style), value }];
  });
  if (bars.length < 2) return undefined;
  const slowest = Math.max(...bars.map(({ value }) => value));
  return { kind: 'line', x: '', y: say(`history.series.${name}`), unit: name === 'latency' ? (slowest >= 1000 ? 's' : 'ms') : '', counts: name !== 'latency' && name !== 'cost', bars };
}
