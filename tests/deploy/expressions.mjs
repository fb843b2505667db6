// The expressions that operators look at: of the alerts, the records and the panels.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { checkout } from './settings.mjs';

const folder = join(checkout, 'deploy/grafana/dashboards');

export const rules = parse(readFileSync(join(checkout, 'deploy/prometheus/rules.yml'), 'utf8')).groups.flatMap(({ rules: all }) => all);
export const dashboards = readdirSync(folder).sort().map((file) => ({ file, ...JSON.parse(readFileSync(join(folder, file), 'utf8')) }));
export const panels = dashboards.flatMap(({ uid, panels: all }) => all.map((panel) => ({ uid, ...panel })));

// The names of series in an expression, records left out.
export function metricsIn(expression) {
  const bare = expression.replace(/\{[^}]*\}/g, '').replace(/\b(by|without)\s*\([^)]*\)/g, '').replace(/\[[^\]]*\]/g, '');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name).filter((name) => /^(ftl|gen_ai|process)_/.test(name) || name === 'up');
}
