// The log of the workspace's calls: what a call pays for it, and how soon a page and the figures of seven days of it are there,
// with rows put straight into the database.
import { createHash } from 'node:crypto';
import { databaseUrl, measured, port, sql } from '../installation.mjs';
import { ms, row } from '../table.mjs';

// Ten million rows take some ten minutes and 6 GB: FTL_BENCH_HISTORY=10000000.
const count = Number(process.env.FTL_BENCH_HISTORY ?? 1_000_000);
const owner = createHash('sha256').update('finetunelab local owner').digest('hex');

// So many calls of fifteen models over seven days, counted as they would have been.
function store() {
  sql(`
SET timezone = 'UTC';
SET synchronous_commit = off;
SET work_mem = '256MB';
DO $$
DECLARE day date; part text;
BEGIN
  FOR day IN SELECT current_date - n FROM generate_series(2, 7) n LOOP
    part := 'requests_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE requests INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE %I OWNER TO ftl_owner', part);
    EXECUTE format('ALTER TABLE requests ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, day::timestamptz, (day + 1)::timestamptz);
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.id7(at timestamptz) RETURNS uuid LANGUAGE sql AS $$
  SELECT overlay(overlay(md5(random()::text || at::text) placing lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') from 1 for 12) placing '7' from 13 for 1)::uuid
$$;
INSERT INTO requests (owner, project, created_at, id, process, kind, service, key_name, model, status, prompt_preview, messages, parameters, response,
                      finish_reason, outcome, error_type, error, http_status, attempts, latency_us, ttft_us, total_us, prompt_tokens, completion_tokens, cost_nanos, completed_at)
SELECT '${owner}', 'bench', at, pg_temp.id7(at), '00000000-0000-4000-8000-000000000000', 'chat', (ARRAY['openai','anthropic','google'])[1 + n % 3], 'default',
       'model-' || (n % 5), CASE WHEN n % 50 = 0 THEN 'error' ELSE 'success' END, 'Why is the sky blue?', '[{"role": "user", "content": "Why is the sky blue?"}]', '{}',
       'Because air scatters short waves more than long ones.', 'stop', 'ok', CASE WHEN n % 50 = 0 THEN 'rate_limit' END, CASE WHEN n % 50 = 0 THEN 'Slow down.' END, 200, 1,
       (200000 * exp(random() * 3))::bigint, (40000 * exp(random() * 2))::bigint, 400000, 100 + n % 400, 50 + n % 300, 1000000 + n % 1000, at + interval '1 second'
FROM generate_series(1, ${count}::bigint) n, LATERAL (SELECT date_trunc('milliseconds', now() - interval '7 days' + (n::float8 / ${count}) * interval '7 days') AS at) t;
CREATE FUNCTION pg_temp.bucket(us bigint) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN us < 3200 THEN (us / 100)::int + 1
         ELSE 16 * (floor(ln((us / 100)::float8) / ln(2::float8) + 1e-12)::int - 4) + ((us / 100) >> (floor(ln((us / 100)::float8) / ln(2::float8) + 1e-12)::int - 4))::int + 1 END
$$;
CREATE TEMP TABLE counted AS
SELECT g.grain, date_trunc(g.grain, created_at, 'UTC') AS starts_at, kind, service, model, status, coalesce(error_type, '') AS error_type,
       CASE WHEN status = 'success' THEN pg_temp.bucket(latency_us) END AS l, CASE WHEN status = 'success' THEN pg_temp.bucket(ttft_us) END AS t,
       count(*) AS n, sum(prompt_tokens) AS pt, sum(completion_tokens) AS ct, sum(cost_nanos) AS cn, sum(latency_us) AS lu, sum(ttft_us) AS tu
FROM requests CROSS JOIN (VALUES ('hour')) g(grain) WHERE project = 'bench' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
INSERT INTO counted SELECT 'day', date_trunc('day', starts_at), kind, service, model, status, error_type, l, t, sum(n), sum(pt), sum(ct), sum(cn), sum(lu), sum(tu) FROM counted GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
INSERT INTO request_rollups
SELECT '${owner}', 'bench', grain, starts_at, kind, service, model, status, error_type, sum(n), sum(pt), sum(ct), sum(n), sum(cn), sum(n),
       CASE WHEN status = 'success' THEN sum(lu) ELSE 0 END, CASE WHEN status = 'success' THEN sum(n) ELSE 0 END,
       CASE WHEN status = 'success' THEN sum(tu) ELSE 0 END, CASE WHEN status = 'success' THEN sum(n) ELSE 0 END, '{}', '{}'
FROM counted GROUP BY grain, starts_at, kind, service, model, status, error_type;
CREATE TEMP TABLE lat AS SELECT grain, starts_at, service, model, array_agg(n ORDER BY b) AS a FROM (
  SELECT k.grain, k.starts_at, k.service, k.model, b, coalesce(sum(c.n), 0)::int AS n
  FROM (SELECT grain, starts_at, service, model, max(l) AS m FROM counted WHERE status = 'success' GROUP BY 1, 2, 3, 4) k CROSS JOIN LATERAL generate_series(1, k.m) b
  LEFT JOIN (SELECT grain, starts_at, service, model, l, sum(n) AS n FROM counted GROUP BY 1, 2, 3, 4, 5) c
    ON (c.grain, c.starts_at, c.service, c.model, c.l) = (k.grain, k.starts_at, k.service, k.model, b) GROUP BY 1, 2, 3, 4, 5) x GROUP BY 1, 2, 3, 4;
CREATE TEMP TABLE ttf AS SELECT grain, starts_at, service, model, array_agg(n ORDER BY b) AS a FROM (
  SELECT k.grain, k.starts_at, k.service, k.model, b, coalesce(sum(c.n), 0)::int AS n
  FROM (SELECT grain, starts_at, service, model, max(t) AS m FROM counted WHERE status = 'success' GROUP BY 1, 2, 3, 4) k CROSS JOIN LATERAL generate_series(1, k.m) b
  LEFT JOIN (SELECT grain, starts_at, service, model, t, sum(n) AS n FROM counted GROUP BY 1, 2, 3, 4, 5) c
    ON (c.grain, c.starts_at, c.service, c.model, c.t) = (k.grain, k.starts_at, k.service, k.model, b) GROUP BY 1, 2, 3, 4, 5) x GROUP BY 1, 2, 3, 4;
UPDATE request_rollups u SET latency_buckets = lat.a FROM lat WHERE u.status = 'success' AND (u.grain, u.starts_at, u.service, u.model) = (lat.grain, lat.starts_at, lat.service, lat.model);
UPDATE request_rollups u SET ttft_buckets = ttf.a FROM ttf WHERE u.status = 'success' AND (u.grain, u.starts_at, u.service, u.model) = (ttf.grain, ttf.starts_at, ttf.service, ttf.model);
ANALYZE requests; ANALYZE request_rollups;`);
}

async function logging() {
  for (const atATime of [1, 32]) {
    const { per_call_us, begin_p50_us, complete_p50_us } = await measured('log_speed', [databaseUrl(), owner, 4000 * Math.min(atATime, 8), atATime]);
    const goal = atATime > 1 ? { goal: 'at most 0.3 ms a call', met: per_call_us <= 300 } : {};
    row(`writing a call to the log, ${atATime} at a time`, { ours: `${ms(per_call_us / 1000)} a call; begin ${ms(begin_p50_us / 1000)}, end ${ms(complete_p50_us / 1000)}`, ...goal });
  }
}

async function reading() {
  const asked = [
    ['figures of seven days', '/api/history/analytics?days=7&project=bench', 10],
    ['last 20 calls', '/api/history?limit=20&project=bench', 2],
  ];
  for (const [name, path, most] of asked) {
    const { p50_us, p99_us } = await measured('http_load', [port('all-in-one'), 500, 1], `${path}\n`);
    row(`${name}, ${count} in the log`, { ours: `p50 ${ms(p50_us / 1000)}, p99 ${ms(p99_us / 1000)}`, goal: `at most ${most} ms`, met: p50_us <= most * 1000 });
  }
}

export async function history() {
  await logging();
  store();
  await reading();
}
