// deploy/systemd: units that systemd understands to the last line, that may do little, and whose settings programs have.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkout, settingNames } from './settings.mjs';

const source = join(checkout, 'deploy/systemd');
const skip = spawnSync('systemd-analyze', ['--version']).status !== 0 && 'there is no systemd-analyze';
const services = ['session-vault', 'batch-runner', 'analytics', 'export'];
const units = ['finetunelab.service', 'finetunelab-migrate.service', ...['gateway', ...services].map((name) => `finetunelab@${name}.service`)];

// As installed, with a program that is there: verify asks for it.
const folder = mkdtempSync(join(tmpdir(), 'ftl-units-'));
cpSync(source, folder, { recursive: true });
for (const unit of readdirSync(folder).filter((name) => name.endsWith('.service'))) {
  const text = readFileSync(join(folder, unit), 'utf8');
  writeFileSync(join(folder, unit), text.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true').replace(/^Documentation=.*\n/m, ''));
}
after(() => rmSync(folder, { recursive: true }));

const analyze = (...parameters) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', parameters, { encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } });
  return { status, said: stdout + stderr };
};
const verify = () => analyze('verify', '--man=no', '--recursive-errors=no', ...units.map((unit) => join(folder, unit))).said;

// NAME=value of a unit and its drop-ins.
function environmentOf(unit) {
  const [template, instance] = [unit.replace(/@[^.]*/, '@'), unit];
  const texts = [readFileSync(join(source, template), 'utf8')];
  if (readdirSync(source).includes(`${instance}.d`)) texts.push(readFileSync(join(source, `${instance}.d`, 'program.conf'), 'utf8'));
  const text = texts.join('\n');
  return { text, settings: [...text.matchAll(/^Environment=([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => ({ name, value })) };
}

test('systemd understands every line', { skip }, () => assert.equal(verify(), ''));

test('a misspelt line is found', { skip }, () => {
  const path = join(folder, 'finetunelab.service');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('NoNewPrivileges', 'NoNewPrivilege'));
  const said = verify();
  writeFileSync(path, text);
  assert.match(said, /NoNewPrivilege/);
});

test('no unit is exposed by more than 2.5', { skip }, () => {
  for (const unit of ['finetunelab.service', 'finetunelab-migrate.service', 'finetunelab@gateway.service']) {
    const { status, said } = analyze('security', '--offline=true', '--threshold=25', join(folder, unit.replace(/@.*\./, '@.')));
    assert.equal(status, 0, `${unit}: ${said.split('\n').slice(-3).join(' ')}`);
  }
});

test('every setting is one of its program; secrets come as credentials that the unit loads', {
  skip: !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs',
}, () => {
  for (const unit of units) {
    const [, program] = /^finetunelab@(.*)\.service$/.exec(unit) ?? [];
    const known = settingNames([program ? `finetunelab-${program}` : 'finetunelab']);
    const { text, settings } = environmentOf(unit);
    assert.ok(settings.length > 0, unit);
    for (const { name, value } of settings) {
      assert.ok(known.has(name), `${unit}: there is no setting ${name}`);
      if (!/_FILE$/.test(name)) continue;
      assert.ok(text.includes(`LoadCredential=${value.replace('%d/', '')}:/etc/finetunelab/`), `${unit}: ${name} is not loaded`);
    }
  }
});

test('a unit is stopped in more time than its program drains, and not started again over a wrong setting', () => {
  for (const unit of ['finetunelab.service', 'finetunelab@.service']) {
    const text = readFileSync(join(source, unit), 'utf8');
    assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)[1]) > 20, unit);
    assert.match(text, /^RestartPreventExitStatus=64 78$/m);
    assert.match(text, /^LimitCORE=0$/m);
  }
});
