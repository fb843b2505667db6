// The table that a bench is for: a line for each dimension, measured against a floor of the same run. A line whose goal is
// a number says by itself whether it is met.
const rows = [];

// `goal` is text for people; `met` a boolean, or undefined where only a person can say.
export function row(dimension, { floor = '-', ours, ratio = '-', goal = '-', met }) {
  const mark = met === undefined ? '' : met ? ' ✓' : ' ✗';
  rows.push([dimension, floor, ours, ratio, goal + mark]);
  process.stderr.write(`${dimension}: ${ours}${mark}\n`);
}

export function print() {
  for (const line of [['dimension', 'floor', 'ours', 'ratio', 'goal'], Array(5).fill('---'), ...rows]) {
    console.log(`| ${line.join(' | ')} |`);
  }
}

// The value below which `share` of them lie.
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))];
}

export const median = (values) => quantile(values, 0.5);

// Milliseconds and ratios as the table shows them.
export const ms = (value) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
