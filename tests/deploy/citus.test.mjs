// What deploy/citus promises, as far as it shows without Citus: every statement on tables of sessions is written in the part of
// SQL that it takes, and the schema's keys hold the session once keys.sql has run. Where FTL_CITUS_URL names a coordinator's
// database, that is migrated, distributed and worked with too.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Cluster, rowsOf, runFile } from './cluster.mjs';
import { checkout } from './settings.mjs';
import { macrosOf, statementsIn, statementsOfPrograms } from './statements.mjs';
import { breaches, rules } from './subset.mjs';

const file = (name) => join(checkout, 'deploy/citus', name);
const step = readFileSync(file('distribute.sql'), 'utf8');
const distributed = new Map([...step.matchAll(/create_distributed_table\('(\w+)', '(\w+)'/g)].map(([, table, column]) => [table, column]));
const referenced = [...step.matchAll(/create_reference_table\('(\w+)'\)/g)].map(([, table]) => table);
const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';

const cluster = skip ? undefined : new Cluster();
before(() => {
  if (skip) return;
  cluster.start();
  const env = { PATH: process.env.PATH, FTL_MIGRATE_DATABASE_URL: cluster.url };
  execFileSync(join(process.env.FTL_BUILD_DIR, 'bin/finetunelab'), ['migrate'], { env, timeout: 120_000 });
  runFile(cluster.url, file('keys.sql'));
});
after(() => cluster?.stop());

// Of batch-runner, which works on one PostgreSQL alone until they are written otherwise.
const outstanding = new Set(['run.create', 'run.end', 'run.enter', 'run.entered_state', 'run.load_session', 'run.look', 'run.lower_tokens', 'run.standings',
  'work.lease', 'work.mend', 'work.lock', 'work.take_over', 'work.give_back', 'work.renew', 'pace.slow_down', 'pace.draw_call']);
const isOutstanding = ({ path, name }) => path.startsWith('services/batch-runner/') && (outstanding.has(name) || path.endsWith('/store_statement.cc'));

test('every statement on tables of sessions is in the part of SQL that Citus takes', () => {
  const statements = statementsOfPrograms();
  assert.ok(statements.length > 200, `only ${statements.length} were found`);
  const wrong = statements.map((statement) => ({ ...statement, broken: breaches(statement.sql, distributed) }))
    .filter((statement) => statement.broken.length > 0 && !isOutstanding(statement))
    .map(({ path, name, broken }) => `${path}: ${name}: ${broken.join(', ')}`);
  assert.deepEqual(wrong, []);
});

test('every function on tables of sessions is, too', { skip }, () => {
  const functions = rowsOf(cluster.url, "SELECT proname AS name, prosrc AS body FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner::regrole::text LIKE 'ftl\\_%'");
  assert.ok(functions.length > 10);
  const statements = functions.flatMap(({ name, body }) => body.split(';').map((sql) => ({ name, sql })));
  const wrong = statements.map(({ name, sql }) => ({ name, broken: breaches(sql, distributed) })).filter(({ broken }) => broken.length > 0);
  assert.deepEqual(wrong, []);
});

const planted = {
  'a list of columns': 'SELECT EXISTS (SELECT FROM demo_batch_test_runs WHERE demo_session_id = $1)',
  'sessions by SET LOCAL': "SELECT set_config('ftl.sessions', $1, true)",
  'no clock in CASE and COALESCE': 'UPDATE demo_batch_test_runs SET completed_at = coalesce(completed_at, now()) WHERE demo_session_id = $1',
  'no clock in RETURNING': 'DELETE FROM demo_download_tokens WHERE token_hash = $1 RETURNING expires_at > now() AS fresh',
  'no clock in ON CONFLICT': 'INSERT INTO demo_endpoint_pace (demo_session_id) VALUES ($1) ON CONFLICT (demo_session_id) DO UPDATE SET lowered_at = now()',
  'rows from VALUES or from shards': 'INSERT INTO demo_run_prompts (demo_session_id, prompt) SELECT $1, p FROM unnest($2::text[]) p',
  'locks of one session': 'SELECT test_run_id FROM demo_run_leases WHERE owner = $1 FOR UPDATE',
  'no INSERT in WITH': 'WITH kept AS (INSERT INTO demo_run_leases (demo_session_id) VALUES ($1) RETURNING 1) SELECT count(*) FROM kept',
};

test('each rule finds its breach, on tables of sessions alone', () => {
  assert.deepEqual(Object.keys(planted), rules.map(({ name }) => name));
  for (const [name, sql] of Object.entries(planted)) {
    assert.deepEqual(breaches(sql, distributed), [name], sql);
    if (name !== 'sessions by SET LOCAL') assert.deepEqual(breaches(sql.replaceAll('demo_', 'other_'), distributed), [], sql);
  }
  const sound = [
    'UPDATE demo_session_expiry SET abandon_at = now() + make_interval(secs => $2) WHERE demo_session_id = $1',
    'INSERT INTO demo_ended_runs (run_hash, demo_session_id) SELECT sha256(uuid_send(id)), demo_session_id FROM demo_batch_test_runs WHERE demo_session_id = $1',
    "SELECT coalesce(abandon_at <= now(), false) FROM demo_session_expiry WHERE demo_session_id = $1 FOR UPDATE",
    "INSERT INTO audit_log (event, details) VALUES ('x', jsonb_build_object('at', coalesce($1, now())))",
  ];
  for (const sql of sound) assert.deepEqual(breaches(sql, distributed), [], sql);
});

test('a statement is found however its source puts it together', () => {
  const source = String.raw`
    #define FTL_OF(session) "FROM demo_batch_test_runs " \
      "WHERE demo_session_id = " session
    // "SELECT 1 FROM comments"
    constexpr Query kOne{"one", R"(SELECT 1 )" FTL_OF("$1") " LIMIT 1"};
    constexpr char kWords[] = "Choose FROM these";`.replace(/^ {4}/gm, '');
  assert.deepEqual(statementsIn(source, macrosOf(source)), [{ name: 'one', sql: 'SELECT 1 FROM demo_batch_test_runs WHERE demo_session_id = $1 LIMIT 1' }]);
});

test('every table with a session is distributed by it, and nothing else is', { skip }, () => {
  const tables = rowsOf(cluster.url, `
    SELECT c.relname AS name, bool_or(a.attname = 'demo_session_id') OR c.relname = 'demo_model_configs' AS has_session
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'audit_log' GROUP BY c.relname`);
  assert.deepEqual(tables.filter(({ has_session }) => has_session).map(({ name }) => name).sort(), [...distributed.keys()].sort());
  for (const table of referenced) assert.ok(tables.some(({ name }) => name === table), table);
});

test('every unique key of a distributed table holds its session, once keys.sql has run', { skip }, () => {
  const keys = rowsOf(cluster.url, `
    SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS key,
           array(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS columns
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace`);
  const wrong = keys.filter(({ table, columns }) => distributed.has(table) && !columns.includes(distributed.get(table)));
  assert.deepEqual(wrong, []);
  assert.ok(keys.filter(({ table }) => distributed.has(table)).length >= distributed.size);
});

test('every foreign key of a distributed table leads to another by way of the session', { skip }, () => {
  const keys = rowsOf(cluster.url, `
    SELECT k.conrelid::regclass::text AS from, k.confrelid::regclass::text AS to, k.conname AS name,
           (SELECT json_object_agg(a.attname, b.attname) FROM unnest(k.conkey, k.confkey) AS pair (of, other)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.of
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.other) AS columns
    FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace`);
  const touching = keys.filter(({ from, to }) => distributed.has(from) || distributed.has(to));
  assert.ok(touching.length >= 10);
  assert.deepEqual(touching.filter(({ from, to, columns }) => !distributed.has(from) || columns[distributed.get(from)] !== distributed.get(to)), []);
});

const coordinator = process.env.FTL_CITUS_URL;
const withoutCitus = skip || (!coordinator && 'set FTL_CITUS_URL to the database of a Citus coordinator, for its superuser, whose nodes have run node.sql');
const session = 'ab'.repeat(32);
const run = 'b6a1c2d3-0000-4000-8000-000000000001';
const samples = {
  text: `'${session}'`, uuid: `'${run}'`, integer: '1', bigint: '1', boolean: 'true', 'double precision': '1', 'timestamp with time zone': 'now()',
  jsonb: `'{"rows":[]}'`, 'text[]': `ARRAY['${session}']`, 'uuid[]': `ARRAY['${run}'::uuid]`, 'integer[]': 'ARRAY[1]', 'bigint[]': 'ARRAY[1::bigint]', int4multirange: `'{}'`,
};

// What Citus says to a statement of a service, done with made-up values and taken back.
function refusal({ path, sql }) {
  const role = `ftl_${/services\/([\w-]+)/.exec(path)?.[1] ?? 'session-vault'}`.replace('-', '_');
  const psql = (text) => spawnSync('psql', ['--no-psqlrc', '-qAt', '--set=ON_ERROR_STOP=1', '--set=VERBOSITY=verbose', coordinator],
    { input: `SET ROLE ${role}; BEGIN; SET LOCAL ftl.sessions = '${session}'; PREPARE one AS ${sql};\n${text}; ROLLBACK;`, encoding: 'utf8', timeout: 30_000 });
  const types = psql("SELECT array_to_string(parameter_types, ';') FROM pg_prepared_statements WHERE name = 'one'");
  assert.equal(types.status, 0, types.stderr);
  const values = types.stdout.trim().split(';').filter(Boolean).map((type) => samples[type] ?? 'NULL');
  const { stderr } = psql(`EXECUTE one${values.length > 0 ? `(${values.join(', ')})` : ''}`);
  // Feature not supported, internal error, row security, no such function: not what made-up values would bring.
  return /ERROR:\s+(?:0A000|XX000|42501|42883):.*/.exec(stderr)?.[0];
}

test('a coordinator takes the distribution, and every statement of the services', { skip: withoutCitus, timeout: 600_000 }, () => {
  if (rowsOf(coordinator, "SELECT to_regclass('demo_model_configs') AS is_there")[0].is_there === null) {
    const env = { PATH: process.env.PATH, FTL_MIGRATE_DATABASE_URL: coordinator, PGOPTIONS: '-c citus.enable_ddl_propagation=off' };
    execFileSync(join(process.env.FTL_BUILD_DIR, 'bin/finetunelab'), ['migrate'], { env, timeout: 120_000 });
    for (const name of ['keys.sql', 'distribute.sql']) runFile(coordinator, file(name));
  }
  const placed = rowsOf(coordinator, "SELECT table_name::text AS name FROM citus_tables WHERE citus_table_type = 'distributed'");
  assert.deepEqual(placed.map(({ name }) => name).sort(), [...distributed.keys()].sort());
  // Whole ones of services: no part of a text that is put together, no lock that would be waited for.
  const whole = statementsOfPrograms().filter(({ path, name, sql }) => path.startsWith('services/') && name !== 'without a name' && !/\{\d?\}|advisory_(xact_)?lock\(/.test(sql));
  assert.ok(whole.length > 150);
  const refused = whole.filter((statement) => !isOutstanding(statement)).map((statement) => ({ ...statement, says: refusal(statement) })).filter(({ says }) => says);
  assert.deepEqual(refused.map(({ path, name, says }) => `${path}: ${name}: ${says}`), []);
});
