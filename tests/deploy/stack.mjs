// The services of docker-compose.yml as processes of this machine: volumes are folders, names are loopback ports; what a
// container may not do is not shown by it. Of two versions both run at once, as in the middle of a rolling update.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.mjs';
import { checkout } from './settings.mjs';

const order = ['session-vault', 'batch-runner', 'analytics', 'export', 'gateway'];

const postgresPrograms = () => {
  const root = '/usr/lib/postgresql';
  return join(root, readdirSync(root).sort((a, b) => b - a)[0], 'bin');
};

function must(command, parameters, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: 'utf8', ...options });
  assert.equal(status, 0, `${command} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

export class Stack {
  #compose;
  #running = [];
  #settings;
  #builds;
  #listens = {}; // by program, the address of each version
  urls = []; // of each version's gateway
  admins = {}; // where each program shows its metrics

  // `settings` are every program's, over those of compose; `builds` the build trees of the versions, the oldest first.
  constructor(compose, settings = {}, builds = [process.env.FTL_BUILD_DIR]) {
    this.#compose = compose;
    this.#settings = { ...settings };
    this.#builds = builds;
    this.folder = mkdtempSync(join(tmpdir(), 'ftl-stack-'));
    chmodSync(this.folder, 0o755);
    this.identity = join(this.folder, 'identity');
    mkdirSync(this.identity, { mode: 0o755 });
    this.socket = join(this.folder, 'socket');
  }

  async up() {
    must('bash', [join(checkout, 'deploy/compose/prepare'), this.identity, this.socket]);
    await this.#startPostgres();
    for (const name of order) await this.#reserve(name);
    await this.roll(0);
  }

  // Migrates by this version, and starts its programs beside those that run.
  async roll(version) {
    must(this.#program('session-vault', version), ['migrate'], { env: this.#environment('migrate') });
    for (const name of order) await this.#start(name, version);
  }

  // Ends a version's programs, the gateway first.
  async end(version) {
    for (const one of this.#running.filter((running) => running.version === version).reverse()) await this.#stop(one);
  }

  get url() {
    return this.urls[0];
  }

  #program(name, version = 0) {
    return join(this.#builds[version], 'bin', `finetunelab-${name}`);
  }

  // The image's entry point: a cluster with these words, its scripts run once, then the server.
  async #startPostgres() {
    const { environment, command } = this.#compose.services.postgres;
    const bin = postgresPrograms();
    const data = join(this.folder, 'database');
    const password = join(this.identity, 'postgres/superuser');
    const owner = must('id', ['--user', 'postgres']).trim();
    for (const path of [data, this.socket]) mkdirSync(path, { mode: 0o755 });
    must('chown', ['--recursive', owner, data, this.socket, join(this.identity, 'postgres')]);
    const as = { uid: Number(owner), cwd: this.folder };
    must(join(bin, 'initdb'), ['--pgdata', data, '--username=postgres', `--pwfile=${password}`, ...environment.POSTGRES_INITDB_ARGS.split(' ')], as);
    this.#launch('postgres', join(bin, 'postgres'), ['-D', data, '-k', this.socket, ...command.slice(1)], { ...as, env: {} });
    const env = { PATH: process.env.PATH, PGHOST: this.socket, PGPASSWORD: readFileSync(password, 'utf8').trim(), POSTGRES_USER: 'postgres', IDENTITY: join(this.identity, 'postgres'), ROLES_SQL: join(checkout, 'deploy/postgres/roles.sql') };
    await this.#until('PostgreSQL', () => spawnSync(join(bin, 'pg_isready'), ['-q', '-h', this.socket]).status === 0);
    must('psql', ['-q', '-U', 'postgres', '-c', `CREATE DATABASE ${environment.POSTGRES_DB}`], { env });
    must('bash', [join(checkout, 'deploy/postgres/logins.sh')], { env });
  }

  // What compose gives a service, with this machine's paths, ports and addresses in place of the containers'.
  #environment(name) {
    const environment = {};
    for (const [setting, value] of Object.entries(this.#compose.services[name].environment)) {
      environment[setting] = String(value)
        .replace(/\$\{[A-Z_]+:-(.*)\}/, '$1')
        .replace(/^\/identity/, join(this.identity, name))
        .replace(/^\/keys/, join(this.identity, 'keys'));
    }
    return { ...environment, ...this.#settings };
  }

  async #reserve(name) {
    const word = name.toUpperCase().replaceAll('-', '_');
    this.#listens[name] = [];
    for (let left = this.#builds.length; left > 0; --left) this.#listens[name].push(`127.0.0.1:${await freePort()}`);
    if (name === 'gateway') this.urls = this.#listens[name].map((address) => `http://${address}`);
    else this.#settings[`FTL_${word}_ADDRESS`] = `ipv4:${this.#listens[name].join()}`;
  }

  async #start(name, version) {
    const admin = `127.0.0.1:${await freePort()}`;
    if (version === 0) this.admins[name] = admin;
    const env = { ...this.#environment(name), FTL_ADMIN_ADDRESS: admin, DEMO_ALLOW_LOCALHOST: 'true' };
    env[name === 'gateway' ? 'FTL_HTTP_ADDRESS' : `FTL_${name.toUpperCase().replaceAll('-', '_')}_LISTEN`] = this.#listens[name][version];
    this.#launch(name, this.#program(name, version), [], { env, version });
    await this.#until(name, () => spawnSync(this.#program(name, version), ['healthcheck'], { env }).status === 0);
  }

  #launch(name, command, parameters, { version, ...options }) {
    const log = openSync(join(this.folder, `${name}.log`), 'a');
    const child = spawn(command, parameters, { stdio: ['ignore', log, log], ...options });
    this.#running.push({ name, version, child, ended: new Promise((end) => child.on('close', end)) });
  }

  async #stop(one) {
    one.child.kill(one.name === 'postgres' ? 'SIGINT' : 'SIGTERM');
    this.#running.splice(this.#running.indexOf(one), 1);
    return one.ended;
  }

  async #until(name, holds) {
    const deadline = Date.now() + 60_000;
    while (!holds()) {
      if (Date.now() > deadline) assert.fail(`${name} is not ready: ${readFileSync(join(this.folder, `${name}.log`), 'utf8').slice(-2000)}`);
      await sleep(100);
    }
  }

  // Starts the newest sample endpoint; gives its URL.
  async sampleEndpoint() {
    const port = await freePort();
    this.#launch('sample-endpoint', this.#program('sample-endpoint', this.#builds.length - 1), [], { env: { FTL_SAMPLE_ENDPOINT_LISTEN: `127.0.0.1:${port}` } });
    await sleep(500);
    return `http://127.0.0.1:${port}/v1`;
  }

  async smoke() {
    const endpoint = await this.sampleEndpoint();
    const { stdout } = spawnSync(process.execPath, [join(checkout, 'tests/smoke.mjs'), '--url', this.url, '--endpoint', endpoint], { encoding: 'utf8' });
    const [, passed, failed] = /(\d+) passed, (\d+) failed/.exec(stdout) ?? [0, 0, 1];
    return { passed: Number(passed), failed: Number(failed), said: stdout };
  }

  // In reverse, as compose stops them.
  async remove() {
    for (const one of [...this.#running].reverse()) await this.#stop(one);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
