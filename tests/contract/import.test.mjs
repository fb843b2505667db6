// `finetunelab import` of folders good and bad, into an installation of its own. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { get, ok, post, until, useInstallation } from './client.mjs';
import { Installation } from './installation.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const said = (content, role = 'user') => ({ role, content });
const list = (...words) => JSON.stringify(words.map((each, i) => said(each, i % 2 ? 'assistant' : 'user')));

// As the exports look: a tree of messages by their ids.
const chatGpt = (id, title) => ({
  id, title, current_node: 'c',
  mapping: {
    a: { id: 'a', message: null, parent: null, children: ['b'] },
    b: { id: 'b', message: { author: { role: 'user' }, create_time: 1714979290.5, content: { content_type: 'text', parts: ['Where to?'] } }, parent: 'a', children: ['c'] },
    c: { id: 'c', message: { author: { role: 'assistant' }, create_time: 1714979292, content: { content_type: 'text', parts: ['Rome.'] } }, parent: 'b', children: [] },
  },
});
const openWebUi = (id, title) => ({
  id, title, chat: { title, history: { currentId: 'y', messages: { x: { id: 'x', parentId: null, role: 'user', content: 'q' }, y: { id: 'y', parentId: 'x', role: 'assistant', content: 'a' } } } },
});

