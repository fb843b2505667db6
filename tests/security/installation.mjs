// An installation of a test's own, in a folder of its own, gone with the test: `up`, what runs in it, `down`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

function call(script, flags, env) {
  const result = spawnSync(join(checkout, 'deploy', 'local', script), flags, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
    env: { ...process.env, ...env },
  });
  if (result.status !== 0) throw new Error(`${script} ended with ${result.status}:\n${result.stdout}${result.stderr}`);
}

export class Installation {
  // `settings` are the environment it runs with; limits that are no matter here are high. Sets what tests/contract reads, so
  // import that afterwards.
  static start(settings = {}, flags = []) {
    const data = mkdtempSync(join(tmpdir(), 'finetunelab-security-'));
    const env = { DEMO_MAX_REQUESTS_PER_MINUTE: '1000000', ...settings };
    call('up', ['--data', data, '--port', '0', '--detach', '--no-demo', '--skip-install', ...flags], env);
    const installation = new Installation(data);
    process.env.FTL_BASE_URL = installation.url;
    process.env.FTL_SAMPLE_ENDPOINT = `http://127.0.0.1:${installation.port('sample-endpoint')}/v1`;
    return installation;
  }

  constructor(data) {
    this.data = data;
  }

  get names() {
    return readdirSync(join(this.data, 'run')).filter((file) => file.endsWith('.pid')).map((file) => file.slice(0, -4));
  }

  get url() {
    return `http://127.0.0.1:${this.port(this.names.includes('gateway') ? 'gateway' : 'all-in-one')}`;
  }

  pid(name) {
    return Number(readFileSync(join(this.data, 'run', `${name}.pid`), 'utf8'));
  }

  port(name) {
    return Number(readFileSync(join(this.data, 'run', `${name}.port`), 'utf8'));
  }

  // Everything that it runs, children too: [{name, pid}].
  processes() {
    const roots = new Map(this.names.map((name) => [this.pid(name), name]));
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number).flatMap((pid) => {
      if (roots.has(pid)) return [{ pid, name: roots.get(pid) }];
      const parent = roots.get(parentOf(pid));
      return parent ? [{ pid, name: `${parent}'s child` }] : [];
    });
  }

  // The Prometheus text of the gateway and of each service that has some, by name.
  async metrics() {
    const urls = { gateway: `${this.url}/metrics/prometheus` };
    for (const file of readdirSync(join(this.data, 'run'))) {
      const name = /^(.*-metrics)\.port$/.exec(file)?.[1];
      if (name) urls[name] = `http://127.0.0.1:${this.port(name)}/metrics`;
    }
    const answers = Object.entries(urls).map(async ([name, url]) => [name, await (await fetch(url)).text()]);
    return Object.fromEntries(await Promise.all(answers));
  }

  stop() {
    call('down', ['--data', this.data], {});
    rmSync(this.data, { recursive: true, force: true });
  }
}

function parentOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
  } catch {
    return 0;
  }
}
