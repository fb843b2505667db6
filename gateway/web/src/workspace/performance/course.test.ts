import { expect, test } from 'vitest';
import type { Step } from './api';
import { courseOf } from './course';

const steps: Step[] = [
  { starts_at: '2026-11-28T10:00:00Z', cpu_usage_percent: 10, requests: 4 },
  { starts_at: '2026-11-28T10:00:30Z', requests: 0 },
  { starts_at: '2026-11-28T10:01:00Z', cpu_usage_percent: 30.5, requests: 7 },
];

test('a step in which a level was not read has no place in its course', () => {
  expect(courseOf(steps, 'cpu', 1)?.bars.map(({ value }) => value)).toEqual([10, 30.5]);
  expect(courseOf(steps, 'requests', 1)?.bars.map(({ value }) => value)).toEqual([4, 0, 7]);
});

test('requests are whole and levels are not; one step is no course, and what nobody has read has none', () => {
  expect([courseOf(steps, 'requests', 1)?.counts, courseOf(steps, 'cpu', 1)?.counts]).toEqual([true, false]);
  expect(courseOf(steps.slice(0, 1), 'requests', 1)).toBeUndefined();
  expect(courseOf(steps, 'gpu', 24)).toBeUndefined();
});
