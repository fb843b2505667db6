// A visitor of the workspace of a running installation; nothing is written here in the API's place.
//   FTL_SAMPLE_ENDPOINT  an endpoint that the installation may call, such as http://127.0.0.1:9000/v1
import assert from 'node:assert/strict';
import { base, newContext } from './written-api.mjs';

export const sample = process.env.FTL_SAMPLE_ENDPOINT;
export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

/** A page at `at`; `close` fails on anything that the browser complained of, but for refusals that were asked for. */
export async function visitWorkspace(at, { refusals = 0, ...options } = {}) {
  const context = await newContext({ acceptDownloads: true, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !/^(blob|data):/.test(request.url())) complaints.push(`asked another origin: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(`${base}/workspace${at}`);
  const close = async () => {
    await context.close();
    const refused = complaints.filter((text) => /status of 4\d\d/.test(text));
    assert.deepEqual(complaints.filter((text) => !refused.includes(text)), []);
    assert.equal(refused.length, refusals, refused.join('\n'));
  };
  return { page, context, close };
}

export async function api(method, path, body) {
  const response = await fetch(base + path, { method, headers: body ? { 'Content-Type': 'application/json' } : {}, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** A key of the sample endpoint, which goes when the test ends. */
export async function storeSampleKey(t, name) {
  t.after(() => api('DELETE', `/api-keys/openai_compatible?name=${encodeURIComponent(name)}`));
  await api('POST', '/api-keys', { service_name: 'openai_compatible', name, api_key: 'anything', base_url: sample });
}

/** Chooses a model of the key `name` in the field that is labelled so. */
export async function chooseModel(page, field, id, name) {
  await field.click();
  await field.fill(`${id} ${name}`);
  await page.getByRole('option').filter({ hasText: id }).first().waitFor();
  await field.press('Enter');
}
