// Results to take away, compared with the routes and with each other.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { call, get, ok, urlOf } from './client.mjs';
import { records } from './csv.mjs';
import { chatEndpoint, faultRelay } from './endpoint.mjs';
import { carriesHeaders, hasFields, isConventional, isProblem } from './judge.mjs';
import { apiKey, endOf, finishedRun, openSession, startRun, testedSession, uniquePrompts } from './sessions.mjs';

const columns = 'prompt_id,prompt,response,latency_ms,success,error,error_type,input_tokens,output_tokens,ttft_ms,category,finish_reason,attempts,model_id,test_run_id,created_at';
const types = { csv: 'text/csv; charset=utf-8', json: 'application/json', jsonl: 'application/x-ndjson', pdf: 'application/pdf', html: 'text/html; charset=utf-8' };

async function download(session, format, more = '') {
  const answer = await get(`export?session_id=${session}&format=${format}${more}`);
  assert.equal(answer.status, 200, answer.text.slice(0, 500));
  assert.equal(answer.headers.get('content-type').replace(/; */g, '; ').toLowerCase(), types[format]);
  const name = /^attachment; *filename="?([^";]+)"?/.exec(answer.headers.get('content-disposition') ?? '');
  const days = [0, -86_400_000].map((ago) => new Date(Date.now() + ago).toISOString().slice(0, 10));
  assert.ok(days.some((day) => name?.[1] === `finetunelab-batch-test-${day}.${format}`), answer.headers.get('content-disposition'));
  carriesHeaders(answer);
  assert.match(answer.headers.get('cache-control') ?? '', /\bno-store\b/);
  assert.ok(!answer.text.includes(apiKey) && !answer.text.includes(session), 'no secret is in a report');
  return answer.text;
}

async function downloadBytes(session, format, more = '') {
  const answer = await fetch(urlOf(`export?session_id=${session}&format=${format}${more}`));
  return Buffer.from(await answer.arrayBuffer());
}

// A run with successes, failures, checks, and text that is hard to write down.
async function mixedRun(t) {
  const session = await testedSession(t, { endpoint_url: await faultRelay(t), model_id: 'sample-echo', model_name: 'My "model", v2' });
  const prompts = ['fault-http-401: a', 'Plain.', 'With "quotes", commas\r\nand lines\nof both kinds', 'Ünïcödé 漢字 عربى 🙂', { prompt: 'Checked 42', expected_answer: '42', category: 'maths' }];
  return { session, run: await finishedRun(session, prompts, { concurrency: 4 }) };
}

test('CSV has its sections and every result, equal to those of the routes', async (t) => {
  const { session, run } = await mixedRun(t);
  const metrics = await ok(get(`analytics/metrics?session_id=${session}`));
  const all = records((await download(session, 'csv')).replace(/^\ufeff/, ''));
  assert.equal(all[0][0], '# Demo Batch Test Export');
  const flat = all.map((record) => record.join(','));
  const heads = ['# Demo Batch Test Export', '# Model: ', '# Export Date: '].map((start) => flat.findIndex((line) => line.startsWith(start)));
  assert.ok(heads.every((at) => at >= 0) && Math.max(...heads) < flat.indexOf('# Summary Metrics'), flat.slice(0, 8).join('\n'));
  assert.ok(flat[heads[1]].includes('My "model"'), flat[heads[1]]);
  const summary = flat.indexOf('# Summary Metrics');
  const individual = flat.indexOf('# Individual Results');
  assert.equal(flat[summary - 1], '');
  assert.equal(flat[individual - 1], '');
  const figures = Object.fromEntries(all.slice(summary + 1, individual - 1));
  const two = (value) => Number(value);
  assert.equal(figures['Total Prompts'], '5');
  assert.equal(figures.Successful, '4');
  assert.equal(figures.Failed, '1');
  assert.equal(figures['Success Rate'], '80.0%');
  assert.equal(figures['Total Input Tokens'], String(metrics.total_input_tokens));
  assert.equal(figures['Total Output Tokens'], String(metrics.total_output_tokens));
  for (const [label, name] of [['Average', 'avg'], ['P50', 'p50'], ['P95', 'p95'], ['P99', 'p99']]) {
    const value = two(figures[`${label} Latency (ms)`]);
    assert.ok(Math.abs(value - metrics[`${name}_latency_ms`]) <= 0.51, `${label}: ${value} and ${metrics[`${name}_latency_ms`]}`);
  }
  assert.equal(flat[individual + 1], columns);
  compareRows(all.slice(individual + 2), run.results);
});

