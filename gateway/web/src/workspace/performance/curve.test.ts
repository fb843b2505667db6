import { describe, expect, test } from 'vitest';
import type { Point } from './api';
import { byLoad, gradesTo, latencyCurves, rateCurves } from './curve';

const point = (offered_rate: number, more: Partial<Point> = {}): Point => ({ offered_rate, requests: 10, errors: 0, not_begun: 0, requests_per_second: offered_rate, output_tokens_per_second: 1, ...more });

describe('the curves of a benchmark', () => {
  test('go by load, whatever the order in which it was tried', () => {
    expect(byLoad([point(8), point(2), point(4)]).map((one) => one.offered_rate)).toEqual([2, 4, 8]);
  });

  test('show the time since the scheduled start where there is one', () => {
    const spread = (p50_ms: number) => ({ n: 10, p50_ms, p99_ms: 2 * p50_ms });
    const [p50, p99] = latencyCurves([point(1, { latency: spread(100), since_scheduled_start: spread(400) }), point(2, { latency: spread(100) }), point(3)]);
    expect(p50!.points).toEqual([{ x: 1, y: 400 }, { x: 2, y: 100 }]);
    expect(p99!.points.map(({ y }) => y)).toEqual([800, 200]);
  });

  test('have goodput only where it was asked for', () => {
    expect(rateCurves([point(1), point(2)]).map(({ name }) => name)).toEqual(['throughput']);
    expect(rateCurves([point(1, { goodput: 0 }), point(2)]).map(({ name }) => name)).toEqual(['throughput', 'goodput']);
  });
});

test('a scale has round grades and reaches what it shows', () => {
  expect(gradesTo(1.05)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1, 1.2]);
  expect(gradesTo(640)).toEqual([0, 200, 400, 600, 800]);
  expect(gradesTo(0)).toEqual([0, 1]);
  for (const most of [0.003, 0.7, 1, 9.99, 10, 1234, 99_999]) {
    const grades = gradesTo(most);
    expect(grades.length).toBeLessThanOrEqual(7);
    expect(grades[grades.length - 1]).toBeGreaterThanOrEqual(most);
  }
});
