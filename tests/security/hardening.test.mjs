// Every program is built so that a fault in memory is hard to make use of. Looked up in the files themselves, whatever the build
// says that it does. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const programs = ['finetunelab', 'finetunelab-gateway', 'finetunelab-session-vault', 'finetunelab-batch-runner', 'finetunelab-analytics', 'finetunelab-export'];

const readelf = (program, ...flags) => execFileSync('readelf', ['--wide', ...flags, join(process.env.FTL_BUILD_DIR, 'bin', program)], { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: 'C' } });

for (const program of programs) {
  describe(program, { skip }, () => {
    test('is loaded anywhere', () => {
      assert.match(readelf(program, '--file-header'), /Type: +DYN \(Position-Independent Executable file\)/);
    });

    test('has no table of addresses that can be written to', () => {
      assert.match(readelf(program, '--program-headers'), /GNU_RELRO/);
      assert.match(readelf(program, '--dynamic'), /\(FLAGS\) +BIND_NOW/);
    });

    test('has no memory that can be written to and run', () => {
      const headers = readelf(program, '--program-headers');
      assert.match(headers, /GNU_STACK +0x0+ 0x0+ 0x0+ 0x0+ 0x0+ RW +0x/);
      assert.doesNotMatch(headers, /LOAD .* RWE /);
    });

    test('guards its stack and the bounds of its buffers', () => {
      const symbols = readelf(program, '--dyn-syms');
      assert.match(symbols, /UND __stack_chk_fail@/);
      assert.match(symbols, /UND __\w+_chk@/);
    });

    test('names no folder from which others could have libraries loaded', () => {
      assert.doesNotMatch(readelf(program, '--dynamic'), /\((RPATH|RUNPATH)\)/);
    });

    test('marks where jumps may land', () => {
      if (process.arch !== 'x64') return;
      assert.match(readelf(program, '--section-headers'), /\.note\.gnu\.property/);
      const code = execFileSync('objdump', ['--disassemble=main', '--no-show-raw-insn', join(process.env.FTL_BUILD_DIR, 'bin', program)], { encoding: 'utf8' });
      assert.match(code, /<main>:\n +[0-9a-f]+:\s+endbr64/);
    });
  });
}
