// Proxies that the environment names are asked by nobody: neither on the way to an endpoint nor between the programs.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Installation } from './installation.mjs';

const variables = ['http_proxy', 'https_proxy', 'all_proxy', 'grpc_proxy', 'ftp_proxy'].flatMap((name) => [name, name.toUpperCase()]);

for (const flags of [[], ['--split']]) {
  describe(flags.length ? 'with programs apart' : 'with all in one', () => {
    const asked = [];
    let proxy;
    let installation;
    let client;
    let sessions;

    before(async () => {
      proxy = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (bytes) => {
          asked.push(bytes.toString('latin1').split('\r\n', 1)[0]);
          socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
        });
      });
      await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
      const url = `http://127.0.0.1:${proxy.address().port}`;
      // Loopback is left out of proxies by no default: where it were, this test would prove nothing.
      const settings = Object.fromEntries(variables.map((name) => [name, url]));
      installation = Installation.start({ ...settings, no_proxy: '', NO_PROXY: '', no_grpc_proxy: '' }, flags);
      client = await import('../contract/client.mjs');
      client.useInstallation(installation.url);
      sessions = await import('../contract/sessions.mjs');
    });
    after(() => {
      installation?.stop();
      proxy?.close();
    });

    test('a session is opened, tested and run, and no proxy hears of it', async (t) => {
      const endpoint_url = `http://127.0.0.1:${installation.port('sample-endpoint')}/v1`;
      const session_id = await sessions.testedSession(t, { endpoint_url });
      await client.ok(client.post('configure/models', { session_id }));
      const run = await sessions.finishedRun(session_id, sessions.uniquePrompts(3));
      assert.equal(run.results.filter(({ success }) => success).length, 3);
      const stream = await client.EventStream.open('POST', 'atlas', { body: { session_id, messages: [{ role: 'user', content: 'How many failed?' }] } });
      assert.ok((await stream.all()).length > 0);
      assert.deepEqual(asked, []);
    });
  });
}
