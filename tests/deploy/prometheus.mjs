// A Prometheus of this machine's own (Debian: prometheus) that scrapes given programs, in a folder that is removed again.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.mjs';

export const hasPrometheus = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0);

export class Prometheus {
  #child;

  // `targets` is { service: address }; `rules` are files of records and alerts.
  async start(targets, { job = 'finetunelab', rules = [] } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'ftl-prometheus-'));
    const jobs = Object.entries(targets).map(([service, address]) => ({ targets: [address], labels: { service } }));
    const config = { global: { scrape_interval: '1s', evaluation_interval: '1s' }, rule_files: rules, scrape_configs: [{ job_name: job, static_configs: jobs }] };
    writeFileSync(join(this.folder, 'prometheus.yml'), JSON.stringify(config));
    this.url = `http://127.0.0.1:${await freePort()}`;
    this.#child = spawn('prometheus', [`--config.file=${this.folder}/prometheus.yml`, `--storage.tsdb.path=${this.folder}/data`,
      `--web.listen-address=${this.url.slice('http://'.length)}`, '--log.level=error'], { stdio: 'ignore' });
    for (let tries = 0; tries < 100; ++tries) {
      if (await fetch(`${this.url}/-/ready`).then(({ ok }) => ok, () => false)) return;
      await sleep(100);
    }
    throw new Error('Prometheus does not start');
  }

  // The series that an expression gives now; throws what Prometheus says of one that is none.
  query(expression) {
    return this.#ask('query', { query: expression });
  }

  // The series from `start` to `end`, seconds since 1970, a value each `step` seconds.
  range(expression, { start, end, step }) {
    return this.#ask('query_range', { query: expression, start, end, step });
  }

  async #ask(what, parameters) {
    const { status, data, error } = await (await fetch(`${this.url}/api/v1/${what}?${new URLSearchParams(parameters)}`)).json();
    if (status !== 'success') throw new Error(`${parameters.query}: ${error}`);
    return data.result;
  }

  async stop() {
    if (!this.#child) return;
    const ended = new Promise((end) => this.#child.on('close', end));
    this.#child.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
