// A form drawn by uPlot, on a canvas; where each bar stands is told for whoever points at it. uPlot sets styles from script alone, as the page's policy asks.
import uPlot from 'uplot';
import { number } from '../words/words.svelte';
import { shown, type Bar, type Form } from './form';

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Plot {
  /** The band of bar `index` on the node, in CSS pixels. */
  boxOf(index: number): Box;
  /** The bar at a point of the node, where there is one. */
  indexAt(left: number, top: number): number | undefined;
  destroy(): void;
}

/** A value marked on a histogram's scale. */
export interface Mark {
  name: string;
  value: number;
}

const barHeight = 30;
const upright = 230;
const font = '12px Geist, system-ui';
const longestName = 20;
const short = (text: string) => (text.length > longestName ? `${text.slice(0, longestName - 1)}…` : text);
// Half a response is none: counts are graded in whole steps.
const wholeSteps = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

export function plotOf(node: HTMLElement, form: Form, marks: readonly Mark[]): Plot {
  // A canvas knows no custom properties: what the name means here and now is read off the node.
  const colour = (name: string) => {
    node.style.color = `var(${name})`;
    return getComputedStyle(node).color;
  };
  const [ink, quiet, line, accent, soft] = ['--ink', '--quiet', '--line', '--accent', '--accent-soft'].map(colour) as [string, string, string, string, string];
  node.style.color = '';
  const across = form.kind === 'across';
  const { bars } = form;
  const positions = bars.map((bar, index) => (form.kind === 'histogram' ? (bar.from! + bar.to!) / 2 : index));
  const most = Math.max(...bars.map(({ value }) => value), 0) || 1;
  const axis = { stroke: quiet, ticks: { stroke: line, width: 1, size: 5 }, font };
  const values = { ...axis, grid: { stroke: line, width: 1 }, ...(form.counts ? { incrs: wholeSteps } : {}) };
  const inUnit = form.kind === 'histogram' ? (_: uPlot, ticks: number[]) => ticks.map((tick) => number(tick)) : (_: uPlot, ticks: number[]) => ticks.map((tick) => shown(tick, form.unit));
  const names: uPlot.Axis = across
    ? { ...axis, side: 3, size: Math.max(...bars.map(({ name }) => short(name).length)) * 7 + 18, grid: { show: false }, ticks: { show: false }, splits: () => positions, values: () => bars.map(({ name }) => short(name)) }
    : form.kind === 'histogram'
      ? { ...axis, size: 32, grid: { show: false }, values: (_, ticks) => ticks.map((tick) => shown(tick, form.unit)) }
      : { ...axis, size: 32, grid: { show: false }, splits: () => positions, values: () => bars.map(({ name }) => short(name)) };
  const plot = new uPlot(
    {
      width: node.clientWidth,
      height: across ? bars.length * barHeight + 44 : upright,
      legend: { show: false },
      cursor: { show: false },
      padding: [marks.length > 0 ? 20 : 8, 12, null, null],
      scales: {
        x: { time: false, range: form.kind === 'histogram' ? [bars[0]!.from!, bars[bars.length - 1]!.to!] : [-0.5, bars.length - 0.5], ...(across ? { ori: 1, dir: -1 as const } : {}) },
        // Room for the value that is written at a bar's end.
        y: { range: (_, low) => [Math.min(0, low), most * (across ? 1.22 : 1.08)], ...(across ? { ori: 0 } : {}) },
      },
      axes: [names, { ...values, size: across ? 32 : 48, space: across ? 64 : 30, ...(across ? { side: 2 } : {}), values: inUnit }],
      series: [{}, { stroke: accent, fill: form.kind === 'line' ? undefined : across ? accent : soft, width: across ? 0 : 1.5, paths: form.kind === 'line' ? undefined : uPlot.paths.bars!({ size: [across ? 0.5 : 1, across ? 16 : Infinity], ...(across ? {} : { gap: 1 }) }), points: { show: form.kind === 'line' } }],
      hooks: { draw: [(self) => (across ? writeValues(self, form, ink) : drawMarks(self, form, marks, ink))] },
    },
    [positions, bars.map(({ value }) => value)],
    node,
  );
  const ratio = devicePixelRatio;
  const inset = () => ({ left: plot.bbox.left / ratio, top: plot.bbox.top / ratio, width: plot.bbox.width / ratio, height: plot.bbox.height / ratio });
  const ends = (bar: Bar, index: number) => (form.kind === 'histogram' ? [bar.from!, bar.to!] : [index - 0.5, index + 0.5]).map((value) => plot.valToPos(value, 'x')).sort((a, b) => a - b) as [number, number];
  return {
    boxOf(index) {
      const all = inset();
      const [low, high] = ends(bars[index]!, index);
      return across ? { left: all.left, top: all.top + low, width: all.width, height: high - low } : { left: all.left + low, top: all.top, width: high - low, height: all.height };
    },
    indexAt(left, top) {
      const all = inset();
      const along = across ? top - all.top : left - all.left;
      const index = bars.findIndex((bar, at) => {
        const [low, high] = ends(bar, at);
        return along >= low && along < high;
      });
      return index < 0 ? undefined : index;
    },
    destroy: () => plot.destroy(),
  };
}

function writing(plot: uPlot, ink: string): CanvasRenderingContext2D {
  const { ctx } = plot;
  ctx.fillStyle = ink;
  ctx.strokeStyle = ink;
  ctx.font = `${12 * devicePixelRatio}px Geist, system-ui`;
  return ctx;
}

/** A bar's value stands at its end: nobody has to go to the axis for it. */
function writeValues(plot: uPlot, form: Form, ink: string): void {
  const ctx = writing(plot, ink);
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  form.bars.forEach(({ value }, index) => ctx.fillText(shown(value, form.unit), plot.valToPos(Math.max(0, value), 'y', true) + 6 * devicePixelRatio, plot.valToPos(index, 'x', true)));
}

/** Two marks side by side are written away from each other. */
function drawMarks(plot: uPlot, form: Form, marks: readonly Mark[], ink: string): void {
  const ctx = writing(plot, ink);
  ctx.textBaseline = 'bottom';
  ctx.lineWidth = devicePixelRatio;
  marks.forEach(({ name, value }, index) => {
    const left = Math.round(plot.valToPos(value, 'x', true)) + 0.5;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(left, plot.bbox.top - 4 * devicePixelRatio);
    ctx.lineTo(left, plot.bbox.top + plot.bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.textAlign = index === 0 ? 'right' : 'left';
    const text = `${name} ${shown(value, form.unit)}`;
    // What would be cut off at the right goes to the other side.
    const isWide = ctx.textAlign === 'left' && left + ctx.measureText(text).width > plot.bbox.left + plot.bbox.width;
    if (isWide) ctx.textAlign = 'right';
    ctx.fillText(text, left + (ctx.textAlign === 'right' ? -3 : 3) * devicePixelRatio, plot.bbox.top - (isWide ? -14 : 4) * devicePixelRatio);
  });
}
