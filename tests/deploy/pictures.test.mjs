// The pictures of the dashboards: each panel can be drawn, and each dashboard's picture is shown where operators read of it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dashboards, panels } from './expressions.mjs';
import { panelOf } from './pictures/forms.mjs';
import { checkout } from './settings.mjs';

const series = (...values) => ({ metric: { provider: 'custom' }, values: values.map((value, at) => [1000 + at * 5, value]) });

test('every panel is drawn, whatever its unit', () => {
  for (const panel of panels) {
    const { form, said } = panelOf(panel, panel.targets.map(() => [series('1', '2', '4')]));
    assert.ok(form?.bars.length > 0 || said, panel.title);
  }
});

test('one series is a line through its time, several are bars of their newest values, what is not there is said', () => {
  const panel = { title: 'Calls', type: 'timeseries', gridPos: { x: 0, y: 0, w: 12 }, fieldConfig: { defaults: { unit: 's' } }, targets: [{ legendFormat: '{{provider}}' }] };
  const line = panelOf(panel, [[series('0.001', 'NaN', '0.004')]]).form;
  assert.deepEqual([line.kind, line.unit, line.bars.map(({ value }) => value)], ['line', 'ms', [1, 4]]);
  const other = { ...series('3', '2'), metric: { provider: 'openai' } };
  const { form } = panelOf(panel, [[series('0.5', '1'), other]]);
  assert.deepEqual([form.kind, form.unit, form.bars], ['across', 's', [{ name: 'openai', value: 2000 }, { name: 'custom', value: 1000 }]]);
  assert.equal(panelOf(panel, [[series('NaN')]]).said, '–');
  assert.throws(() => panelOf({ ...panel, fieldConfig: { defaults: { unit: 'furlongs' } } }, [[series('1')]]), /furlongs/);
});

test("the README shows each dashboard's picture", () => {
  const page = readFileSync(join(checkout, 'deploy/README.md'), 'utf8');
  for (const { file } of dashboards) {
    const picture = `grafana/pictures/${file.replace('.json', '.png')}`;
    assert.ok(page.includes(`](${picture})`), picture);
    assert.ok(existsSync(join(checkout, 'deploy', picture)), picture);
  }
});
