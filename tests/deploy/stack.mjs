// The services of docker-compose.yml as processes of this machine: volumes are folders, names are loopback ports; what a
// container may not do is not shown by it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.mjs';
import { checkout, program } from './settings.mjs';

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
  admins = {}; // where each program shows its metrics

  // `settings` are every program's, over those of compose.
  constructor(compose, settings = {}) {
    this.#compose = compose;
    this.#settings = { ...settings };
    this.folder = mkdtempSync(join(tmpdir(), 'ftl-stack-'));
    chmodSync(this.folder, 0o755);
    this.identity = join(this.folder, 'identity');
    mkdirSync(this.identity, { mode: 0o755 });
    this.socket = join(this.folder, 'socket');
  }

  async up() {
    must('bash', [join(checkout, 'deploy/compose/prepare'), this.identity, this.socket]);
    await this.#startPostgres();
    must(program('finetunelab-session-vault'), ['migrate'], { env: this.#environment('migrate') });
    for (const name of order) await this.#reserve(name);
    for (const name of order) await this.#start(name);
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
    const address = `127.0.0.1:${await freePort()}`;
    if (name === 'gateway') this.url = `http://${address}`;
    else Object.assign(this.#settings, { [`FTL_${word}_ADDRESS`]: address, [`FTL_${word}_LISTEN`]: address });
  }

  async #start(name) {
    const admin = `127.0.0.1:${await freePort()}`;
    this.admins[name] = admin;
    const env = { ...this.#environment(name), FTL_ADMIN_ADDRESS: admin, DEMO_ALLOW_LOCALHOST: 'true' };
    if (name === 'gateway') env.FTL_HTTP_ADDRESS = this.url.slice('http://'.length);
    this.#launch(name, program(`finetunelab-${name}`), [], { env });
    await this.#until(name, () => spawnSync(program(`finetunelab-${name}`), ['healthcheck'], { env }).status === 0);
  }

  #launch(name, command, parameters, options) {
    const log = openSync(join(this.folder, `${name}.log`), 'a');
    const child = spawn(command, parameters, { stdio: ['ignore', log, log], ...options });
    this.#running.push({ name, child, ended: new Promise((end) => child.on('close', end)) });
  }

  async #until(name, holds) {
    const deadline = Date.now() + 60_000;
    while (!holds()) {
      if (Date.now() > deadline) assert.fail(`${name} is not ready: ${readFileSync(join(this.folder, `${name}.log`), 'utf8').slice(-2000)}`);
      await sleep(100);
    }
  }

  // Starts the sample endpoint; gives its URL.
  async sampleEndpoint() {
    const port = await freePort();
    this.#launch('sample-endpoint', program('finetunelab-sample-endpoint'), [], { env: { FTL_SAMPLE_ENDPOINT_LISTEN: `127.0.0.1:${port}` } });
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
    for (const { name, child, ended } of this.#running.reverse()) {
      child.kill(name === 'postgres' ? 'SIGINT' : 'SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
