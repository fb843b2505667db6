// An installation in which everything that can break does, at random: its services, its database, and every way between them and
// to the endpoint. Faults are quick: a program that was killed is started again at once, as it was.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until, wait } from '../contract/client.mjs';
import { Cutter } from './cutter.mjs';
import { installation, kill, replica, startedAs } from './chaos.mjs';

export const services = ['gateway', 'session-vault', 'batch-runner', 'analytics', 'export'];
const behindGateway = services.slice(1);

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const between = (least, most) => least + Math.random() * (most - least);

export class Soak {
  installed = installation();
  faults = {};
  // Faults after which calls that were under way may be made again, and calls whose connection was cut.
  interruptions = 0;
  cutCalls = 0;
  isOver = false;  // nothing more is to be broken
  #programs = new Map();
  #ways = new Map();
  #other;

  async up() {
    await this.installed.up();
    const { told } = startedAs(this.installed, 'session-vault');
    const database = new URLSearchParams(told.FTL_SESSION_VAULT_DATABASE_URL.split('?')[1]);
    const port = database.get('port');
    this.#socketFolder = mkdtempSync(join(tmpdir(), 'ftl-soak-'));
    this.databaseUrl = told.FTL_SESSION_VAULT_DATABASE_URL.replace('ftl_session_vault@', 'finetunelab@');
    const socket = (folder) => ({ path: join(folder, `.s.PGSQL.${port}`) });
    this.#ways.set('database', await Cutter.between(socket(this.#socketFolder), socket(database.get('host'))));
    this.#ways.set('endpoint', await Cutter.between({ port: 0 }, { port: Number(new URL(this.installed.sampleEndpoint).port) }));
    const detours = {};
    for (const name of behindGateway) {
      const way = await Cutter.between({ port: 0 }, { port: this.installed.port(name) });
      this.#ways.set(name, way);
      detours[`FTL_${name.replace(/-/g, '_').toUpperCase()}_ADDRESS`] = `127.0.0.1:${way.port}`;
    }
    for (const name of services) {
      const started = startedAs(this.installed, name);
      const databases = Object.entries(started.told).filter(([setting]) => setting.endsWith('_DATABASE_URL'));
      const detoured = databases.map(([setting, url]) => [setting, url.replace(database.get('host'), this.#socketFolder)]);
      this.#programs.set(name, { ...started, told: { ...started.told, ...detours, ...Object.fromEntries(detoured) } });
      await kill(this.installed, name, 'SIGTERM');
      this.#revive(name);
    }
    this.#other = await this.#second();
    await this.isReady();
    return this;
  }

  #socketFolder;

  get endpoint() {
    return `http://127.0.0.1:${this.#ways.get('endpoint').port}/v1`;
  }

  isReady() {
    return until('the gateway is ready', async () => (await fetch(`${this.installed.url}/readyz`).catch(() => ({}))).status === 200, { seconds: 40, everyMs: 100 });
  }

  // Starts a program again as it was, so that `up` and `down` take it for their own.
  #revive(name) {
    const { program, told } = this.#programs.get(name);
    const log = openSync(join(this.installed.data, 'log', `${name}.log`), 'a');
    const child = spawn(program, [], { stdio: ['ignore', log, log], env: told, cwd: '/', detached: true });
    closeSync(log);
    child.unref();
    const state = join(this.installed.data, 'state', name);
    const fingerprint = readFileSync(state, 'utf8').split('\n')[1];
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    writeFileSync(state, `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}\n${fingerprint}\n`);
    writeFileSync(join(this.installed.data, 'run', `${name}.pid`), `${child.pid}\n`);
  }

  #second() {
    return replica(this.installed, 'batch-runner', this.#programs.get('batch-runner'));
  }

  #count(fault, repeatsCalls) {
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
    if (repeatsCalls) this.interruptions += 1;
  }

  get total() {
    return Object.values(this.faults).reduce((sum, count) => sum + count, 0);
  }

  async kill(name = pick(['batch-runner', 'batch-runner', ...services]), signal = 'SIGKILL') {
    this.#count(`${signal} ${name}`, name === 'batch-runner');
    assert.ok(this.installed.isAlive(name), `${name} has ended by itself`);
    await kill(this.installed, name, signal);
    await wait(Math.random() * 100);
    this.#revive(name);
  }

  async killSecond() {
    this.#count('SIGKILL second batch-runner', true);
    this.#other.kill('SIGKILL');
    this.#other = await this.#second();
  }

  // Stands still for a while, alive or about to be killed.
  async stop(name = pick(services), ms = between(200, 3000)) {
    this.#count(`SIGSTOP ${name}${ms > 10_000 ? ' past its lease' : ''}`, name === 'batch-runner' && ms > 10_000);
    const id = this.installed.pid(name);
    try {
      process.kill(id, 'SIGSTOP');
      await wait(ms);
      process.kill(id, 'SIGCONT');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }

  async killDatabase() {
    this.#count('SIGKILL postgres', true);
    await kill(this.installed, 'postgres');
    await wait(Math.random() * 2000);
    await this.installed.up();
  }

  cut(name = pick([...this.#ways.keys()])) {
    const ended = this.#ways.get(name).cut(name === 'endpoint' || Math.random() < 0.5 ? 1 : Infinity);
    if (ended === 0) return;
    this.#count(`cut ${name}`, name === 'database');
    if (name === 'endpoint') this.cutCalls += ended;
  }

  // Faults at random until `deadline`, of three kinds at a time: one that dies, one that stands still, ways that are cut. With
  // `deaths` false nothing dies but the database, so that growth can be seen.
  async rage(deadline, { deaths = true } = {}) {
    const until = async (breakSomething, pause) => {
      while (Date.now() < deadline && !this.isOver) {
        await breakSomething(Math.random());
        await wait(between(50, pause));
      }
    };
    const die = (chance) => {
      if (chance < 0.03) return this.killDatabase();
      if (!deaths) return wait(500);
      if (chance < 0.2) return this.killSecond();
      return this.kill(undefined, chance < 0.28 ? 'SIGTERM' : 'SIGKILL');
    };
    const standStill = (chance) => (chance < 0.05 ? this.stop('batch-runner', 18_000) : this.stop());
    await Promise.all([until(die, 600), until(standStill, 4000), until(() => this.cut(), 600)]);
  }

  // What a process holds: memory of its own in MB, and descriptors.
  held() {
    return Object.fromEntries(services.map((name) => {
      const id = this.installed.pid(name);
      const kilobytes = Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
      return [name, { megabytes: Math.round(kilobytes / 102.4) / 10, descriptors: readdirSync(`/proc/${id}/fd`).length }];
    }));
  }

  async down({ keep }) {
    this.#other?.kill('SIGKILL');
    for (const way of this.#ways.values()) way.close();
    await this.installed.remove({ keep });
    if (this.#socketFolder) rmSync(this.#socketFolder, { recursive: true, force: true });
  }
}

// Rows that sessions leave in the tables of runs, by table, where there are any; `url` leads to the database itself.
export async function rowsLeft(url) {
  const tables = ['demo_model_configs', 'demo_batch_test_runs', 'demo_batch_test_results', 'demo_run_prompts', 'demo_run_leases', 'demo_session_suites', 'demo_search_texts'];
  const query = tables.map((table) => `SELECT '${table}', count(*) FROM ${table} HAVING count(*) > 0`).join(' UNION ALL ');
  const child = spawn('psql', [url, '--no-psqlrc', '--tuples-only', '--no-align', '--command', query], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const status = await new Promise((ended) => child.on('close', ended));
  assert.equal(status, 0, said);
  return said.trim();
}
