// The gRPC door of the all-in-one program, spoken by hand: health and reflection, and what must not be there. FTL_GRPC_ADDRESS
// says where it is.
import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { test } from 'node:test';

const address = process.env.FTL_GRPC_ADDRESS;
const skip = !address && 'set FTL_GRPC_ADDRESS to host:port of the gRPC port';

// Sends one message and gives {status, messages}.
function call(path, message = Buffer.alloc(0), headers = {}) {
  return new Promise((answered, failed) => {
    const client = connect(`http://${address}`);
    client.on('error', failed);
    const stream = client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
    const chunks = [];
    let status;
    const take = (fields) => (status = fields['grpc-status'] ?? status);
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('data', (bytes) => chunks.push(bytes));
    stream.on('error', failed);
    stream.on('close', () => {
      client.close();
      answered({ status: Number(status), messages: unframed(Buffer.concat(chunks)) });
    });
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([frame, message]));
  });
}

function unframed(bytes) {
  const messages = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return messages;
}

const text = (field, value) => Buffer.concat([Buffer.from([(field << 3) | 2, value.length]), Buffer.from(value)]);

test('health: it is serving', { skip }, async () => {
  const { status, messages } = await call('/grpc.health.v1.Health/Check');
  assert.equal(status, 0);
  // status = SERVING
  assert.deepEqual([...messages[0]], [8, 1]);
});

test('reflection names every service but key lending', { skip }, async () => {
  const list = text(7, '');
  const { status, messages } = await call('/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', list);
  assert.equal(status, 0);
  const said = messages.map(String).join();
  for (const name of ['session_vault.v1.SessionVaultService', 'batch_runner.v1.BatchRunnerService', 'analytics.v1.AnalyticsService', 'exporter.v1.ExporterService']) {
    assert.ok(said.includes(`finetunelab.${name}`), `${name} in ${JSON.stringify(said)}`);
  }
  assert.ok(!said.includes('KeyLendingService'), said);
});

test('key lending is not there, whoever one says that one is', { skip }, async () => {
  const path = '/finetunelab.session_vault.v1.KeyLendingService/LendKey';
  for (const headers of [{}, { 'x-ftl-module': 'batch-runner' }, { 'x-ftl-caller': 'batch-runner', 'x-ftl-token': 'guessed' }]) {
    const { status, messages } = await call(path, text(1, 'a'.repeat(64)), headers);
    assert.ok([7, 12, 16].includes(status), `status ${status}`);
    assert.equal(messages.length, 0);
  }
});

test('a call is answered, and a refusal has its code', { skip }, async () => {
  const suites = await call('/finetunelab.batch_runner.v1.BatchRunnerService/ListSuites');
  assert.equal(suites.status, 0);
  assert.ok(String(suites.messages[0]).includes('Customer Support - Easy'));
  const unknown = await call('/finetunelab.session_vault.v1.SessionVaultService/GetSession', text(1, `demo-${'0'.repeat(64)}`));
  assert.equal(unknown.status, 5);
  assert.equal((await call('/finetunelab.batch_runner.v1.BatchRunnerService/NoSuchMethod')).status, 12);
});
