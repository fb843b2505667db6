import { expect, test } from 'vitest';
import { calledUrl, headersIn, requestText, saidIn } from './wire';

test('a curl command tells URL, key and model', () => {
  const curl = `curl https://api.example.org/v1/chat/completions \\\n  -H "Authorization: Bearer sk-1" -d '{"model": "a/b", "messages": []}'`;
  expect(saidIn(curl)).toEqual({ endpoint_url: 'https://api.example.org/v1/chat/completions', api_key: 'sk-1', model_id: 'a/b', headers: '' });
});

test('a curl command tells further headers, and none of the key or the body', () => {
  const curl = `curl https://h.example/v1 -H 'Authorization: Bearer sk-1' --header "X-Gate: a b" -H 'content-type: application/json' -H 'CF-Access-Client-Id: c'`;
  expect(saidIn(curl)?.headers).toBe('X-Gate: a b\nCF-Access-Client-Id: c');
});

test('headers are lines of name and value; a line that is none is told', () => {
  expect(headersIn(' X-Gate: a: b \n\nX-B:c')).toEqual({ headers: { 'X-Gate': 'a: b', 'X-B': 'c' } });
  expect(headersIn('X-Gate: a\nnonsense')).toEqual({ headers: { 'X-Gate': 'a' }, fault: 'nonsense' });
  expect(headersIn('X-Gate:').fault).toBe('X-Gate:');
});

test('lines of a .env file tell the same', () => {
  expect(saidIn('export OPENAI_BASE_URL="https://h.example/v1"\nOPENAI_API_KEY=sk-2\nMODEL=x')).toEqual({ endpoint_url: 'https://h.example/v1', api_key: 'sk-2', model_id: 'x' });
});

test('a URL alone is neither', () => {
  expect(saidIn('https://h.example/v1?a=b')).toBeUndefined();
});

test('a base gets its route, a full URL stays; no key is ever in the text', () => {
  expect([calledUrl('https://h/v1/'), calledUrl('https://h/v1/chat/completions')]).toEqual(['https://h/v1/chat/completions', 'https://h/v1/chat/completions']);
  expect(requestText('https://h/v1', 'given', 'm', { prompt_limit: 1, concurrency: 1, stream: true, temperature: 0, max_tokens: 5 }, ['X-Gate'])).toMatch(/Bearer ••••\nX-Gate: ••••\n/);
});
