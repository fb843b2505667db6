import { expect, test } from 'vitest';
import type { Evidence } from '../../events';
import { formOf, shown, told } from './form';

const ranks: Evidence = {
  id: '1',
  columns: ['prompt_id', 'prompt', 'latency_ms'],
  rows: [[2, 'Why?', 1920.155], [5, 'How?', 837.4]],
  series: { kind: 'bar', x_label: 'prompt', y_label: 'latency (ms)', points: [{ x: '#2', y: 1920.155 }, { x: '#5', y: 837.4 }] },
};

test('ranks lie across, in seconds from one second on, and each opens its prompt', () => {
  const form = formOf(ranks)!;
  expect([form.kind, form.unit]).toEqual(['across', 's']);
  expect(form.bars.map((bar) => [told(form, bar).value, bar.says, bar.behind])).toEqual([['1.92 s', 'Why?', { open: 2 }], ['0.837 s', 'How?', { open: 5 }]]);
});

test('a histogram stands on a true scale, its counts are whole and its upper ends are no part of a bucket but the last', () => {
  const form = formOf({
    id: '1',
    columns: ['from_ms', 'to_ms', 'count'],
    rows: [[300, 500, 4], [500, 700, 1]],
    series: { kind: 'bar', x_label: 'latency (ms)', y_label: 'responses', points: [{ x: '300-500', y: 4 }, { x: '500-700', y: 1 }] },
  })!;
  expect([form.kind, form.unit, form.counts]).toEqual(['histogram', 'ms', true]);
  expect(form.bars.map(({ behind }) => behind)).toEqual([{ from: 300, to: 499.999 }, { from: 500, to: 700 }]);
  expect(told(form, form.bars[0]!)).toEqual({ name: '300 ms – 500 ms', value: '4' });
});

test('groups by category lead to it, and one point is no chart', () => {
  const series = { kind: 'bar' as const, x_label: 'category', y_label: 'avg latency (ms)', points: [{ x: 'units', y: 10 }, { x: 'traps', y: 20 }] };
  const evidence: Evidence = { id: '1', columns: ['category', 'avg_latency_ms', 'n'], rows: [['units', 10, 1], ['traps', 20, 1]], series };
  expect(formOf(evidence)!.bars.map(({ behind }) => behind)).toEqual([{ category: 'units' }, { category: 'traps' }]);
  expect(formOf({ ...evidence, series: { ...series, points: series.points.slice(1) } })).toBeUndefined();
});

test('axis and text write a unit alike', () => {
  expect([shown(1500, 's'), shown(400, 's'), shown(400, 'ms'), shown(3, '')]).toEqual(['1.5 s', '0.4 s', '400 ms', '3']);
});
