// Alerts and dashboards by themselves: shape, runbooks, promtool's own tests. metrics.test.mjs holds them to what is scraped.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { dashboards, panels, rules } from './expressions.mjs';
import { freePort } from './ports.mjs';
import { Prometheus, hasPrometheus } from './prometheus.mjs';
import { checkout } from './settings.mjs';

const skip = !hasPrometheus && 'there is no promtool (Debian: prometheus)';
const folder = join(checkout, 'deploy/prometheus');
const promtool = (...parameters) => spawnSync('promtool', parameters, { encoding: 'utf8' });
const alerts = rules.filter(({ alert }) => alert);

test('every alert has a runbook that names it, and every runbook of an alert is there', () => {
  assert.ok(alerts.length >= 10);
  for (const { alert, annotations } of alerts) {
    assert.ok(annotations.summary && annotations.description, alert);
    const path = join(checkout, annotations.runbook);
    assert.ok(existsSync(path), annotations.runbook);
    assert.ok(readFileSync(path, 'utf8').includes(alert), `${annotations.runbook} does not name ${alert}`);
  }
});

test('a runbook says what is seen, what to do and when it is over', () => {
  for (const file of readdirSync(join(checkout, 'deploy/runbooks')).filter((name) => name !== 'README.md')) {
    const text = readFileSync(join(checkout, 'deploy/runbooks', file), 'utf8');
    for (const heading of ['## Seen', '## Do', '## Over']) assert.ok(text.includes(heading), `${file}: ${heading}`);
  }
});

test('promtool takes the rules, and their tests hold', { skip }, () => {
  const checked = promtool('check', 'rules', join(folder, 'rules.yml'));
  assert.equal(checked.status, 0, checked.stderr);
  const tested = promtool('test', 'rules', join(folder, 'rules.test.yml'));
  assert.equal(tested.status, 0, tested.stdout + tested.stderr);
  const said = readFileSync(join(folder, 'rules.test.yml'), 'utf8');
  for (const { alert } of alerts) {
    assert.ok(said.includes(`alertname: ${alert}\n        exp_alerts:\n`), `${alert} is never seen to come`);
  }
});

test("Kubernetes' rules are the same", () => {
  const read = (path) => parse(readFileSync(join(checkout, path), 'utf8'));
  const { spec } = read('deploy/kubernetes/components/service-monitor/rules.yaml');
  assert.deepEqual(spec, read('deploy/prometheus/rules.yml'));
});

test('a rule that is spoiled fails its tests', { skip }, () => {
  const spoiled = mkdtempSync(join(tmpdir(), 'ftl-rules-'));
  try {
    const text = readFileSync(join(folder, 'rules.yml'), 'utf8');
    writeFileSync(join(spoiled, 'rules.yml'), text.replace('max(ftl_epoch_keys_overdue) > 0', 'max(ftl_epoch_key_overdue) > 0'));
    writeFileSync(join(spoiled, 'rules.test.yml'), readFileSync(join(folder, 'rules.test.yml')));
    assert.notEqual(promtool('test', 'rules', join(spoiled, 'rules.test.yml')).status, 0);
  } finally {
    rmSync(spoiled, { recursive: true });
  }
});

const exporter = 'prometheus-node-exporter';
test("DiskFull is fed by what tells of a machine's disks, as compose calls it", {
  skip: skip || (spawnSync(exporter, ['--version']).status !== 0 && `there is no ${exporter} (a package of Debian)`),
}, async (context) => {
  const { services } = parse(readFileSync(join(checkout, 'docker-compose.yml'), 'utf8'), { merge: true });
  const address = `127.0.0.1:${await freePort()}`;
  const flags = services['node-exporter'].command.filter((flag) => !flag.startsWith('--path.rootfs'));
  const child = spawn(exporter, [...flags, `--web.listen-address=${address}`], { stdio: 'ignore' });
  const prometheus = new Prometheus();
  context.after(async () => {
    child.kill('SIGTERM');
    await prometheus.stop();
  });
  await prometheus.start({ machine: address }, { job: 'finetunelab-machine', rules: [join(folder, 'rules.yml')] });
  for (let tries = 0; tries < 100 && (await prometheus.query('ftl:disk_free:ratio')).length === 0; ++tries) await sleep(100);
  const disks = await prometheus.query('ftl:disk_free:ratio');
  assert.ok(disks.length > 0);
  for (const { metric, value } of disks) assert.ok(metric.mountpoint && value[1] > 0 && value[1] < 1, JSON.stringify(metric));
});

test('the five dashboards have fixed uids, no ids of a database, units, and their data source by variable', () => {
  const uids = { '01-overview.json': 'ftl-overview', '02-tokens.json': 'ftl-tokens', '03-performance.json': 'ftl-performance', '04-provider-health.json': 'ftl-provider-health', '05-system-health.json': 'ftl-system-health' };
  assert.deepEqual(Object.fromEntries(dashboards.map(({ file, uid }) => [file, uid])), uids);
  for (const { file, id, templating, panels: all } of dashboards) {
    assert.equal(id, undefined, file);
    assert.equal(templating.list[0].type, 'datasource', file);
    assert.equal(new Set(all.map((panel) => panel.id)).size, all.length, file);
    for (const { gridPos } of all) assert.ok(gridPos.x + gridPos.w <= 24, file);
  }
  for (const { uid, title, fieldConfig, datasource, targets } of panels) {
    assert.ok(fieldConfig.defaults.unit, `${uid}: ${title}`);
    for (const source of [datasource, ...targets.map((target) => target.datasource)]) assert.equal(source.uid, '${datasource}', `${uid}: ${title}`);
  }
});
