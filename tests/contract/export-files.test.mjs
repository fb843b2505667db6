// Exports read back by readers that others wrote, and held against each other and the routes in every state of a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'csv-parse/sync';
import { XMLValidator } from 'fast-xml-parser';
import Papa from 'papaparse';
import XLSX from 'xlsx';
import { get, ok, post, urlOf } from './client.mjs';
import { chatEndpoint, faultRelay } from './endpoint.mjs';
import { endOf, finishedRun, openSession, startRun, testedSession, uniquePrompts } from './sessions.mjs';

async function bytesOf(session, format, more = '') {
  const answer = await fetch(urlOf(`export?session_id=${session}&format=${format}${more}`));
  assert.equal(answer.status, 200, `${format} is answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

const hard = ['=1+1', '-5', '+7', '@SUM(A1)', '-2+3', 'With "quotes", commas; semicolons\r\nand\nlines', 'Ünïcödé 漢字 عربى 🙂', 'tab\there', ' spaces '];

async function hardRun(t) {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t), model_id: 'sample-echo' });
  const prompts = [...hard, 'fault-http-401: x', { prompt: 'Checked 42', expected_answer: '42', category: 'maths' }, { prompt: 'Never', expected_answer: 'no such words', category: 'maths' }];
  return { session, run: await finishedRun(session, prompts, { concurrency: 4 }) };
}

test('two independent readers read the same from CSV, and what the routes say', async (t) => {
  const { session, run } = await hardRun(t);
  const text = (await bytesOf(session, 'csv', '&header=false')).toString();
  const strict = parse(text, { columns: true });
  const loose = Papa.parse(text, { header: true, skipEmptyLines: true });
  assert.deepEqual(loose.errors, []);
  assert.deepEqual(loose.data.map((row) => ({ ...row })), strict.map((row) => ({ ...row })));
  const guarded = (value) => (/^\s*[=+\-@\t\r]/.test(value) && !/^[-+]?\d+$/.test(value) ? `'${value}` : value);
  assert.deepEqual(strict.map((row) => row.prompt), run.results.map(({ prompt }) => guarded(prompt)));
  assert.deepEqual(strict.map((row) => row.latency_ms), run.results.map(({ latency_ms }) => String(latency_ms ?? '')));
});

test('a workbook is read back: texts stay texts, numbers are numbers, the sums are those of the routes', async (t) => {
  const { session, run } = await hardRun(t);
  const metrics = await ok(get(`analytics/metrics?session_id=${session}`));
  const book = XLSX.read(await bytesOf(session, 'xlsx'), { cellFormula: true, cellNF: true });
  assert.deepEqual(book.SheetNames, ['Summary', 'Results', 'By category']);
  for (const sheet of Object.values(book.Sheets)) {
    for (const [name, cell] of Object.entries(sheet)) if (!name.startsWith('!')) assert.equal(cell.f, undefined, `${name} is a formula`);
  }
  const rows = XLSX.utils.sheet_to_json(book.Sheets.Results, { raw: true, defval: undefined });
  assert.deepEqual(rows.map((row) => row.prompt.replaceAll('\r\n', '\n')), run.results.map(({ prompt }) => prompt.replaceAll('\r\n', '\n')));
  assert.deepEqual(rows.map((row) => row.latency_ms), run.results.map(({ latency_ms }) => latency_ms));
  assert.deepEqual(rows.map((row) => row.success), run.results.map(({ success }) => success));
  assert.ok(book.Sheets.Results['!autofilter']);
  const moment = book.Sheets.Results[XLSX.utils.encode_cell({ r: 1, c: 18 })];
  assert.equal(moment.t, 'n');
  assert.ok(Math.abs((moment.v - 25569) * 86_400_000 - Date.parse(run.results[0].created_at)) <= 1, moment.v);
  const summary = Object.fromEntries(XLSX.utils.sheet_to_json(book.Sheets.Summary, { header: 1 }));
  for (const [name, field] of [['Total prompts', 'total_prompts'], ['Successful', 'completed_prompts'], ['Failed', 'failed_prompts'], ['Latency mean (ms)', 'avg_latency_ms'], ['Latency p50 (ms)', 'p50_latency_ms'], ['Latency p95 (ms)', 'p95_latency_ms'], ['Latency p99 (ms)', 'p99_latency_ms'], ['Output tokens', 'total_output_tokens'], ['Output tokens per second', 'output_tokens_per_second'], ['Checks passed', 'checks_passed'], ['Checks failed', 'checks_failed']]) {
    // A cell holds 16 digits.
    assert.equal(summary[name], Number(metrics[field].toPrecision(16)), name);
  }
  const categories = XLSX.utils.sheet_to_json(book.Sheets['By category']);
  assert.equal(categories.reduce((sum, row) => sum + row.results, 0), run.results.length);
  assert.deepEqual(categories.filter((row) => row.category === 'maths').map((row) => [row.checks_passed, row.checks_failed]), [[1, 1]]);
});

