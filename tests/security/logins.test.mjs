// Every service logs in to the database as itself: what it may not do, no statement of its session lets it do.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Installation } from './installation.mjs';

let installation;
before(() => {
  installation = Installation.start();
});
after(() => installation?.stop());

// What PostgreSQL says to `statements` in a session of `login`: {status, said}.
function psql(login, statements) {
  const place = ['--host', readFileSync(join(installation.data, 'state', 'postgres-socket'), 'utf8').trim(), '--port', String(installation.port('postgres'))];
  const how = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set', 'ON_ERROR_STOP=1', '--username', login, '--dbname', 'finetunelab'];
  const { status, stdout, stderr } = spawnSync('psql', [...how, ...place], { input: statements, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}`.trim() };
}

test('no connection of a service is the owner', () => {
  const { said } = psql('finetunelab', "SELECT DISTINCT application_name || ' ' || usename FROM pg_stat_activity WHERE application_name LIKE 'finetunelab-%' ORDER BY 1");
  const logins = said.split('\n').map((line) => line.replace(' listener', ''));
  assert.deepEqual([...new Set(logins)], ['analytics', 'batch-runner', 'export', 'session-vault'].map((name) => `finetunelab-${name} ftl_${name.replace('-', '_')}`));
});

test('no service can make itself another', () => {
  for (const login of ['ftl_session_vault', 'ftl_batch_runner', 'ftl_analytics', 'ftl_export']) {
    assert.equal(psql(login, 'SELECT current_user').said, login);
    for (const role of ['finetunelab', 'ftl_owner', 'ftl_sweep', 'ftl_lookup', ...(login === 'ftl_analytics' ? ['ftl_batch_runner'] : ['ftl_analytics'])]) {
      const { status, said } = psql(login, `SET ROLE ${role}`);
      assert.notEqual(status, 0, `${login} is ${role}`);
      assert.match(said, /permission denied/);
    }
  }
  for (const login of ['ftl_batch_runner', 'ftl_analytics', 'ftl_export']) {
    const { status, said } = psql(login, 'RESET ROLE; SELECT api_key_encrypted FROM demo_model_configs');
    assert.notEqual(status, 0, `${login} reads keys`);
    assert.match(said, /permission denied/);
  }
});
