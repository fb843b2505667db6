// Which addresses may be called, whose a request is, and no demo tier at all: what settings decide, each in an installation of
// its own. Needs built programs (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { baseUrl, call, get, ok, post } from './client.mjs';
import { installed } from './installation.mjs';
import { isProblem } from './judge.mjs';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';

describe('without the demo tier', { skip }, () => {
  installed({ DEMO_ENABLED: 'false' });

  test('its routes and the wizard are 404, and operations answer', async () => {
    for (const path of ['providers', 'configure', 'test-suites', '/', '/demo/test-model']) isProblem(await get(path), 404);
    isProblem(await post('configure', {}), 404);
    await ok(get('/health'));
    assert.equal((await get('/readyz')).status, 200);
    await ok(get('/openapi.json'));
  });
});

describe('where loopback is not allowed', { skip }, () => {
  installed({ DEMO_ALLOW_LOCALHOST: 'false', DEMO_MAX_SESSIONS_PER_ADDRESS: '100' });

  test('loopback is refused in every spelling, in the same words whether something listens there or not', async () => {
    const details = new Set();
    const { host: open } = new URL(baseUrl());
    for (const host of [open, '127.0.0.1:2', '127.0.0.1', '127.255.255.254', '[::1]', 'localhost', 'LOCALHOST', 'localhost.', 'a.localhost', '[::ffff:127.0.0.1]', '[::]', '0.0.0.0', '127.1', '2130706433']) {
      const answer = await post('configure', { endpoint_url: `http://${host}/v1`, api_key: '', model_id: 'm' });
      assert.equal(answer.json?.code, 'endpoint_not_allowed', `${host}: ${answer.text}`);
      isProblem(answer, 422, 'endpoint_not_allowed');
      // An odd spelling is told so; what is at an address is told to nobody.
      if (/^(127\.\d+\.\d+\.\d+|localhost)(:\d+)?$/i.test(host)) details.add(answer.json.detail);
    }
    assert.equal(details.size, 1, [...details].join('\n'));
  });
});

describe('behind one proxy that is trusted', { skip }, () => {
  const installation = installed({ FTL_TRUSTED_PROXY_HOPS: '1', FTL_PUBLIC_HTTPS: 'true' });

  test('the address is what the proxy wrote last; IPv6 counts by its /64; HSTS is on', async () => {
    const body = { endpoint_url: installation.sampleEndpoint, api_key: '', model_id: 'm' };
    const from = (address) => call('POST', 'configure', { body, headers: { 'x-forwarded-for': address } });
    const first = await from('203.0.113.7');
    await ok(first, 201);
    assert.match(first.headers.get('strict-transport-security') ?? '', /max-age=\d{7,}/);
    isProblem(await from('198.51.100.1, 203.0.113.7'), 429, 'active_session_exists');
    await ok(from('203.0.113.7, 203.0.113.8'), 201);
    await ok(from('2001:db8:1:1::1'), 201);
    isProblem(await from('2001:db8:1:1:ffff::2'), 429, 'active_session_exists');
    await ok(from('2001:db8:1:2::1'), 201);
  });
});
