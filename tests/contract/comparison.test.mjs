// What programs ask: run against run, groups, and queries. Every number is worked out again from the results.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, ok, post } from './client.mjs';
import { chatEndpoint } from './endpoint.mjs';
import { coinChance, percentile, scoreInterval } from './figures.mjs';
import { hasFields, isAbout, isConventional, isProblem } from './judge.mjs';
import { finishedRun, openSession, testedSession, uniquePrompts } from './sessions.mjs';

// A session with two runs of the same prompts: in the second, answers come later and longer, and some prompts fail or succeed
// that did not before.
async function twoRuns(t, count, { laterMs = 400, fails = [[], []] } = {}) {
  let turn = 0;
  const endpoint = await chatEndpoint(t, ({ prompt }) => {
    const number = Number(prompt.match(/-(\d+)\.$/)?.[1] ?? 0);
    if (fails[turn].includes(number)) return { status: 400 };
    const tokens = 5 + turn * (number % 3);
    return { delayMs: 5 + turn * laterMs, text: 'Fine.', usage: { prompt_tokens: 7, completion_tokens: tokens, total_tokens: 7 + tokens } };
  });
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const prompts = uniquePrompts(count).map((prompt, index) => ({ prompt, category: index % 2 ? 'odd' : 'even' }));
  const base = await finishedRun(session, prompts, { concurrency: 4 });
  turn = 1;
  const other = await finishedRun(session, prompts, { concurrency: 4 });
  return { session, prompts, base, other };
}

const outcomesOf = (pairs) => {
  const count = (base, other) => pairs.filter((pair) => pair[0].success === base && pair[1].success === other).length;
  return { both: count(true, true), only_base: count(true, false), only_other: count(false, true), neither: count(false, false) };
};

function judgeOutcomes(told, pairs) {
  const { p_value, ...counts } = told;
  assert.deepEqual(counts, outcomesOf(pairs));
  isAbout(p_value, Math.max(1e-6, coinChance(counts.only_base, counts.only_other)), 1e-9, 'McNemar');
}

function judgeDifference(told, pairs, field) {
  const differences = pairs.filter(([base, other]) => base.success && other.success && field in base && field in other).map(([base, other]) => other[field] - base[field]);
  if (!differences.length) return assert.equal(told, undefined);
  hasFields(told, ['n_pairs', 'median_difference', 'faster', 'slower', 'p_value'], ['interval']);
  assert.equal(told.n_pairs, differences.length);
  assert.equal(told.faster, differences.filter((one) => one < 0).length);
  assert.equal(told.slower, differences.filter((one) => one > 0).length);
  isAbout(told.median_difference, percentile(differences, 0.5), 0.0015, field);
  isAbout(told.p_value, Math.max(1e-6, coinChance(told.faster, told.slower)), 1e-9, 'sign test');
  assert.equal('interval' in told, differences.length >= 6);
  if (!told.interval) return undefined;
  // Drawn here, worked out there: the bounds lie between near quantiles of the draws.
  const medians = Array.from({ length: 4000 }, () => percentile(differences.map(() => differences[Math.floor(Math.random() * differences.length)]), 0.5));
  const within = (value, low, high) => assert.ok(value >= percentile(medians, low) - 0.0015 && value <= percentile(medians, high) + 0.0015, `${field}: ${value}`);
  within(told.interval.low, 0.005, 0.06);
  return within(told.interval.high, 0.94, 0.995);
}

