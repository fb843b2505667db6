// Keys of the workspace for the sample endpoint, one for each way of speaking, and the calls that make rows in the history.
import { randomBytes } from 'node:crypto';
import { call, ok, post, sampleEndpoint, until } from './client.mjs';

const origin = sampleEndpoint && new URL(sampleEndpoint).origin;

// A service for each dialect that keeps several keys apart by name, or has one that no other test uses.
export const kDialects = [
  { service_name: 'openai_compatible', api_key: 'anything', path: '/v1' },
  { service_name: 'anthropic', api_key: 'sk-ant-0123456789abcdefghij', path: '/anthropic/v1' },
  { service_name: 'google', api_key: `AIza${'g'.repeat(35)}`, path: '/google/v1beta' },
  { service_name: 'cohere', api_key: 'c'.repeat(40), path: '/cohere/v2' },
  { service_name: 'huggingface', api_key: 'hf_0123456789abcdefghij', path: '/huggingface/v1' },
];

// Stores a key under a name that nobody else has; it goes when the test ends. Gives what a call names it by.
export const storeKey = (t, { path = '/v1', ...key } = kDialects[0]) => storeKeyAt(t, origin + path, key);

// The same for an endpoint of the test's own.
export async function storeKeyAt(t, base_url, key = { service_name: kDialects[0].service_name, api_key: kDialects[0].api_key }) {
  const name = `k${randomBytes(6).toString('hex')}`;
  await ok(post('/api-keys', { ...key, name, base_url }), 201);
  t.after(() => call('DELETE', `/api-keys/${key.service_name}?name=${name}`));
  return { service: key.service_name, name };
}

// A project of the test's own, so that it sees no other's calls.
export const ownProject = () => `p${randomBytes(6).toString('hex')}`;

// The calls of a benchmark of so many requests, when it has ended.
export async function runBenchmark(project, model, more = {}) {
  const { id } = await ok(post('/benchmark/llm', { project, model, requests: 3, concurrency: 3, prompt_tokens: 16, output_tokens: 16, ...more }), 202);
  return until(`benchmark ${id} ends`, async () => {
    const benchmark = await ok(call('GET', `/benchmark/llm/${id}?project=${project}`));
    return benchmark.status !== 'running' && benchmark;
  }, { seconds: 120 });
}
