import { expect, test } from 'vitest';
import type { Figures, Step } from './api';
import { seriesOf } from './series';

const step = (day: number, more: Partial<Step> = {}): Step => ({ starts_at: `2026-03-0${day}T00:00:00Z`, requests: day, errors: 0, prompt_tokens: 10, completion_tokens: day, ...more });
const figures = (series: Step[]) => ({ series, series_step: 'day' }) as Figures;

test('a reading is drawn step by step, in one unit', () => {
  const of = figures([step(1, { p50_response_time_ms: 80 }), step(2, { p50_response_time_ms: 1200 })]);
  expect(seriesOf(of, 'latency')).toMatchObject({ kind: 'line', unit: 's', counts: false, bars: [{ value: 80 }, { value: 1200 }] });
  expect(seriesOf(of, 'tokens')!.bars.map(({ value }) => value)).toEqual([11, 12]);
});

test('a step without a value is left out, and one step alone is no course', () => {
  expect(seriesOf(figures([step(1), step(2), step(3, { cost: 2 })]), 'cost')).toBeUndefined();
  expect(seriesOf(figures([step(1)]), 'requests')).toBeUndefined();
  expect(seriesOf({ series_step: 'day' } as Figures, 'requests')).toBeUndefined();
});
