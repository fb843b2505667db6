// docker-compose.yml: what every service there is allowed, and the stack itself brought up without an engine: the same
// identities, logins, settings and order, each program a process. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { checkout, settingNames } from './settings.mjs';
import { Stack } from './stack.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const compose = parse(readFileSync(`${checkout}/docker-compose.yml`, 'utf8'), { merge: true });
const dockerfile = readFileSync(`${checkout}/deploy/Dockerfile`, 'utf8');
const programs = Object.entries(compose.services).filter(([, service]) => service.user === '10001:10001');

test('no program of ours may do more than it needs', () => {
  assert.equal(programs.length, 7);
  for (const [name, service] of programs) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.equal(service.cap_add, undefined, name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.ok(service.mem_limit && service.pids_limit, name);
    assert.ok(parseInt(service.stop_grace_period, 10) > 20, `${name} is killed before its drain ends`);
  }
});

test('no secret stands in the environment, and every setting there is one', { skip }, () => {
  const known = settingNames();
  for (const [name, service] of programs) {
    for (const [setting, value] of Object.entries(service.environment ?? {})) {
      if (setting.startsWith('FTL_SAMPLE_ENDPOINT_')) continue;
      assert.ok(known.has(setting), `${name}: there is no setting ${setting}`);
      if (/(DATABASE_URL|ENCRYPTION_KEY)/.test(setting)) assert.match(setting, /_FILE$/, name);
      if (/_FILE$/.test(setting)) assert.match(value, /^\/identity\//, name);
    }
  }
});

test('every target is built, every volume and network is there, and a program has no identity but its own', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    if (service.build) assert.match(dockerfile, new RegExp(`^FROM .* AS ${service.build.target}$`, 'm'), name);
    for (const volume of service.volumes ?? []) {
      const [source] = volume.split(':');
      if (!/^[./]/.test(source)) assert.ok(source in compose.volumes, `${name}: ${source}`);
    }
    for (const network of service.networks ?? []) assert.ok(network in compose.networks, `${name}: ${network}`);
    for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in compose.services, `${name}: ${other}`);
  }
  for (const [name, service] of programs) {
    const identities = (service.volumes ?? []).filter((volume) => volume.startsWith('identity-'));
    if (name !== 'sample-endpoint') assert.deepEqual(identities, [`identity-${name}:/identity:ro`], name);
  }
});

test('nobody of ours sees the machine, and who tells of its disks may not write there', () => {
  const seers = Object.entries(compose.services).flatMap(([name, { volumes = [] }]) => volumes.filter((volume) => volume.startsWith('/')).map((volume) => [name, volume]));
  assert.deepEqual(seers, [['node-exporter', '/:/machine:ro,rslave']]);
});

test('nothing but the gateway is reached from outside, and only on this machine unless told otherwise', () => {
  for (const [name, service] of programs) assert.equal(Boolean(service.ports), name === 'gateway', name);
  for (const service of Object.values(compose.services)) {
    for (const port of service.ports ?? []) assert.match(port, /127\.0\.0\.1/);
  }
  const outward = programs.filter(([, service]) => service.networks?.includes('internet')).map(([name]) => name);
  assert.deepEqual(outward.sort(), ['analytics', 'batch-runner']);
});

test('the stack comes up with its own identities and logins, and does the main job', {
  skip: skip || (process.getuid() !== 0 && 'only root may give files to another user'),
}, async (context) => {
  const stack = new Stack(compose);
  context.after(() => stack.remove());
  await stack.up();
  const { passed, failed, said } = await stack.smoke();
  assert.equal(failed, 0, said);
  assert.ok(passed > 10, said);
});
