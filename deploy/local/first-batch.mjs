// The first batch of deploy/local/up: connects an endpoint, runs a suite, asks Atlas, saves the reports, cleans up.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from './lib/client.mjs';
import { plainText } from './lib/plain-text.mjs';

const QUESTIONS = ["What's my average latency?", 'Which prompts were slowest?', 'Any failed requests?'];

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, endpoint: { type: 'string' }, model: { type: 'string' }, reports: { type: 'string' } },
});
const client = new Client(options.url);
const apiKey = process.env.FTL_DEMO_API_KEY ?? '';
let sessionId;

async function modelId() {
  if (options.model) return options.model;
  const body = { endpoint_url: options.endpoint, api_key: apiKey };
  return (await client.post('/api/demo/v2/configure/models', body)).models[0].id;
}

async function connect() {
  const model = await modelId();
  const session = await client.post('/api/demo/v2/configure', {
    endpoint_url: options.endpoint,
    api_key: apiKey,
    model_id: model,
  });
  sessionId = session.session_id;
  const test = await client.post('/api/demo/v2/configure/test', { session_id: sessionId });
  if (!test.success) throw new Error(`${options.endpoint} does not answer (${test.error_type}): ${test.error}`);
  console.log(`  connected to ${model}: first token after ${Math.round(test.ttft_ms ?? test.latency_ms)} ms`);
}

function bar(run) {
  const filled = Math.round(run.progress * 30);
  return `${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${Math.round(run.progress * 100)} %`;
}

function showProgress(run) {
  const line = `  ${bar(run)}  ${run.completed_prompts} done, ${run.failed_prompts} failed of ${run.total_prompts}`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}`);
  return line;
}

async function runSuite() {
  const { suites } = await client.get('/api/demo/v2/test-suites?task_domain=customer_support');
  console.log(`  running ${suites[0].name}`);
  await client.post('/api/demo/v2/batch-test', { session_id: sessionId, test_suite_id: suites[0].id });
  const run = await client.runToEnd(sessionId, showProgress);
  console.log(process.stdout.isTTY ? '' : showProgress(run));
  if (run.status !== 'completed') throw new Error(`the run ended ${run.status}: ${run.error ?? 'no reason given'}`);
}

async function askAtlas() {
  for (const question of QUESTIONS) {
    const answer = await client.ask(sessionId, question);
    console.log(`\n  You:   ${question}\n  Atlas: ${plainText(answer.trim()).replaceAll('\n', '\n         ')}`);
  }
  console.log('');
}

async function saveReport({ format, extension }) {
  const answer = await client.accepted('GET', `/api/demo/v2/export?session_id=${sessionId}&format=${format}`);
  const name = /filename="?([\w.-]+)/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? `report.${extension}`;
  const path = join(options.reports, name);
  await writeFile(path, Buffer.from(await answer.arrayBuffer()));
  console.log(`  wrote ${path}`);
}

async function cleanUp() {
  if (!sessionId) return;
  const body = { session_id: sessionId };
  sessionId = undefined;
  const { deleted } = await client.post('/api/demo/v2/cleanup', body);
  console.log(`  cleaned up: key and ${deleted.results} results deleted`);
}

async function main() {
  console.log(`First batch against ${options.endpoint}`);
  await mkdir(options.reports, { recursive: true });
  try {
    await connect();
    await runSuite();
    await askAtlas();
    const { formats } = await client.get('/api/demo/v2/export/formats');
    for (const format of formats) await saveReport(format);
  } finally {
    await cleanUp();
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => cleanUp().finally(() => process.exit(130)));
try {
  await main();
} catch (error) {
  console.error(`The first batch did not go well. ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
  process.exitCode = 1;
}