function compareRows(rows, results) {
  assert.equal(rows.length, results.length);
  const names = columns.split(',');
  for (const [index, row] of rows.entries()) {
    assert.equal(row.length, names.length, row.join('|'));
    for (const [at, name] of names.entries()) {
      const value = results[index][name];
      const cell = row[at];
      if (typeof value === 'number') assert.ok(Math.abs(Number(cell) - value) <= 0.51, `${name} is ${cell}, and ${value} by the route`);
      else assert.equal(cell, value === undefined ? '' : String(value), name);
    }
  }
}

test('header=false leaves the sections out, for programs', async (t) => {
  const { session, run } = await mixedRun(t);
  const plain = await downloadBytes(session, 'csv', '&header=false');
  assert.notEqual(plain[0], 0xef, 'no byte order mark for programs');
  assert.deepEqual([...(await downloadBytes(session, 'csv')).subarray(0, 3)], [0xef, 0xbb, 0xbf], 'one for people');
  const all = records(await download(session, 'csv', '&header=false'));
  assert.equal(all[0].join(), columns);
  compareRows(all.slice(1), run.results);
  const withSections = await download(session, 'csv', '&header=true');
  assert.match(withSections, /^\ufeff?# Demo Batch Test Export\r\n/);
});

test('a cell that a spreadsheet would run as a formula is made harmless', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  const prompts = ['=1+1', '+1+1', '-1+2', '@SUM(A1)', '\t=1', '=HYPERLINK("http://evil.example","x")', '  =1+1'];
  await finishedRun(session, prompts);
  const rows = records(await download(session, 'csv', '&header=false')).slice(1);
  for (const [index, row] of rows.entries()) {
    for (const cell of [row[1], row[2]]) {
      assert.doesNotMatch(cell, /^[=+\-@\t\r]/, `${JSON.stringify(prompts[index])} is written ${JSON.stringify(cell)}`);
      assert.ok(cell.includes(prompts[index].trim().slice(1)), cell);
    }
  }
});

test('a plain number stays one, signed or not', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  const prompts = ['-5', '+7', '-0.25', '1e3'];
  await finishedRun(session, prompts);
  const rows = records(await download(session, 'csv', '&header=false')).slice(1);
  assert.deepEqual(rows.map((row) => row[1]), prompts);
});

test('JSON has session, runs, metrics and every field of every result', async (t) => {
  const { session, run } = await mixedRun(t);
  const text = await download(session, 'json');
  const report = JSON.parse(text);
  isConventional({ what: 'the JSON export', text, json: report });
  hasFields(report, ['export_date', 'session', 'runs', 'metrics', 'results'], ['complete']);
  assert.ok(Math.abs(Date.parse(report.export_date) - Date.now()) < 60_000);
  assert.equal(report.session.model_name, 'My "model", v2');
  assert.ok(!('session_id' in report.session) && !('api_key' in report.session));
  assert.equal(report.runs.length, 1);
  assert.equal(report.runs[0].id, run.id);
  assert.deepEqual(report.metrics, await ok(get(`analytics/metrics?session_id=${session}`)));
  assert.deepEqual(report.results, run.results);
});

test('JSON lines are the results, one a line', async (t) => {
  const { session, run } = await mixedRun(t);
  const text = await download(session, 'jsonl');
  assert.ok(text.endsWith('\n'));
  assert.deepEqual(text.trimEnd().split('\n').map((line) => JSON.parse(line)), run.results);
});

