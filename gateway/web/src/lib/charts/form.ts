// What form a query's rows take as a chart: bars across for ranks and groups, a histogram on a true scale, a line. Pure.
import type { Evidence } from '../../events';
import { columnName } from '../columns';
import type { Look } from '../table/look';
import { number } from '../words/words.svelte';

export interface Bar {
  /** What stands at the axis; of a bucket nothing does. */
  name: string;
  value: number;
  /** A bucket's ends, in the scale's own unit before it is shown. */
  from?: number;
  to?: number;
  /** More of it than its name: a prompt's text. */
  says?: string;
  /** The results behind it, as the table finds them. */
  behind?: Partial<Look>;
}

export interface Form {
  kind: 'across' | 'histogram' | 'line';
  x: string;
  y: string;
  /** Of values; of a histogram's scale, whose values are counts. One for axis and texts. */
  unit: 'ms' | 's' | '';
  /** Whether values are whole by nature. */
  counts: boolean;
  bars: Bar[];
}

const milliseconds = / \(ms\)$/;
const secondsFrom = 1000;
/** Latencies have three decimals; an upper end is no part of its bucket. */
const justBelow = 0.001;

export function formOf(evidence: Evidence): Form | undefined {
  const series = evidence.series;
  if (!series || series.points.length < 2) return undefined;
  const from = evidence.columns.findIndex((name) => name === 'from_ms' || name === 'from');
  return from >= 0 ? histogram(evidence, from) : valued(evidence);
}

const unitOf = (label: string, most: number) => (!milliseconds.test(label) ? '' : most >= secondsFrom ? 's' : 'ms');
const plainName = (label: string) => columnName(label.replace(milliseconds, ''));

function histogram({ series, rows }: Evidence, at: number): Form {
  const label = series!.x_label ?? '';
  const bars = rows.map((cells, index): Bar => {
    const [from, to, value] = [Number(cells[at]), Number(cells[at + 1]), Number(cells[at + 2])];
    const isLast = index === rows.length - 1;
    return { name: '', value, from, to, ...(label === 'latency (ms)' ? { behind: { from, to: isLast ? to : to - justBelow } } : {}) };
  });
  return { kind: 'histogram', x: plainName(label), y: columnName(series!.y_label ?? ''), unit: unitOf(label, bars[bars.length - 1]!.to!), counts: true, bars };
}

function valued({ series, columns, rows }: Evidence): Form {
  const { kind, x_label = '', y_label = '', points } = series!;
  const [id, prompt] = [columns.indexOf('prompt_id'), columns.indexOf('prompt')];
  const bars = points.map(({ x, y }): Bar => {
    const open = /^#(\d+)$/.exec(x);
    const row = open && rows.find((cells) => cells[id] === Number(open[1]));
    return {
      name: x,
      value: y,
      ...(row && typeof row[prompt] === 'string' ? { says: row[prompt] } : {}),
      ...(open ? { behind: { open: Number(open[1]) } } : x_label === 'category' ? { behind: { category: x } } : {}),
    };
  });
  const counts = bars.every(({ value }) => Number.isInteger(value));
  return { kind: kind === 'line' ? 'line' : 'across', x: plainName(bars[0]!.behind?.open === undefined ? x_label : 'prompt_id'), y: plainName(y_label), unit: unitOf(y_label, Math.max(...points.map(({ y }) => y))), counts, bars };
}

/** A number of the form's unit as its axis and its texts write it. */
export function shown(value: number, unit: Form['unit']): string {
  if (unit === '') return number(Math.round(value * 1000) / 1000);
  return unit === 's' ? `${number(Math.round(value) / 1000)} s` : `${number(Math.round(value * 10) / 10)} ms`;
}

/** One bar in words, and its value. */
export function told(form: Form, bar: Bar): { name: string; value: string } {
  if (form.kind !== 'histogram') return { name: bar.name, value: shown(bar.value, form.unit) };
  return { name: `${shown(bar.from!, form.unit)} – ${shown(bar.to!, form.unit)}`, value: number(bar.value) };
}
