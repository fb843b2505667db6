// Builds the stages of deploy/Dockerfile without an engine: each is a folder, RUN is a chroot in it, as root. What only an engine
// does (a read-only root, dropped capabilities, networks) is not shown by it. The stage that compiles is given, not run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

function must(command, parameters, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  assert.equal(status, 0, `${command} ${parameters.join(' ')}: ${error ?? ''}${stdout}${stderr}`);
  return stdout;
}

// [{ name, base, steps: [{ verb, rest }] }], lines that go on put together.
export function stagesOf(text) {
  const stages = [];
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ').split('\n').filter((line) => line.trim());
  for (const line of lines) {
    const [, verb, rest] = /^(\w+)\s+(.*)$/.exec(line);
    if (verb !== 'FROM') stages.at(-1).steps.push({ verb, rest });
    else stages.push({ base: rest.split(/\s+/)[0], name: /\bAS (\S+)/.exec(rest)?.[1], steps: [] });
  }
  return stages;
}

export class Images {
  #folder;
  #checkout;
  #built = {};
  #before = new Map();

  constructor(folder, checkout) {
    this.#folder = folder;
    this.#checkout = checkout;
  }

  // Debian as its slim image is: no documentation, no translations.
  bootstrap(base) {
    const without = ['doc', 'info', 'locale', 'man'].map((kind) => `--dpkgopt=path-exclude=/usr/share/${kind}/*`);
    const root = join(this.#folder, 'base');
    must('mmdebstrap', ['--quiet', '--variant=minbase', ...without, 'bookworm', root, ...sources()]);
    this.#built[base] = { root, user: '', env: {} };
  }

  // A stage whose files are made here: `root` holds them where the stage would.
  give(name, root) {
    this.#built[name] = { root, user: '', env: {} };
  }

  build({ name, base, steps }) {
    const from = this.#built[base];
    assert.ok(from, `${name} stands on ${base}, which is not there`);
    const image = { root: join(this.#folder, name), user: from.user, env: { ...from.env } };
    must('cp', ['--archive', '--reflink=auto', from.root, image.root]);
    this.#before.set(name, from.root);
    for (const { verb, rest } of steps) this.#step(image, verb, rest);
    this.#built[name] = image;
  }

  #step(image, verb, rest) {
    if (verb === 'RUN') return void this.#inside(image, ['/bin/sh', '-c', rest], { user: image.user });
    if (verb === 'COPY') return this.#copy(image, rest.split(/\s+/));
    if (verb === 'ENV') return void Object.assign(image.env, Object.fromEntries([...rest.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value])));
    if (verb === 'USER') return void (image.user = rest);
    if (verb === 'ENTRYPOINT') return void (image.entrypoint = JSON.parse(rest));
    if (verb === 'HEALTHCHECK') return void (image.healthcheck = JSON.parse(/CMD (\[.*\])/.exec(rest)[1]));
    assert.ok(['LABEL', 'EXPOSE', 'VOLUME', 'STOPSIGNAL', 'WORKDIR'].includes(verb), `${verb} is not known here`);
  }

  #copy(image, words) {
    const from = words[0].startsWith('--from=') ? this.#built[words.shift().slice('--from='.length)].root : this.#checkout;
    const to = words.pop();
    for (const source of words) {
      const target = join(image.root, to.endsWith('/') ? join(to, basename(source)) : to);
      mkdirSync(join(target, '..'), { recursive: true });
      cpSync(join(from, source), target, { recursive: true });
    }
  }

  #inside(image, command, { user = '', env = {} } = {}) {
    const who = user ? [`--userspec=${user}`] : [];
    return must('chroot', [...who, image.root, ...command], { env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...image.env, ...env } });
  }

  // Its entry point with these words, as the image's user.
  run(name, words, env = {}) {
    const image = this.#built[name];
    return this.#inside(image, [...image.entrypoint, ...words], { user: image.user, env });
  }

  of(name) {
    return this.#built[name];
  }

  bytes(name) {
    return Number(must('du', ['--summarize', '--bytes', '--one-file-system', this.#built[name].root]).split('\t')[0]);
  }

  // What the stage's own steps added.
  added(name) {
    const before = Number(must('du', ['--summarize', '--bytes', this.#before.get(name)]).split('\t')[0]);
    return this.bytes(name) - before;
  }
}

// This machine's own Debian mirror and settings of apt.
function sources() {
  return ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources'].filter((path) => existsSync(path) && statSync(path).size > 0);
}

// The folder that the stage `build` would leave under /out, from programs that are built already.
export function outOf(folder, programs, checkout) {
  const out = join(folder, 'out');
  mkdirSync(out, { recursive: true });
  const names = ['', '-gateway', '-session-vault', '-batch-runner', '-analytics', '-export', '-sample-endpoint'].map((suffix) => `finetunelab${suffix}`);
  for (const name of names) cpSync(join(programs, name), join(out, name));
  must('strip', names.map((name) => join(out, name)));
  const libraries = (those) => must(join(checkout, 'deploy/image/libraries'), those.map((name) => join(out, name)));
  writeFileSync(join(out, 'packages'), libraries(names.filter((name) => !['finetunelab', 'finetunelab-export'].includes(name))));
  writeFileSync(join(out, 'packages-export'), libraries(['finetunelab-export']));
  return folder;
}

export const packagesOf = (image) => readFileSync(join(image.root, 'usr/share/finetunelab/sbom.tsv'), 'utf8').trim().split('\n').map((line) => line.split('\t'));