test('JSON lines of many pages, of small and large answers, are the results line by line, and so are CSV and JSON', async (t) => {
  const session = await testedSession(t, { model_id: 'sample-echo' });
  // Small ones first, so that a page asked for by their size holds fewer of those that follow.
  const sizes = Array.from({ length: 700 }, (_, n) => (n < 300 ? 10 : n % 50 === 0 ? 20_000 : 2_000));
  const prompts = uniquePrompts(sizes.length, 'Echo').map((text, n) => `${text} ${'ü"\\n '.repeat(sizes[n] / 5)}`);
  const run = await finishedRun(session, prompts, { concurrency: 64 });
  assert.equal(run.results.length, sizes.length);
  const lines = (await download(session, 'jsonl')).trimEnd().split('\n');
  assert.equal(lines.length, run.results.length);
  for (const [n, line] of lines.entries()) assert.deepEqual(JSON.parse(line), run.results[n], `line ${n + 1}`);
  assert.deepEqual(JSON.parse(await download(session, 'json')).results, run.results);
  const cells = records(await download(session, 'csv', '&header=false'));
  assert.deepEqual(cells.slice(1).map(([id, prompt, response]) => [Number(id), prompt, response]), run.results.map((one) => [one.prompt_id, one.prompt, one.response]));
});

test('without a run it is named, all runs are written; with one, only that', async (t) => {
  const session = await testedSession(t);
  const first = await finishedRun(session, uniquePrompts(2));
  const second = await finishedRun(session, uniquePrompts(3));
  const runsIn = async (more) => JSON.parse(await download(session, 'json', more));
  const both = await runsIn('');
  assert.equal(both.results.length, 5);
  assert.deepEqual(both.runs.map(({ id }) => id).sort(), [first.id, second.id].sort());
  assert.equal(both.metrics.total_prompts, 5);
  const one = await runsIn(`&test_run_id=${second.id}`);
  assert.deepEqual(one.results, second.results);
  assert.deepEqual(one.runs.map(({ id }) => id), [second.id]);
  assert.equal(one.metrics.total_prompts, 3);
});