test('two runs are compared prompt by prompt', async (t) => {
  const { session, prompts, base, other } = await twoRuns(t, 24, { fails: [[1, 2], [2, 3, 4]] });
  const answer = await get(`analytics/compare?session_id=${session}&base=${base.id}&other=${other.id}`);
  const told = await ok(answer);
  isConventional(answer);
  hasFields(told, ['n_pairs', 'success', 'latency_ms', 'output_tokens', 'ttft_ms', 'by_category', 'better', 'worse', 'verdict']);
  const pairs = base.results.map((one, index) => [one, other.results[index]]);
  assert.equal(told.n_pairs, prompts.length);
  judgeOutcomes(told.success, pairs);
  for (const field of ['latency_ms', 'output_tokens', 'ttft_ms']) judgeDifference(told[field], pairs, field);
  assert.deepEqual([told.better, told.worse], [[1], [3, 4]]);
  assert.deepEqual(told.by_category.map(({ category }) => category), ['even', 'odd']);
  for (const part of told.by_category) {
    const own = pairs.filter(([{ category }]) => category === part.category);
    assert.equal(part.n_pairs, own.length);
    judgeOutcomes(part.success, own);
    judgeDifference(part.latency_ms, own, 'latency_ms');
    assert.ok(part.adjusted_p_value >= part.success.p_value);
  }
  assert.ok(told.latency_ms.interval.low > 0, 'each answer came later');
  assert.match(told.verdict, /Latency: other is slower \(median difference [\d.]+ ms, 95 % interval/);
  assert.match(told.verdict, /[Tt]oo few .*succeeded/);
  const back = await ok(get(`analytics/compare?session_id=${session}&base=${other.id}&other=${base.id}`));
  assert.equal(back.latency_ms.median_difference, -told.latency_ms.median_difference);
  assert.deepEqual([back.better, back.worse], [told.worse, told.better]);
});

test('few pairs are too few to tell, and runs without a common prompt have none', async (t) => {
  const { session, base, other } = await twoRuns(t, 3);
  const told = await ok(get(`analytics/compare?session_id=${session}&base=${base.id}&other=${other.id}`));
  assert.equal(told.n_pairs, 3);
  assert.ok(!('interval' in told.latency_ms));
  assert.match(told.verdict, /Latency: too few to tell/);
  const third = await finishedRun(session, uniquePrompts(2));
  const none = await ok(get(`analytics/compare?session_id=${session}&base=${base.id}&other=${third.id}`));
  assert.equal(none.n_pairs, 0);
  assert.ok(!('latency_ms' in none));
  assert.match(none.verdict, /nothing to compare/);
});

test('what cannot be compared is refused', async (t) => {
  const { session_id } = await openSession(t);
  const run = '00000000-0000-4000-8000-000000000000';
  const ask = (query) => get(`analytics/compare?session_id=${session_id}${query}`);
  isProblem(await ask(''), 422, 'invalid_field', ['base', 'other']);
  isProblem(await ask(`&base=${run}&other=${run}`), 422, 'invalid_field', ['other']);
  isProblem(await ask(`&base=${run}&other=11111111-0000-4000-8000-000000000000`), 404, 'run_not_found');
  isProblem(await ask('&base=1&other=2'), 404, 'run_not_found');
});

test('groups have their numbers and their intervals', async (t) => {
  const { session, base, other } = await twoRuns(t, 10, { laterMs: 1, fails: [[1, 2, 3], []] });
  const groups = async (query) => {
    const answer = await get(`analytics/by-group?session_id=${session}&${query}`);
    isConventional(answer);
    return (await ok(answer)).groups;
  };
  const judge = (told, results) => {
    const good = results.filter(({ success }) => success);
    assert.equal(told.n, results.length);
    isAbout(told.success_rate, (100 * good.length) / results.length, 1e-9, 'success rate');
    const interval = scoreInterval(good.length, results.length);
    isAbout(told.success_interval.low, Math.max(0, interval.low), 1e-6, 'low');
    isAbout(told.success_interval.high, Math.min(100, interval.high), 1e-6, 'high');
    if (!good.length) return assert.ok(!('avg_latency_ms' in told));
    const latencies = good.map(({ latency_ms }) => latency_ms);
    isAbout(told.avg_latency_ms, latencies.reduce((sum, one) => sum + one, 0) / good.length, 0.0015, 'mean');
    isAbout(told.p50_latency_ms, percentile(latencies, 0.5), 0.0015, 'p50');
    return isAbout(told.p95_latency_ms, percentile(latencies, 0.95), 0.0015, 'p95');
  };
  const byCategory = await groups(`group_by=category&test_run_id=${base.id}`);
  assert.deepEqual(byCategory.map(({ group }) => group), ['even', 'odd']);
  for (const told of byCategory) judge(told, base.results.filter(({ category }) => category === told.group));
  const byRun = await groups('group_by=run');
  assert.deepEqual(byRun.map(({ group }) => group), [base.id, other.id]);
  judge(byRun[0], base.results);
  judge(byRun[1], other.results);
  const byHalf = await groups(`group_by=half&test_run_id=${base.id}`);
  judge(byHalf[0], base.results.slice(0, 5));
  judge(byHalf[1], base.results.slice(5));
  const byOutcome = await groups(`group_by=outcome&test_run_id=${base.id}`);
  assert.equal(byOutcome.reduce((sum, { n }) => sum + n, 0), 10);
  assert.equal((await groups('group_by=error_type')).reduce((sum, { n }) => sum + n, 0), 3);
  for (const what of ['difficulty', 'finish_reason']) assert.ok((await groups(`group_by=${what}`)).length);
  isProblem(await get(`analytics/by-group?session_id=${session}&group_by=beauty`), 422, 'invalid_field', ['group_by']);
  isProblem(await get(`analytics/by-group?session_id=${session}`), 422, 'invalid_field', ['group_by']);
});

test('a query gives columns, rows, a total and its words', async (t) => {
  const { session, base, other } = await twoRuns(t, 10, { laterMs: 1, fails: [[1, 2, 3], []] });
  const ask = async (query, more = {}) => {
    const answer = await post('analytics/query', { session_id: session, query, ...more });
    const told = await ok(answer);
    isConventional(answer);
    hasFields(told, ['columns', 'rows', 'total', 'query_text']);
    for (const row of told.rows) assert.equal(row.length, told.columns.length);
    return told;
  };
  const mean = await ask({ measure: 'latency', statistic: 'mean' });
  const latencies = other.results.map(({ latency_ms }) => latency_ms);
  assert.deepEqual(mean.columns, ['metric', 'value', 'n']);
  isAbout(mean.rows[0][1], latencies.reduce((sum, one) => sum + one, 0) / 10, 0.0015, 'mean of the latest run');
  assert.equal(mean.rows[0][2], 10);
  assert.match(mean.query_text, /latency/i);
  const failed = await ask({ measure: 'results', statistic: 'list', filters: [{ field: 'success', comparison: 'equal', text: 'false' }] }, { test_run_id: base.id });
  assert.equal(failed.total, 3);
  assert.deepEqual(failed.rows.map((row) => row[failed.columns.indexOf('prompt_id')]), [1, 2, 3]);
  const slowest = await ask({ measure: 'latency', statistic: 'list', order: 'descending', limit: 2 });
  assert.deepEqual(slowest.rows.map((row) => row[slowest.columns.indexOf('latency_ms')]), [...latencies].sort((a, b) => b - a).slice(0, 2));
  const grouped = await ask({ measure: 'success', statistic: 'share', group_by: 'category' }, { test_run_id: base.id });
  assert.deepEqual(grouped.rows.map(([group, , n]) => [group, n]), [['even', 5], ['odd', 5]]);
  await ask({ measure: 'run', run_facts: ['duration'] });
  await ask({ statistic: 'summary' });
});

test('a query that has no meaning is refused, all of it at once', async (t) => {
  const { session_id } = await openSession(t);
  const ask = (query) => post('analytics/query', { session_id, query });
  isProblem(await ask({ measure: 'latency', statistic: 'mean' }), 404, 'no_run');
  isProblem(await post('analytics/query', { session_id }), 422, 'invalid_field', ['query']);
  isProblem(await ask({}), 422, 'invalid_field', ['query.measure']);
  isProblem(await ask({ measure: 'beauty', statistic: 'mean' }), 422, 'invalid_field', ['query.measure']);
  isProblem(await ask({ measure: 'latency', statistic: 'share', limit: 0 }), 422, 'invalid_field', ['query.statistic', 'query.limit']);
  isProblem(await ask({ measure: 'latency', statistic: 'mean', filtres: [] }), 400, 'unknown_field');
  isProblem(await ask({ measure: 'latency', statistic: 'mean', filters: [{ field: 'category', comparison: 'less', text: 'x' }] }), 422, 'invalid_field', ['query.filters[0].comparison']);
  isProblem(await ask('average latency'), 400, 'invalid_field', ['query']);
});
