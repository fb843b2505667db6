// The course of a level or of the requests, in the form that the chart draws. Pure.
import type { Form } from '../../lib/charts/form';
import { moment, say } from '../../lib/words/words.svelte';
import type { Step } from './api';

export const levels = ['cpu', 'memory', 'disk', 'gpu'] as const;
export type Course = (typeof levels)[number] | 'requests';

const valueOf: Record<Course, (step: Step) => number | undefined> = {
  cpu: (step) => step.cpu_usage_percent,
  memory: (step) => step.memory_usage_percent,
  disk: (step) => step.disk_usage_percent,
  gpu: (step) => step.gpu_usage_percent,
  requests: (step) => step.requests,
};

/** Nothing where there are not two steps to draw. */
export function courseOf(points: readonly Step[], name: Course, hours: number): Form | undefined {
  const style: Intl.DateTimeFormatOptions = hours <= 24 ? { hour: '2-digit', minute: '2-digit' } : { month: 'short', day: 'numeric', hour: '2-digit' };
  const bars = points.flatMap((step) => {
    const value = valueOf[name](step);
    return value === undefined ? [] : [{ name: moment(step.starts_at, style), value }];
  });
  if (bars.length < 2) return undefined;
  const y = say(`system.${name}`);
  return { kind: 'line', x: say('history.time'), y: name === 'requests' ? y : `${y}, %`, unit: '', counts: name === 'requests', bars };
}