test('while a run is going on it is written as it stands, says so, and its numbers agree', async (t) => {
  const endpoint = await chatEndpoint(t, () => ({ delayMs: 60 }));
  const session = await testedSession(t, { endpoint_url: endpoint.url });
  const runId = await startRun(session, uniquePrompts(40), { concurrency: 4 });
  for (let times = 0; times < 6; times += 1) {
    const report = JSON.parse(await download(session, 'json'));
    assert.equal(report.metrics.completed_prompts + report.metrics.failed_prompts, report.results.length);
  }
  const csv = await download(session, 'csv');
  if ((await ok(get(`batch-test/${runId}/status`))).status === 'running') assert.match(csv, /^# .*(running|progress|going)/im);
  await endOf(runId);
});

test('the session may come as bearer', async (t) => {
  const { session } = await mixedRun(t);
  const answer = await get('export?format=jsonl', { headers: { authorization: `Bearer ${session}` } });
  assert.equal(answer.status, 200);
});

test('a session without a run has an empty report, or says that there is no run', async (t) => {
  const { session_id } = await openSession(t);
  const answer = await get(`export?session_id=${session_id}&format=json`);
  if (answer.status === 200) assert.deepEqual(JSON.parse(answer.text).results, []);
  else isProblem(answer, 404, 'no_run');
});

test('no or another format is 422', async (t) => {
  const { session_id } = await openSession(t);
  isProblem(await get(`export?session_id=${session_id}`), 422, undefined, ['format']);
  isProblem(await get(`export?session_id=${session_id}&format=`), 422, undefined, ['format']);
  for (const format of ['docx', 'CSV', 'unspecified', '1']) isProblem(await get(`export?session_id=${session_id}&format=${format}`), 422, undefined, ['format']);
  isProblem(await get(`export?session_id=${session_id}&format=csv&header=maybe`), 400, 'invalid_field', ['header']);
  isProblem(await get(`export?session_id=${session_id}&format=csv&test_run_id=00000000-0000-4000-8000-000000000000`), 404, 'run_not_found');
});

// What a tool says of a file.
const said = (tool, ...flags) => execFileSync(tool, flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

async function savedPdf(t, session, more = '') {
  const answer = await fetch(urlOf(`export?session_id=${session}&format=pdf${more}`));
  assert.equal(answer.status, 200);
  const path = join(mkdtempSync(join(tmpdir(), 'report-')), 'report.pdf');
  t.after(() => rmSync(dirname(path), { recursive: true }));
  writeFileSync(path, Buffer.from(await answer.arrayBuffer()));
  return path;
}

// How a report writes a span: as Atlas does.
function duration(ms) {
  const plain = (value, decimals) => value.toFixed(decimals).replace(/\.?0+$/, '');
  return ms < 999.95 ? `${plain(ms, ms < 10 ? 2 : 1)} ms` : `${plain(ms / 1000, 3)} s`;
}

test('PDF and HTML say what the metrics route says, and JSON and CSV with them', async (t) => {
  const { session } = await mixedRun(t);
  const metrics = await ok(get(`analytics/metrics?session_id=${session}`));
  const html = (await download(session, 'html')).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  const pdf = said('pdftotext', '-layout', await savedPdf(t, session), '-').replace(/\s+/g, ' ');
  const json = JSON.parse(await download(session, 'json'));
  assert.deepEqual(json.metrics, metrics);
  for (const text of [pdf, html]) {
    for (const name of ['p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms', 'p50_ttft_ms']) {
      assert.ok(text.includes(duration(metrics[name])), `${name} ${duration(metrics[name])} is not in: ${text.slice(0, 1500)}`);
      assert.ok(text.includes(String(metrics[name])), `${name}: ${metrics[name]}`);
    }
    for (const name of ['avg_latency_ms', 'min_latency_ms', 'max_latency_ms', 'output_tokens_per_second', 'avg_output_tokens']) {
      assert.ok(text.includes(String(metrics[name])), `${name}: ${metrics[name]}`);
    }
    assert.ok(text.includes('80 %') && text.includes('Powered by FineTuneLab') && text.includes('auth'), text.slice(0, 1500));
  }
});

test('the first page of a PDF can be looked at as a picture, which is no download', async (t) => {
  const { session } = await mixedRun(t);
  const { formats } = await ok(get('export/formats'));
  assert.deepEqual(formats.filter(({ has_picture }) => has_picture).map(({ format }) => format), ['pdf']);
  const { status, headers } = await get(`export?session_id=${session}&format=pdf&picture=true`);
  assert.deepEqual([status, headers.get('content-type')], [200, 'image/png']);
  isProblem(await get(`export?session_id=${session}&format=csv&picture=true`), 422, undefined, ['picture']);
});

test('PDF is sound, named, tagged, of the paper asked for, and has nothing to click on', async (t) => {
  const { session } = await mixedRun(t);
  const path = await savedPdf(t, session);
  said('qpdf', '--check', path);
  const facts = said('pdfinfo', path);
  for (const fact of [/Title: +Batch test of My "model", v2/, /Author: +FineTuneLab/, /Tagged: +yes/, /JavaScript: +no/, /A4/]) assert.match(facts, fact);
  assert.doesNotMatch(said('qpdf', '--qdf', '--object-streams=disable', path, '-'), /\/URI|\/Launch|\/Annots/);
  assert.doesNotMatch(said('pdffonts', path), /(WinAnsi|Identity-H|Custom) +no/);
  const text = said('pdftotext', path, '-');
  assert.match(text, /漢字/);
  assert.match(text, new RegExp(`Page 1 of ${/Pages: +(\d+)/.exec(facts)[1]}`));
  assert.match(said('pdfinfo', await savedPdf(t, session, '&paper=letter')), /612 x 792/);
  isProblem(await get(`export?session_id=${session}&format=pdf&paper=a3`), 422, undefined, ['paper']);
});

test('the formats that are listed are those that are written', async (t) => {
  const { session } = await mixedRun(t);
  const { formats } = await ok(get('export/formats'));
  assert.ok(formats.length >= 5);
  for (const { format, name, extension, content_type } of formats) {
    assert.ok(name);
    const answer = await get(`export?session_id=${session}&format=${format}`);
    assert.equal(answer.status, 200, format);
    assert.equal(answer.headers.get('content-type'), content_type);
    assert.ok(answer.headers.get('content-disposition').includes(`.${extension}`), format);
  }
});

test('a session without a run has a report that says so, in every format', async (t) => {
  const { session_id } = await openSession(t);
  const text = said('pdftotext', await savedPdf(t, session_id), '-');
  assert.match(text, /no run yet/);
});

test('a token that is none, or was never given, opens nothing', async () => {
  for (const token of ['', 'nonsense', 'A'.repeat(64)]) {
    const answer = await call('GET', `export?format=csv&token=${token}`);
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
    isProblem(answer, answer.status);
  }
});
