// The grpcurl recipes of protos/README.md, run in their order through `buf curl`, which needs nothing but reflection either.
// FTL_GRPC_ADDRESS says where the all-in-one program's gRPC port is.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sampleEndpoint } from './client.mjs';

const patienceMs = 60_000;
const protos = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'protos');
const buf = join(protos, 'node_modules/.bin/buf');
const address = process.env.FTL_GRPC_ADDRESS;
const token = process.env.FTL_GRPC_OPERATOR_TOKEN;
const skip = (!token && 'set FTL_GRPC_OPERATOR_TOKEN to the operator\'s token') || (!address && 'set FTL_GRPC_ADDRESS to host:port of the gRPC port') || (!existsSync(buf) && 'run npm install in protos');

const recipes = readFileSync(join(protos, 'README.md'), 'utf8').split('```sh\n')[1].split('```')[0].split('\n').filter((line) => line.startsWith('grpcurl '));
const known = { ADDRESS: address, ENDPOINT: sampleEndpoint, KEY: 'sk-recipes', MODEL: 'sample-zero', TOKEN: token };

// What the line means to a shell: words, quotes taken away, variables put in.
function wordsOf(line) {
  const filled = line.replace(/\$([A-Z]+)/g, (_, name) => {
    assert.ok(known[name], `${line}: no recipe before it gives ${name}`);
    return known[name];
  });
  return [...filled.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}

// grpcurl's words as buf's.
function bufWords([, plaintext, ...rest]) {
  assert.equal(plaintext, '-plaintext');
  if (rest[0] === '-H') return ['-H', rest[1], ...bufWords(['grpcurl', plaintext, ...rest.slice(2)])];
  if (rest[0] === '-d') return ['-d', rest[1], `http://${rest[2]}/${rest[3]}`];
  assert.equal(rest[1], 'list');
  return [rest[2] ? '--list-methods' : '--list-services', `http://${rest[0]}`];
}

// In a process group of its own: what npm installs starts the program proper, which a signal to the first would leave running.
async function run(line) {
  const words = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--emit-defaults', ...bufWords(wordsOf(line))];
  const child = spawn(buf, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (said[name] += text));
  const tooLong = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), patienceMs);
  const [status, signal] = await once(child, 'close');
  clearTimeout(tooLong);
  assert.equal(signal, null, `${line}\ndid not end within ${patienceMs} ms; it said ${said.stdout.slice(-300)}`);
  assert.equal(status, 0, `${line}\n${said.stderr}`);
  return said.stdout;
}

const messagesOf = (text) => text.split(/\n(?=\{)/).filter(Boolean).map((each) => JSON.parse(each));

test('every recipe is answered', { skip, timeout: 180_000 }, async () => {
  assert.ok(recipes.length >= 15);
  const said = {};
  for (const line of recipes) {
    const name = line.split(/[/ ]/).at(-1);
    const text = await run(line);
    said[name] = text;
    if (name === 'OpenSession') [{ sessionId: known.SESSION }] = messagesOf(text);
    if (name === 'ListSuites') known.SUITE = messagesOf(text)[0].suites[0].id;
    if (name === 'StartRun') [{ testRunId: known.RUN }] = messagesOf(text);
  }
  assert.match(said.list, /finetunelab\.session_vault\.v1\.SessionVaultService/);
  assert.match(said['finetunelab.batch_runner.v1.BatchRunnerService'], /StartRun/);
  assert.equal(messagesOf(said.Check)[0].status, 'SERVING');
  assert.equal(messagesOf(said.TestConnection)[0].success, true);
  assert.equal(messagesOf(said.WatchRun).flatMap(({ events }) => events).filter(({ result }) => result).length, 3, said.WatchRun);
  assert.equal(messagesOf(said.GetRun)[0].status, 'RUN_STATUS_COMPLETED');
  assert.equal(messagesOf(said.ListResults)[0].results.length, 2);
  assert.ok(messagesOf(said.Ask).length > 1);
  assert.ok('sessions' in messagesOf(said.SweepSessions)[0], said.SweepSessions);
  assert.match(said.CloseSession, /countedAfter/);
});

test('a recipe for a method that is not there fails', { skip }, async () => {
  await assert.rejects(run("grpcurl -plaintext -d '{}' $ADDRESS finetunelab.session_vault.v1.SessionVaultService/SweepSession"));
});
