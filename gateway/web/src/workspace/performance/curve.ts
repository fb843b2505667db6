// The curves of a benchmark over its loads: what is drawn, and the scale that it is drawn on. Pure.
import type { Point } from './api';

export interface Curve {
  name: 'p50' | 'p99' | 'goodput' | 'throughput';
  points: { x: number; y: number }[];
}

export const loadOf = (point: Point) => point.offered_rate ?? point.concurrency ?? 0;

/** In the order of the loads; a sweep looks for the knee back and forth. */
export const byLoad = (points: readonly Point[]) => [...points].sort((a, b) => loadOf(a) - loadOf(b));

function curve(name: Curve['name'], points: readonly Point[], value: (point: Point) => number | undefined): Curve {
  return { name, points: points.flatMap((point) => (value(point) === undefined ? [] : [{ x: loadOf(point), y: value(point)! }])) };
}

/** Times that a person waits: since the scheduled start where there is one. */
export function latencyCurves(points: readonly Point[]): Curve[] {
  const sorted = byLoad(points);
  const spread = (point: Point) => point.since_scheduled_start ?? point.latency;
  return [curve('p50', sorted, (point) => spread(point)?.p50_ms), curve('p99', sorted, (point) => spread(point)?.p99_ms)];
}

export function rateCurves(points: readonly Point[]): Curve[] {
  const sorted = byLoad(points);
  return [curve('throughput', sorted, (point) => point.requests_per_second), curve('goodput', sorted, (point) => point.goodput)].filter(({ points: some }) => some.length > 0);
}

/** Round steps from 0 to the first one at or above `most`: at most seven of them. */
export function gradesTo(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = [1, 2, 5, 10].map((n) => n * power).find((one) => most / one <= 6)!;
  // Each by multiplication: sums of tenths drift.
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, n) => Number((n * step).toPrecision(12)));
}
