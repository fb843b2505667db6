// Names of the columns of Atlas's tables and charts as people read them: `p95_latency_ms` is `p95 Latency (ms)`.
import { sayIf } from './words/words.svelte';

const milliseconds = /(?:_ms| \(ms\))$/;
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function columnName(column: string): string {
  const plain = column.replace(milliseconds, '').replaceAll(' ', '_');
  const [, statistic = '', measure = plain] = /^(p\d+_)?(.*)$/.exec(plain) ?? [];
  const known = sayIf(`column.${measure}`);
  const name = known ? statistic.replace('_', ' ') + known : capital(plain.replaceAll('_', ' ').trim());
  return milliseconds.test(column) ? `${name} (ms)` : name;
}
