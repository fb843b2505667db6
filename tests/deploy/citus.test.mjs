// What deploy/citus promises, as far as it shows without Citus: every statement on tables of sessions is written in the part of
// SQL that it takes, and the schema's keys hold the session once keys.sql has run. Where FTL_CITUS_URL names a coordinator's
// database, that is migrated, distributed and worked with too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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
const outstanding = new Set(['run.create', 'work.lease', 'work.mend', 'work.store', 'work.lock', 'work.take_over', 'work.give_back',
  'pace.slow_down', 'pace.draw_call', 'run.enter', 'run.entered_state', 'run.load_session', 'run.end', 'without a name']);

test('every statement on tables of sessions is in the part of SQL that Citus takes', () => {
  const statements = statementsOfPrograms();
  assert.ok(statements.length > 200, `only ${statements.length} were found`);
  const wrong = statements.map((statement) => ({ ...statement, broken: breaches(statement.sql, distributed) }))
    .filter(({ path, name, broken }) => broken.length > 0 && !(path.startsWith('services/batch-runner/') && outstanding.has(name)))
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
