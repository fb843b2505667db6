// A private PostgreSQL: a cluster in a folder of its own, reached through a unix socket alone, removed at the end.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = '/usr/lib/postgresql';
const bin = join(root, readdirSync(root).sort((a, b) => b - a)[0], 'bin');
// PostgreSQL refuses to run as root.
const as = process.getuid() === 0
  ? { uid: Number(execFileSync('id', ['--user', 'postgres'], { encoding: 'utf8' })), gid: Number(execFileSync('id', ['--group', 'postgres'], { encoding: 'utf8' })) }
  : {};

export class Cluster {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'ftl-pg-'));
    chmodSync(this.folder, 0o755);
    if (as.uid) execFileSync('chown', ['postgres', this.folder]);
    this.url = `postgresql://postgres@/postgres?host=${encodeURIComponent(this.folder)}`;
  }

  #run(program, ...parameters) {
    const { status, stdout, stderr } = spawnSync(join(bin, program), ['--pgdata', join(this.folder, 'data'), ...parameters], { ...as, cwd: this.folder, encoding: 'utf8', timeout: 120_000 });
    assert.equal(status, 0, `${program}: ${stdout}${stderr}`);
  }

  start() {
    this.#run('initdb', '--username=postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8');
    this.#run('pg_ctl', '--wait', `--log=${this.folder}/log`, `--options=-k ${this.folder} -c listen_addresses= -c fsync=off`, 'start');
  }

  stop() {
    spawnSync(join(bin, 'pg_ctl'), ['--pgdata', join(this.folder, 'data'), '--wait', '--mode=immediate', 'stop'], { ...as, cwd: '/', timeout: 60_000 });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// Runs SQL and gives its rows, each as an object.
export function rowsOf(url, query) {
  const text = `SELECT coalesce(json_agg(found), '[]') FROM (${query}) found`;
  return JSON.parse(execFileSync('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', url], { input: text, encoding: 'utf8', timeout: 60_000 }));
}

export function runFile(url, path) {
  const { status, stderr } = spawnSync('psql', ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--file', path, url], { encoding: 'utf8', timeout: 120_000 });
  assert.equal(status, 0, stderr);
}
