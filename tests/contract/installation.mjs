// An installation of one's own, by the same command that people use: for tests that need settings of their own or kill
// processes. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { useInstallation } from './client.mjs';

// How long `up` or `down` may take.
const patienceMs = 180_000;

const scripts = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'deploy', 'local');

export class Installation {
  #flags;
  #settings;
  #port = 0;

  constructor(flags = [], settings = {}) {
    this.data = mkdtempSync(join(tmpdir(), 'finetunelab-test-'));
    this.#flags = flags;
    this.#settings = settings;
  }

  // Starts what does not run, on the port that it had; what runs already is left alone.
  async up(more = []) {
    const flags = ['--data', this.data, '--port', String(this.#port), '--detach', '--no-demo', '--skip-install', ...this.#flags, ...more];
    const { status, said } = await this.#call('up', flags);
    assert.equal(status, 0, `up ended with ${status}: ${said}`);
    this.#port = Number(new URL(this.url).port);
    return this;
  }

  async down() {
    const { status, said } = await this.#call('down', ['--data', this.data]);
    assert.equal(status, 0, `down ended with ${status}: ${said}`);
  }

  // Ends all of it and forgets it; the logs are kept where something went wrong.
  async remove({ keep = false } = {}) {
    await this.down();
    if (!keep) rmSync(this.data, { recursive: true, force: true });
  }

  #call(script, flags) {
    // What another installation was told is no business of this one.
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DEMO_|FTL_(?!BUILD_DIR)|DATABASE_URL|NODE_)/.test(name)));
    return new Promise((ended) => {
      let said = '';
      const child = spawn(join(scripts, script), flags, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...this.#settings }, timeout: patienceMs });
      const streams = [child.stdout, child.stderr];
      for (const stream of streams) stream.on('data', (text) => (said += text));
      // Where something that it started holds its output open, that is closed a moment after its end.
      child.on('exit', () => setTimeout(() => streams.forEach((stream) => stream.destroy()), 2000).unref());
      child.on('close', (status, signal) => ended({ status: status ?? signal, said }));
    });
  }

  #read(kind, name) {
    return readFileSync(join(this.data, kind, name), 'utf8');
  }

  port(name) {
    return Number(this.#read('run', `${name}.port`));
  }

  pid(name) {
    return Number(this.#read('run', `${name}.pid`));
  }

  get postgresSocket() {
    return this.#read('state', 'postgres-socket').trim();
  }

  log(name) {
    return this.#read('log', `${name}.log`);
  }

  // As PostgreSQL's superuser, in the installation's own database; gives what it says.
  sql(text) {
    const place = ['--host', this.postgresSocket, '--port', String(this.port('postgres'))];
    const how = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1', '--username', 'finetunelab', '--dbname', 'finetunelab'];
    return execFileSync('psql', [...how, ...place, '--command', text], { encoding: 'utf8', timeout: patienceMs }).trim();
  }

  get url() {
    return `http://127.0.0.1:${this.port(this.#flags.includes('--split') ? 'gateway' : 'all-in-one')}`;
  }

  get sampleEndpoint() {
    return `http://127.0.0.1:${this.port('sample-endpoint')}/v1`;
  }

  // Dead, or a zombie that nobody has waited for yet.
  isAlive(name) {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${this.pid(name)}/stat`, 'utf8'));
    } catch {
      return false;
    }
  }
}

// One with these settings for the tests of a `describe`, which ask it.
export function installed(settings) {
  const installation = new Installation([], settings);
  before(async () => useInstallation((await installation.up()).url));
  after(() => installation.remove());
  return installation;
}