test('JUnit has a case for each prompt with checks, and tells failures from errors', async (t) => {
  const { session } = await hardRun(t);
  const xml = (await bytesOf(session, 'junit')).toString();
  assert.equal(XMLValidator.validate(xml), true);
  assert.match(xml, /<testsuites [^>]*tests="3" failures="1" errors="1"/);
  assert.equal(xml.match(/<testcase /g).length, 3);
  assert.equal(xml.match(/<failure /g).length, 1);
  assert.match(xml, /<error type="auth"/);
});

test('JSON keeps to the schema that is served', async (t) => {
  const answer = await get('/schemas/export.json');
  assert.equal(answer.status, 200);
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  const validate = ajv.compile(answer.json);
  const { session } = await hardRun(t);
  const report = JSON.parse(await bytesOf(session, 'json'));
  assert.ok(validate(report), JSON.stringify(validate.errors));
  assert.ok(!validate({ ...report, results: [{ ...report.results[0], prompt_id: 'one' }] }), 'it holds for everything');
});

// Every number of every format, out of one moment.
async function agree(session, more = '') {
  const metrics = await ok(get(`analytics/metrics?session_id=${session}${more}`));
  const json = JSON.parse(await bytesOf(session, 'json', more));
  assert.equal(json.metrics.completed_prompts + json.metrics.failed_prompts, json.results.length);
  const latencies = json.results.filter(({ success }) => success).map(({ latency_ms }) => latency_ms);
  if (latencies.length) assert.equal(Math.max(...latencies), json.metrics.max_latency_ms);
  const rows = (await bytesOf(session, 'jsonl', more)).toString().split('\n').filter(Boolean);
  const text = (await bytesOf(session, 'html', more)).toString().replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  return { metrics, json, rows, text };
}

test('the formats agree for a run that is going, in each of their moments', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 60 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(60), { concurrency: 4 });
  const { json, text } = await agree(session);
  assert.equal(json.complete, false);
  assert.match(text, /still going/);
  const book = XLSX.read(await bytesOf(session, 'xlsx'));
  const summary = Object.fromEntries(XLSX.utils.sheet_to_json(book.Sheets.Summary, { header: 1 }));
  assert.equal(summary.Successful + summary.Failed, XLSX.utils.sheet_to_json(book.Sheets.Results).length);
  await ok(post(`batch-test/${runId}/cancel`, { session_id: session }));
  await endOf(runId);
  const after = await agree(session);
  assert.deepEqual(after.json.metrics, after.metrics);
  assert.equal(after.rows.length, after.json.results.length);
  assert.match(after.text, /was cancelled/);
  assert.match((await bytesOf(session, 'junit')).toString(), /<error type="cancelled"/);
});

test('the formats agree for a run that failed, and say why', async (t) => {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t), model_id: 'sample-echo' });
  const prompts = Array.from({ length: 8 }, (_, i) => `fault-http-500: ${i}`);
  const run = await finishedRun(session, prompts, { concurrency: 1, max_failures: 2 });
  assert.equal(run.status, 'failed');
  const { metrics, json, rows, text } = await agree(session);
  assert.deepEqual(json.metrics, metrics);
  assert.equal(rows.length, json.results.length);
  assert.match(text, /could not go on/);
  assert.match((await bytesOf(session, 'junit')).toString(), /<error type="failed"/);
});

test('the formats agree for several runs: a chapter each', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  const runs = [await finishedRun(session, uniquePrompts(2)), await finishedRun(session, uniquePrompts(3))];
  const { metrics, json, rows, text } = await agree(session);
  assert.deepEqual(json.metrics, metrics);
  assert.equal(rows.length, 5);
  for (const number of [1, 2]) assert.match(text, new RegExp(`Run ${number}: `));
  for (const { id } of runs) {
    const own = await ok(get(`analytics/metrics?session_id=${session}&test_run_id=${id}`));
    assert.ok(text.includes(String(own.p95_latency_ms)), `${own.p95_latency_ms} of run ${id}`);
  }
});

test('a session without a run is a file of every format', async (t) => {
  const { session_id } = await openSession(t);
  const { json, rows, text } = await agree(session_id);
  assert.deepEqual([json.results, rows], [[], []]);
  assert.match(text, /no run yet/);
  assert.deepEqual(XLSX.read(await bytesOf(session_id, 'xlsx')).SheetNames, ['Summary', 'Results', 'By category']);
  assert.match((await bytesOf(session_id, 'junit')).toString(), /tests="0"/);
});

test('a transfer that breaks inside is seen as broken: no file of half the results looks whole', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  await finishedRun(session, Array.from({ length: 600 }, (_, i) => `${i} ${'long '.repeat(8000)}`), { concurrency: 64, stream: false });
  for (const format of ['csv', 'json']) {
    const whole = (await bytesOf(session, format)).length;
    assert.ok(whole > 20_000_000, `${whole}`);
  }
  const answer = await fetch(urlOf(`export?session_id=${session}&format=csv`));
  const reader = answer.body.getReader();
  await reader.read();
  await ok(post('cleanup', { session_id: session }));
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
});
