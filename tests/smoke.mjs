// The main way through any running installation, and the doors that must stay shut. Called by `tests/run smoke`.
import { parseArgs } from 'node:util';
import { Client } from '../deploy/local/lib/client.mjs';

const { values: options } = parseArgs({
  options: { url: { type: 'string' }, endpoint: { type: 'string' }, model: { type: 'string' } },
});
const apiKey = process.env.FTL_DEMO_API_KEY ?? 'smoke-test-key-0123456789';
const client = new Client(options.url);
const open = [];
let passed = 0;
let failed = 0;

// One sentence that holds or does not; what it gives is said beside it.
async function holds(sentence, proof) {
  try {
    const note = await proof();
    passed += 1;
    console.log(`  passed  ${sentence}${note ? ` (${note})` : ''}`);
    return true;
  } catch (error) {
    failed += 1;
    console.log(`  FAILED  ${sentence}: ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
    return false;
  }
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

async function configure(endpointUrl, modelId) {
  const body = { endpoint_url: endpointUrl, api_key: apiKey, model_id: modelId };
  const answer = await client.call('POST', '/api/demo/v2/configure', body);
  const text = await answer.text();
  expect(!text.includes(apiKey), 'the answer shows the key');
  const json = JSON.parse(text);
  if (answer.status === 201) open.push(json.session_id);
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ...json };
}

async function cleanUp(sessionId) {
  const receipt = await client.post('/api/demo/v2/cleanup', { session_id: sessionId });
  open.splice(open.indexOf(sessionId), 1);
  return receipt;
}

async function download(sessionId, format) {
  const answer = await client.call('GET', `/api/demo/v2/export?session_id=${sessionId}&format=${format}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.ok) {
    const name = answer.headers.get('content-disposition') ?? '';
    expect(new RegExp(`finetunelab-batch-test-\\d{4}-\\d\\d-\\d\\d\\.${format}`).test(name), `its name is ${name}`);
  }
  return { status: answer.status, text: bytes.toString('latin1') };
}

async function chosenModel() {
  if (options.model) return options.model;
  const body = { endpoint_url: options.endpoint, api_key: apiKey };
  return (await client.post('/api/demo/v2/configure/models', body)).models[0].id;
}

async function testShutDoors() {
  await holds('it is healthy', async () => {
    const health = await client.get('/health');
    return `version ${health.version}`;
  });
  await holds("a cloud's metadata address is refused as an endpoint", async () => {
    const answer = await configure('http://169.254.169.254/v1', 'any');
    if (answer.status === 201) await cleanUp(answer.session_id);
    expect(answer.status === 422 && answer.code === 'endpoint_not_allowed', `${answer.status} ${answer.code}`);
  });
  await holds('a loopback endpoint is judged', async () => {
    const answer = await configure('http://127.0.0.1:9/v1', 'any');
    if (answer.status === 201) {
      await cleanUp(answer.session_id);
      return 'allowed here, as in development';
    }
    expect(answer.status === 422 && answer.code === 'endpoint_not_allowed', `${answer.status} ${answer.code}`);
    return 'refused';
  });
}

async function testSession(sessionId) {
  await holds('a second session is refused with the time left, unless more are allowed', async () => {
    const answer = await configure(options.endpoint, 'any');
    if (answer.status === 201) {
      await cleanUp(answer.session_id);
      return 'more are allowed here';
    }
    expect(answer.status === 429 && answer.code === 'active_session_exists', `${answer.status} ${answer.code}`);
    expect(Number(answer.retryAfter) > 0, `Retry-After is ${answer.retryAfter}`);
    return `${answer.retryAfter} s left`;
  });
  await holds('the connection test passes', async () => {
    const test = await client.post('/api/demo/v2/configure/test', { session_id: sessionId });
    expect(test.success, `${test.error_type}: ${test.error}`);
    return `${Math.round(test.latency_ms)} ms`;
  });
  await holds('three prompts run to their end', async () => {
    const { suites } = await client.get('/api/demo/v2/test-suites?task_domain=customer_support');
    const body = { session_id: sessionId, test_suite_id: suites[0].id, prompt_limit: 3 };
    await client.post('/api/demo/v2/batch-test', body);
    const run = await client.runToEnd(sessionId);
    expect(run.status === 'completed', `it ended ${run.status}: ${run.error}`);
    expect(run.completed_prompts + run.failed_prompts === 3, `${run.completed_prompts} + ${run.failed_prompts} results`);
    return `${run.failed_prompts} failed`;
  });
  await holds('Atlas answers a question with a figure', async () => {
    const answer = await client.ask(sessionId, 'How many prompts were run?');
    expect(/\d|three/i.test(answer), `it says: ${answer}`);
  });
}

async function testReports(sessionId) {
  await holds('the CSV has its sections', async () => {
    const { status, text } = await download(sessionId, 'csv');
    expect(status === 200 && text.includes('# Demo Batch Test Export'), `${status} ${text.slice(0, 80)}`);
  });
  await holds('the JSON has three results', async () => {
    const { status, text } = await download(sessionId, 'json');
    expect(status === 200 && JSON.parse(text).results.length === 3, `${status} ${text.slice(0, 80)}`);
    expect(!text.includes(apiKey) && !text.includes(sessionId), 'it shows a secret');
  });
  await holds('the PDF is a PDF', async () => {
    const { status, text } = await download(sessionId, 'pdf');
    expect(status === 200 && text.startsWith('%PDF-'), `${status} ${text.slice(0, 80)}`);
    return `${text.length} bytes`;
  });
}

async function testCleanUp(sessionId) {
  await holds('clean-up deletes everything and says so', async () => {
    const { success, deleted } = await cleanUp(sessionId);
    expect(success && deleted.config && deleted.results === 3, JSON.stringify(deleted));
  });
  await holds('a deleted session is gone', async () => {
    for (const path of ['configure?', 'analytics/metrics?', 'export?format=csv&']) {
      const answer = await client.call('GET', `/api/demo/v2/${path}session_id=${sessionId}`);
      expect(answer.status === 410, `${path} is answered ${answer.status}`);
    }
  });
  await holds('a second clean-up finds nothing', async () => {
    const { deleted, message } = await client.post('/api/demo/v2/cleanup', { session_id: sessionId });
    expect(!deleted.config && message === 'Nothing was left to delete', message);
  });
}

async function walk() {
  let sessionId;
  await testShutDoors();
  const opened = await holds('a session opens and hides the key', async () => {
    const answer = await configure(options.endpoint, await chosenModel());
    expect(answer.status === 201, `${answer.status} ${answer.code}: ${answer.detail}`);
    expect(/^demo-[0-9a-f]{64}$/.test(answer.session_id), 'its id is not demo- and 64 hex digits');
    sessionId = answer.session_id;
    return answer.model_id;
  });
  if (!opened) {
    console.log('  The rest needs a session. Close an open one, or give --endpoint and --model that this installation may call.');
    return;
  }
  await testSession(sessionId);
  await testReports(sessionId);
  await testCleanUp(sessionId);
}

try {
  await walk();
} finally {
  for (const sessionId of [...open]) await cleanUp(sessionId).catch(() => {});
  console.log(`smoke: ${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
