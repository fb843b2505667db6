// deploy/Dockerfile: every stage but the compiling one built in a folder of its own, its programs run in it as the image's user, and
// what an image weighs. Needs built programs (FTL_BUILD_DIR), mmdebstrap, root and minutes, so FTL_IMAGES=1 asks for it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Images, outOf, packagesOf, stagesOf } from './image.mjs';
import { checkout } from './settings.mjs';

const skip = (process.env.FTL_IMAGES !== '1' && 'set FTL_IMAGES=1; it takes minutes and installs from Debian') ||
  (!process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs') ||
  (process.getuid() !== 0 && 'only root may change its root') ||
  (spawnSync('mmdebstrap', ['--version']).status !== 0 && 'there is no mmdebstrap (a package of Debian)');
const text = readFileSync(join(checkout, 'deploy/Dockerfile'), 'utf8');
const debian = 'docker.io/library/debian:bookworm-slim';
const services = ['gateway', 'session-vault', 'batch-runner', 'analytics'];
const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
const folder = skip ? undefined : mkdtempSync(join(tmpdir(), 'ftl-images-'));
const images = skip ? undefined : new Images(folder, checkout);

before(() => {
  if (skip) return;
  images.bootstrap(debian);
  images.give('build', outOf(join(folder, 'build'), join(process.env.FTL_BUILD_DIR, 'bin'), checkout));
  for (const stage of stagesOf(text).filter(({ name }) => name !== 'build')) images.build(stage);
});
after(() => folder && rmSync(folder, { recursive: true, force: true }));

test('a line that goes on is one step, and a stage is named', () => {
  assert.deepEqual(stagesOf('FROM a AS b\nRUN one \\\n && two\n# not this\nFROM b AS c\nUSER 1:1\n'), [
    { base: 'a', name: 'b', steps: [{ verb: 'RUN', rest: 'one   && two' }] },
    { base: 'b', name: 'c', steps: [{ verb: 'USER', rest: '1:1' }] },
  ]);
});

test("each image's program finds all its libraries and runs as the image's user", { skip }, () => {
  for (const name of [...services, 'export', 'sample-endpoint', 'all-in-one']) {
    assert.equal(images.of(name).user, '10001:10001', name);
    assert.match(images.run(name, ['--version']), /\d+\.\d+/, name);
    assert.match(images.run(name, ['--help']), /Usage|--version/, name);
  }
  for (const name of [...services, 'export', 'all-in-one']) assert.equal(images.of(name).healthcheck.at(-1), 'healthcheck', name);
});

test('an image knows what it consists of, and holds no compiler, no curl and no lists of packages', { skip }, () => {
  for (const name of [...services, 'export', 'sample-endpoint', 'all-in-one']) {
    const packages = packagesOf(images.of(name)).map(([one]) => one);
    assert.ok(packages.includes('ca-certificates') && packages.includes('libc6'), name);
    assert.deepEqual(packages.filter((one) => /^(curl|wget|gcc|g\+\+|cmake|git|nodejs)$/.test(one) || /-dev$/.test(one)), [], name);
  }
});

test('the four programs weigh at most 150 MB over Debian, together', { skip }, (context) => {
  const shared = images.bytes('runtime') - images.bytes(debian);
  const own = Object.fromEntries(services.map((name) => [name, images.added(name)]));
  const together = shared + Object.values(own).reduce((sum, bytes) => sum + bytes, 0);
  context.diagnostic(`Debian ${megabytes(images.bytes(debian))} MB; the layer of libraries ${megabytes(shared)} MB; ${services.map((name) => `${name} ${megabytes(own[name])} MB`).join(', ')}; together ${megabytes(together)} MB; export ${megabytes(images.bytes('export') - images.bytes(debian))} MB, of it fonts and libraries ${megabytes(images.added('export-runtime'))} MB; all-in-one ${megabytes(images.bytes('all-in-one') - images.bytes(debian))} MB`);
  assert.ok(together <= 150e6, `${megabytes(together)} MB`);
});
