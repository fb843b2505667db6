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

test('no name is within two letters of another, so that a misspelt one is told from its neighbours', () => {
  const names = example.filter((line) => /^#[A-Z]/.test(line)).map((line) => line.slice(1).split('=')[0]);
  for (const one of names) {
    for (const other of names) assert.ok(one === other || distance(one, other) > 2, `${one} and ${other}`);
  }
});

function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) next.push(Math.min(row[j] + (one[i] === other[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1));
    row = next;
  }
  return row.at(-1);
}
