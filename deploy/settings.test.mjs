// finetunelab.env.example against the programs themselves. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const programs = ['finetunelab', ...['gateway', 'session-vault', 'batch-runner', 'analytics', 'export'].map((name) => `finetunelab-${name}`)];
const example = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'finetunelab.env.example'), 'utf8').split('\n');

// NAME=value lines; a secret that nobody gave has no value.
function settingsOf(program) {
  const { stdout } = spawnSync(join(process.env.FTL_BUILD_DIR, 'bin', program), ['--print-config'], { env: {}, encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => /^[A-Z_]+=/.test(line));
  return lines.map((line) => line.replace('(not set)', ''));
}

test('the example has every setting of every program with its default, and none besides', () => {
  const stated = example.filter((line) => /^#[A-Z]/.test(line)).map((line) => line.slice(1));
  const real = [...new Set(programs.flatMap(settingsOf))];
  assert.ok(real.length > 0);
  assert.deepEqual([...stated].sort(), real.sort());
});

test('every setting in the example has a line of meaning above it', () => {
  example.forEach((line, index) => {
    if (/^#[A-Z]/.test(line)) assert.match(example[index - 1], /^# \S.*\.$/, line);
  });
});
