// What operators ask, and the pages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, get, ok, post, wait } from './client.mjs';
import { carriesHeaders, hasFields, isConventional } from './judge.mjs';

test('/health speaks of the gateway and of each service behind it', async () => {
  const answer = await get('/health');
  const health = await ok(answer);
  isConventional(answer);
  hasFields(health, ['status', 'version', 'uptime_s', 'services'], ['metrics']);
  assert.ok(['ok', 'healthy', 'up', 'serving'].includes(health.status), health.status);
  assert.match(health.version, /^\d+\.\d+/);
  assert.equal(typeof health.uptime_s, 'number');
  assert.equal(typeof health.metrics, 'object');
  for (const service of health.services) hasFields(service, ['name', 'status', 'version']);
  const names = health.services.map(({ name }) => name);
  for (const name of ['session-vault', 'batch-runner', 'analytics', 'export']) assert.ok(names.some((one) => one.replace(/_/g, '-').startsWith(name)), names.join());
});

test('/livez and /readyz answer 200', async () => {
  for (const path of ['/livez', '/readyz']) assert.equal((await get(path)).status, 200);
});

test('/metrics has the machine in per cent, and the process', async () => {
  const answer = await get('/metrics');
  const metrics = await ok(answer);
  isConventional(answer);
  hasFields(metrics, ['cpu_usage_percent', 'memory_usage_percent', 'disk_usage_percent', 'gpus', 'requests', 'process']);
  for (const name of ['cpu_usage_percent', 'memory_usage_percent', 'disk_usage_percent']) assert.ok(metrics[name] >= 0 && metrics[name] <= 100, `${name} ${metrics[name]}`);
  assert.ok(Array.isArray(metrics.gpus));
  for (const gpu of metrics.gpus) hasFields(gpu, ['name', 'usage_percent', 'memory_usage_percent']);
  assert.equal(typeof metrics.process, 'object');
});

test('/metrics counts the requests of the last minute', async () => {
  const { requests } = await ok(get('/metrics'));
  assert.ok(Number.isInteger(requests));
  for (let n = 0; n < 5; n += 1) await get('/livez');
  // What was asked a minute ago no longer counts, and other tests ask as well.
  const now = (await ok(get('/metrics'))).requests;
  assert.ok(now >= 6, `${now} after six requests`);
});

// Samples by name and labels, from the text format.
function samples(text) {
  const found = new Map();
  for (const line of text.split('\n')) {
    if (!line || line.startsWith('#')) continue;
    const parts = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)( \d+)?$/.exec(line);
    assert.ok(parts, `not a sample: ${line}`);
    assert.ok(!found.has(parts[1] + (parts[2] ?? '')), `twice: ${line}`);
    found.set(parts[1] + (parts[2] ?? ''), Number(parts[3].replace('+Inf', 'Infinity')));
  }
  return found;
}

test('/metrics/prometheus counts requests and their durations for every route', async () => {
  const read = async () => {
    const answer = await get('/metrics/prometheus');
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/plain/);
    return samples(answer.text);
  };
  const sumOf = (found, name) => [...found].filter(([key]) => key.includes('/api/demo/v2/providers') && name.test(key)).reduce((sum, [, value]) => sum + value, 0);
  await ok(get('providers'));
  const before = await read();
  for (let times = 0; times < 5; times += 1) await ok(get('providers'));
  const after = await read();
  assert.ok(sumOf(after, /requests?_total/) - sumOf(before, /requests?_total/) >= 5, [...after.keys()].filter((key) => /providers/.test(key)).join('\n'));
  assert.ok(sumOf(after, /seconds_count/) - sumOf(before, /seconds_count/) >= 5);
  const buckets = [...after.keys()].filter((key) => /providers/.test(key) && /seconds_bucket/.test(key));
  assert.ok(buckets.some((key) => key.includes('le="+Inf"')) && buckets.length > 5, buckets.join('\n'));
});

test('metrics name no session, run or key, and unknown paths make no new series', async () => {
  await get('/api/demo/v2/batch-test/11111111-2222-4333-8444-555555555555/status');
  await get(`configure?session_id=demo-${'e'.repeat(64)}`);
  await get('/some/unknown/path-4711');
  const { text } = await get('/metrics/prometheus');
  assert.doesNotMatch(text, /11111111-2222|demo-[0-9a-f]{8}|path-4711/);
});

test('/metrics/prometheus shows the process and its version, with method and route in labels of their own', async () => {
  const { text } = await get('/metrics/prometheus');
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_open_fds', 'process_start_time_seconds']) {
    assert.match(text, new RegExp(`^${name} [0-9.e+]+$`, 'm'));
  }
  assert.match(text, /^ftl_build_info\{version="[0-9.]+"\} 1$/m);
  assert.match(text, /^ftl_http_server_requests_total\{code="200",method="GET",route="\/metrics\/prometheus"\} /m);
  assert.match(text, /^ftl_module_thread_lateness_seconds_count\{module="gateway"\} /m);
});

const documented = {
  '/api/demo/v2/configure': ['get', 'post', 'delete'],
  '/api/demo/v2/configure/test': ['post'],
  '/api/demo/v2/configure/models': ['post'],
  '/api/demo/v2/providers': ['get'],
  '/api/demo/v2/test-suites': ['get', 'post'],
  '/api/demo/v2/test-suites/{id}': ['get'],
  '/api/demo/v2/batch-test': ['get', 'post'],
  '/api/demo/v2/batch-test/{test_run_id}/status': ['get'],
  '/api/demo/v2/batch-test/{test_run_id}/events': ['get'],
  '/api/demo/v2/batch-test/{test_run_id}/cancel': ['post'],
  '/api/demo/v2/analytics/metrics': ['get'],
  '/api/demo/v2/analytics/results': ['get'],
  '/api/demo/v2/analytics/search': ['get'],
  '/api/demo/v2/analytics/latency-distribution': ['get'],
  '/api/demo/v2/analytics/compare': ['get'],
  '/api/demo/v2/analytics/by-group': ['get'],
  '/api/demo/v2/analytics/query': ['post'],
  '/api/demo/v2/atlas': ['post'],
  '/api/demo/v2/export': ['get'],
  '/api/demo/v2/cleanup': ['post'],
  '/health': ['get'],
};

