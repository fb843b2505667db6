// Where the time of a call went, from the look-up of the name to the last token. Pure.
import type { Result } from '../../api';

export type Part = 'dns' | 'connect' | 'tls' | 'wait' | 'token' | 'stream' | 'rest';
export interface Span {
  part: Part;
  ms: number;
}

type Times = Pick<Result, 'latency_ms' | 'ttft_ms' | 'dns_ms' | 'connect_ms' | 'tls_ms' | 'wait_ms'>;

/**
 * The parts of the last attempt, one after the other; those that it did not have are left out. The connection comes before the latency,
 * which the others make up: waiting for the answer's head, from there to the first token, streaming, or what came of an answer in one piece.
 */
export function spansOf({ latency_ms, ttft_ms, dns_ms, connect_ms, tls_ms, wait_ms }: Times): Span[] {
  if (latency_ms === undefined) return [];
  const upTo = (ms: number | undefined, from: number) => Math.min(latency_ms, Math.max(from, ms ?? from));
  const head = upTo(wait_ms, 0);
  const first = upTo(ttft_ms, head);
  const spans: [Part, number | undefined][] = [
    ['dns', dns_ms],
    ['connect', connect_ms],
    ['tls', tls_ms],
    ['wait', wait_ms && head],
    ['token', ttft_ms && first - head],
    [ttft_ms === undefined ? 'rest' : 'stream', latency_ms - first],
  ];
  return spans.flatMap(([part, ms]) => (ms ? [{ part, ms }] : []));
}
