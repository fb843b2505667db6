// Where the checkout is, and the names of all settings, as the programs say them.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const programs = ['finetunelab', ...['gateway', 'session-vault', 'batch-runner', 'analytics', 'export'].map((name) => `finetunelab-${name}`)];

export const program = (name) => join(process.env.FTL_BUILD_DIR, 'bin', name);

// Of all programs, unless some are named.
export function settingNames(of = programs) {
  const names = new Set();
  for (const name of of) {
    const { stdout } = spawnSync(program(name), ['--print-config'], { env: {}, encoding: 'utf8' });
    for (const [, setting] of stdout.matchAll(/^([A-Z_]+)=/gm)) names.add(setting);
  }
  return names;
}