describe('import', { skip }, () => {
  const installation = new Installation();
  const root = mkdtempSync(join(tmpdir(), 'finetunelab-import-'));
  let environment;
  before(async () => {
    await installation.up();
    useInstallation(installation.url);
    const place = `postgresql://ftl_batch_runner@/finetunelab?host=${installation.postgresSocket}&port=${installation.port('postgres')}`;
    environment = { PATH: process.env.PATH, FTL_BATCH_RUNNER_DATABASE_URL: place };
  });
  after(async () => {
    await installation.remove();
    rmSync(root, { recursive: true, force: true });
  });

  const folder = (name, files) => {
    const path = join(root, name);
    mkdirSync(path);
    for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
    return path;
  };
  const run = (...parameters) =>
    new Promise((ended) => {
      const child = spawn(join(process.env.FTL_BUILD_DIR, 'bin', 'finetunelab'), ['import', ...parameters], { env: environment, timeout: 120_000 });
      const texts = { out: '', faults: '' };
      child.stdout.on('data', (text) => (texts.out += text));
      child.stderr.on('data', (text) => (texts.faults += text));
      child.on('close', (status, signal) => ended({ status, signal, ...texts }));
    });
  const titles = async () => (await ok(get('/api/conversations?page_size=1000'))).conversations.map(({ title }) => title).sort();

  test('conversations and states come in once, however often and beside each other', async () => {
    const conversations = folder('good', {
      'trip.json': list('Plan a trip', 'Gladly.'),
      'held.json': JSON.stringify({ history: [said('Held')] }),
      'gpt.json': JSON.stringify([chatGpt('g1', 'From elsewhere'), chatGpt('g2', 'And more')]),
      'webui.json': JSON.stringify([openWebUi('w1', 'Open')]),
      'notes.txt': 'none of ours',
    });
    const states = folder('states', { 'planner.json': '{"step": 3,  "left": [1, 2]}' });
    const both = ['--conversations', conversations, '--agent-states', states];
    const tried = await run(...both, '--dry-run');
    assert.deepEqual(tried, {
      status: 0, signal: null, faults: '',
      out: 'conversations: 5 to be imported, 1 other files left out\nagent states: 1 to be imported\n',
    });
    assert.deepEqual(await titles(), []);
    const runs = await Promise.all([1, 2, 3].map(() => run(...both)));
    for (const { status, faults } of runs) assert.deepEqual([status, faults], [0, '']);
    const imported = (word) => runs.map(({ out }) => Number(out.match(new RegExp(`^${word}: (\\d+) imported`, 'm'))[1])).reduce((a, b) => a + b);
    assert.deepEqual([imported('conversations'), imported('agent states')], [5, 1]);
    assert.deepEqual(await titles(), ['And more', 'From elsewhere', 'Held', 'Open', 'Plan a trip']);
    const again = await run(...both);
    assert.match(again.out, /^conversations: 0 imported, 5 there already/);
    const { conversations: stored } = await ok(get('/api/conversations'));
    const { messages } = await ok(get(`/api/conversations/${stored.find(({ title }) => title === 'From elsewhere').id}`));
    assert.deepEqual(messages.map(({ content }) => content), ['Where to?', 'Rome.']);
    assert.equal(Date.parse(messages[0].created_at), 1714979290500);
    const [agent] = (await ok(get('/api/agents'))).agents;
    assert.equal(agent.name, 'planner');
    const state = await get(`/api/agents/${agent.id}/state`);
    assert.equal(state.text, '{"step": 3,  "left": [1, 2]}', 'to the byte');
  });

  test('what the page imports and what the command imports is the same', async () => {
    const content = list('From the page');
    await ok(post('/api/conversations/import', { files: [{ name: 'page.json', content }] }));
    const { out } = await run('--conversations', folder('page', { 'page.json': content }));
    assert.equal(out, 'conversations: 0 imported, 1 there already\n');
  });

  test('each bad file is named with its fault, and the good ones come in', async () => {
    const path = folder('bad', {
      'a-good.json': list('Among the bad'),
      'cut.json': '{"messages": [',
      'deep.json': '['.repeat(100_000),
      'empty.json': '',
      'latin.json': Buffer.from('[{"role":"user","content":"caf\xe9"}]', 'latin1'),
      'none.json': '{"a": 1}',
      'z-good.json': list('Behind the bad'),
    });
    symlinkSync('/etc/passwd', join(path, 'link.json'));
    symlinkSync(path, join(path, 'loop.json'));
    mkdirSync(join(path, 'folder.json'));
    execFileSync('mkfifo', [join(path, 'pipe.json')]);
    writeFileSync(join(path, 'huge.json'), '');
    truncateSync(join(path, 'huge.json'), 10 * 2 ** 30);
    writeFileSync(join(path, 'bell\u0007\u001b[2J.json'), '{');
    const { status, out, faults } = await run('--conversations', path);
    assert.equal(status, 65);
    assert.match(out, /^conversations: 2 imported, 11 with faults\n$/);
    const lines = faults.trimEnd().split('\n');
    assert.equal(lines.length, 11, faults);
    const of = (file) => lines.find((line) => line.startsWith(join(path, file))) ?? '';
    assert.match(of('cut.json'), /cut\.json: The text is not acceptable JSON: line 1, column 15: /);
    assert.match(of('link.json'), /is a link, and links are not followed/);
    assert.match(of('loop.json'), /is a link/);
    assert.match(of('folder.json'), /is no regular file/);
    assert.match(of('pipe.json'), /is no regular file/);
    assert.match(of('huge.json'), /is larger than 256 MiB/);
    assert.match(of('deep.json'), /nested deeper than 64/);
    assert.match(of('latin.json'), /UTF-8|not JSON|not acceptable/);
    assert.match(of('none.json'), /no `messages`, `history` or `mapping`/);
    assert.match(of('bell'), /^[\x20-\x7e]+$/, 'nothing that steers a terminal');
    assert.ok((await titles()).includes('Behind the bad'));
  });

  test('an import that is broken off goes on where it was', async () => {
    const files = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`many-${i}.json`, list(`many ${i}`)]));
    const path = folder('many', files);
    const child = spawn(join(process.env.FTL_BUILD_DIR, 'bin', 'finetunelab'), ['import', '--conversations', path], { env: environment });
    const ended = new Promise((done) => child.on('close', (_, signal) => done(signal)));
    const count = async () => (await titles()).filter((title) => title.startsWith('many ')).length;
    await until('the first are in', async () => (await count()) > 0 || child.exitCode !== null || child.signalCode !== null, { everyMs: 0 });
    child.kill('SIGKILL');
    assert.equal(await ended, 'SIGKILL');
    // What was sent to the server before is stored all the same.
    await until('nothing of it runs on', () => installation.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'finetunelab-import'") === '0');
    const before = await count();
    assert.ok(before > 0 && before < 900, `${before} of 900`);
    const { status, out } = await run('--conversations', path);
    assert.equal(status, 0);
    assert.equal(await count(), 900);
    assert.match(out, new RegExp(`^conversations: ${900 - before} imported, ${before} there already`));
  });

  test('a state that has gone on since is not put back', async () => {
    const path = folder('older', { 'worker.json': '{"step":1}' });
    await run('--agent-states', path);
    const { id } = (await ok(get('/api/agents'))).agents.find(({ name }) => name === 'worker');
    installation.sql(`UPDATE agent_states SET state = '{"step":2}' WHERE agent_id = '${id}'`);
    const { status, out } = await run('--agent-states', path);
    assert.deepEqual([status, out], [0, 'agent states: 0 imported, 1 there already\n']);
    assert.equal((await get(`/api/agents/${id}/state`)).text, '{"step":2}');
  });

  test('an old log of calls is counted with the others, and no row twice', async () => {
    const days = (n) => new Date(Date.now() - n * 86_400_000).toISOString();
    const log = join(root, 'requests.db.csv');
    const rows = [
      ['7', days(3.1), 'old-model', 'openai', 'Say "hi"\nplease', 'hi', '1250.5', '10', '20', ''],
      ['8', days(3), 'old-model', 'openai', 'again, with sk-aaaaaaaaaaaaaaaaaaaa1', 'hi', '750', '10', '20', ''],
      ['9', days(2).replace('T', ' ').slice(0, 19), 'old-model', 'anthropic', 'x', '', '', '', '', 'It was away.'],
      ['10', days(2), 'old-model', 'openai', 'x', 'y', 'soon', '', '', ''],
      ['11', days(400), 'old-model', 'openai', 'x', 'y', '5', '1', '1', ''],
      ['12', 'yesterday', 'old-model', 'openai', 'x', 'y', '5', '1', '1', ''],
    ];
    const cell = (text) => `"${text.replaceAll('"', '""')}"`;
    writeFileSync(log, ['id,timestamp,model,provider,prompt,response,latency_ms,input_tokens,output_tokens,error', ...rows.map((row) => row.map(cell).join(','))].join('\r\n'));
    const tried = await run('--requests', log, '--dry-run');
    assert.equal(tried.out, 'requests: 3 to be imported, 2 with faults, 1 older than FTL_HISTORY_RETENTION_DAYS keeps\n');
    const figures = async () => ok(get('/api/history/analytics?days=7'));
    assert.equal((await figures()).total_requests, 0);
    const runs = await Promise.all([1, 2].map(() => run('--requests', log)));
    for (const { status, faults } of runs) {
      assert.equal(status, 65);
      assert.match(faults, /requests\.db\.csv:6: The row has in `response_time_ms` no number/);
      assert.match(faults, /requests\.db\.csv:8: The row has in `timestamp` no moment/);
    }
    assert.equal(runs.reduce((sum, { out }) => sum + Number(out.match(/(\d+) imported/)[1]), 0), 3);
    const counted = await figures();
    assert.deepEqual([counted.total_requests, counted.prompt_tokens, counted.completion_tokens], [3, 20, 40]);
    assert.deepEqual(counted.requests_by_provider, { openai: 2, anthropic: 1 });
    assert.deepEqual(counted.errors_by_type, { unknown: 1 });
    assert.ok(Math.abs(counted.avg_response_time_ms - 1000.25) < 0.01, `${counted.avg_response_time_ms}`);
    const { requests } = await ok(get('/api/history'));
    assert.deepEqual(requests.map(({ prompt_preview }) => prompt_preview), ['x', 'again, with sk-[key removed]', 'Say "hi"\nplease']);
    const exported = join(root, 'exported.csv');
    writeFileSync(exported, (await get('/api/history/export?format=csv')).text);
    assert.deepEqual(await run('--requests', exported), { status: 0, signal: null, faults: '', out: 'requests: 0 imported, 3 there already\n' });
    assert.equal((await figures()).total_requests, 3);
    writeFileSync(exported, 'a,b\n1,2\n');
    const none = await run('--requests', exported);
    assert.deepEqual([none.status, /has no column `timestamp` in its first line/.test(none.faults)], [65, true]);
  });

  test('wrong usage is told apart from what cannot be reached', async () => {
    const path = folder('some', { 'some.json': list('Some') });
    assert.equal((await run()).status, 64);
    assert.equal((await run('--converse', path)).status, 64);
    const somebody = await run('--conversations', path, '--user', 'a@example.com');
    assert.deepEqual([somebody.status, /one owner without sign-in/.test(somebody.faults)], [64, true]);
    const nowhere = await run('--conversations', join(path, 'nowhere'));
    assert.deepEqual([nowhere.status, /nowhere cannot be read: No such file/.test(nowhere.faults)], [66, true]);
    const kept = environment;
    environment = { ...kept, FTL_BATCH_RUNNER_DATABASE_URL: 'postgresql:///nowhere?host=/nonexistent' };
    const away = await run('--conversations', path);
    environment = {};
    const unset = await run('--conversations', path);
    environment = kept;
    assert.equal(away.status, 69, away.faults);
    assert.deepEqual([unset.status, /^DATABASE_URL is not set/.test(unset.faults)], [78, true]);
  });
});
