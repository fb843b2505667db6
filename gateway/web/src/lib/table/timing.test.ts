import { expect, test } from 'vitest';
import { spansOf } from './timing';

const told = (times: Parameters<typeof spansOf>[0]) => spansOf(times).map(({ part, ms }) => `${part} ${Math.round(ms * 1000) / 1000}`);

test('a call on a cold connection has six parts, of which the last three are its latency', () => {
  expect(told({ dns_ms: 1.5, connect_ms: 12, tls_ms: 30, wait_ms: 200, ttft_ms: 250, latency_ms: 1000 })).toEqual(['dns 1.5', 'connect 12', 'tls 30', 'wait 200', 'token 50', 'stream 750']);
});

test('a kept connection has none of its own, an answer in one piece no first token', () => {
  expect(told({ wait_ms: 200, ttft_ms: 250, latency_ms: 1000 })).toEqual(['wait 200', 'token 50', 'stream 750']);
  expect(told({ wait_ms: 900, latency_ms: 1000 })).toEqual(['wait 900', 'rest 100']);
  expect(told({ ttft_ms: 250, latency_ms: 1000 })).toEqual(['token 250', 'stream 750']);
  expect(told({})).toEqual([]);
});

test('parts that stamps put a little beyond each other make up the latency all the same', () => {
  expect(told({ wait_ms: 250.004, ttft_ms: 250, latency_ms: 250.002 })).toEqual(['wait 250.002']);
});