test('/openapi.json is OpenAPI 3.1 with every route, its parameters, bodies and comments', async () => {
  const description = await ok(get('/openapi.json'));
  assert.match(description.openapi, /^3\.1\.\d+$/);
  assert.ok(description.info.title && description.info.version);
  for (const [path, methods] of Object.entries(documented)) {
    assert.ok(description.paths[path], path);
    for (const method of methods) {
      const operation = description.paths[path][method];
      assert.ok(operation, `${method} ${path}`);
      assert.ok(operation.summary || operation.description, `${method} ${path} says what it is`);
      assert.ok(Object.keys(operation.responses).some((status) => /^[2]/.test(status)), `${method} ${path}`);
      const named = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      assert.deepEqual(named, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name), path);
    }
  }
  const references = [...JSON.stringify(description).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path);
  for (const path of new Set(references)) {
    assert.ok(path.split('/').reduce((value, key) => value?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], description), `#/${path} is not there`);
  }
  const start = JSON.stringify(description.paths['/api/demo/v2/batch-test'].post);
  const schema = start.match(/#\/components\/schemas\/([\w.]+)/)?.[1];
  const fields = schema ? description.components.schemas[schema].properties : {};
  for (const field of ['session_id', 'test_suite_id', 'timeout_ms', 'max_tokens', 'concurrency']) assert.ok(start.includes(`"${field}"`) || fields[field], field);
});

test('/openapi.json names operations by their RPC, and says examples, problems and where a session goes', async () => {
  const { paths } = await ok(get('/openapi.json'));
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, said]) => ({ path, method, ...said })));
  const ids = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length, 'each id once');
  for (const { operationId, path, method, requestBody, responses, security } of operations) {
    assert.match(operationId, /^[A-Z][A-Za-z0-9]+$/);
    assert.ok(Array.isArray(security), `${method} ${path}`);
    if (requestBody) {
      const { example } = requestBody.content['application/json'];
      assert.ok(example, `${method} ${path} shows a body`);
      if (path.endsWith('/models')) continue;  // it would call a stranger
      const answer = await post(path.replace('{service_name}', 'openai_compatible').replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000'), example);
      assert.ok(![400, 415, 422].includes(answer.status) || /not_allowed/.test(answer.text), `${method} ${path}: ${answer.text}`);
    }
    if (!path.startsWith('/api/')) continue;
    assert.ok(Object.keys(responses).some((status) => /^4\d\d$/.test(status)), `${method} ${path} says what it refuses`);
    for (const [status, { content }] of Object.entries(responses)) {
      for (const [code, { value }] of Object.entries(content['application/problem+json']?.examples ?? {})) {
        assert.equal(String(value.status), status);
        assert.equal(value.code, code);
      }
    }
  }
  for (const id of ['OpenSession', 'StartRun', 'GetRun', 'GetRunStatus', 'CloseSession', 'CloseSessionCleanup', 'ReadLivez']) assert.ok(ids.includes(id), id);
  const described = JSON.stringify(paths).match(/\b(SESSION|RUN|SUITE|STATISTIC|PRESENTATION)_[A-Z_]+\b/g);
  assert.equal(described, null);
});

test('the wizard is served at / and /demo/test-model, the description at /docs, with nothing from elsewhere', async () => {
  for (const path of ['/', '/demo/test-model', '/docs']) {
    const answer = await get(path);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get('content-type'), /^text\/html; *charset=utf-8/i);
    carriesHeaders(answer);
    assert.doesNotMatch(answer.text, /<(script|link|img)[^>]+(src|href)="(https?:)?\/\//i);
    assert.doesNotMatch(answer.text, /<script(?![^>]*\bsrc=)[^>]*>[^<]|<style|\sstyle=|\son\w+=/i, `${path} has inline script or style, which the policy forbids`);
    for (const [, asset] of answer.text.matchAll(/(?:src|href)="([^"#]+)"/g)) {
      const part = await call('GET', new URL(asset, `http://page${path}`).pathname);
      assert.equal(part.status, 200, `${asset} of ${path}`);
      assert.match(part.headers.get('content-type'), /javascript|css|svg|png|font|manifest|html/, asset);
      carriesHeaders(part);
    }
  }
});

test('assets can be kept by the browser, and all of the page is at most 150 kB compressed', async () => {
  const { text } = await get('/');
  const asset = /src="(\/assets\/[^"]+\.js)"/.exec(text)?.[1];
  assert.ok(asset, text);
  const answer = await get(asset);
  assert.match(answer.headers.get('cache-control') ?? '', /max-age=\d{4,}|immutable/, asset);
});

test('outside the pages no file can be reached', async () => {
  for (const path of ['/assets/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/%2e%2e%2fmain.cc', '/.git/config', '/assets/', '//etc/passwd']) {
    const answer = await call('GET', path);
    assert.ok([400, 404].includes(answer.status), `${path} is answered ${answer.status}`);
  }
});

test('uptime rises', async () => {
  const first = await ok(get('/health'));
  await wait(1500);
  const second = await ok(get('/health'));
  assert.ok(second.uptime_s > first.uptime_s, `${first.uptime_s}, then ${second.uptime_s}`);
});
