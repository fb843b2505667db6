// Benchmarks of models, as the gateway has them.
import { ask, problemOf } from '../../lib/http';
import { readEvents } from '../../lib/stream';
import type { ModelChoice } from '../models/models.svelte';

export interface Slo {
  ttft_ms?: number;
  itl_ms?: number;
  latency_ms?: number;
}

export interface Plan {
  model: ModelChoice;
  mode: 'closed' | 'open';
  concurrency?: number;
  /** Calls a second; of a sweep the first. */
  rate?: number;
  arrivals?: 'poisson' | 'constant';
  duration_s?: number;
  requests?: number;
  prompt_tokens?: number;
  output_tokens?: number;
  slo?: Slo;
  sweep?: boolean;
}

export interface Spread {
  n: number;
  mean_ms?: number;
  p50_ms?: number;
  p90_ms?: number;
  p99_ms?: number;
  p50_interval?: { low_ms: number; high_ms: number };
  p99_interval?: { low_ms: number; high_ms: number };
}

/** What was measured under one load. */
export interface Point {
  concurrency?: number;
  offered_rate?: number;
  requests: number;
  errors: number;
  errors_by_type?: Record<string, number>;
  not_begun: number;
  requests_per_second: number;
  output_tokens_per_second: number;
  goodput?: number;
  latency?: Spread;
  since_scheduled_start?: Spread;
  ttft?: Spread;
  itl?: Spread;
  tpot?: Spread;
  avg_prompt_tokens?: number;
  avg_output_tokens?: number;
  /** Whether an open loop's model kept up. */
  carried?: boolean;
  warnings?: string[];
}

export interface Benchmark {
  id: string;
  status: 'running' | 'completed' | 'cancelled' | 'failed' | 'interrupted';
  created_at: string;
  completed_at?: string;
  plan: Plan;
  requests_done: number;
  points?: Point[];
  /** Of a sweep: the highest rate that the model carried. */
  knee_rate?: number;
  error?: string;
}

const path = (id: string) => `/benchmark/llm/${encodeURIComponent(id)}`;

export const listBenchmarks = () => ask<{ benchmarks: Benchmark[] }>('/benchmark/llm').then(({ benchmarks }) => benchmarks);
export const startBenchmark = (plan: Plan) => ask<{ id: string }>('/benchmark/llm', { body: plan });
export const getBenchmark = (id: string, signal: AbortSignal) => ask<Benchmark>(path(id), { signal });
export const cancelBenchmark = (id: string) => ask<Benchmark>(`${path(id)}/cancel`, { body: {} });

/** Tells a benchmark as it goes, to its end or to the connection's. */
export async function watchBenchmark(id: string, onChange: (benchmark: Benchmark) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${path(id)}/events`, { headers: { Accept: 'text/event-stream' }, signal, cache: 'no-store' });
  if (!response.ok) throw await problemOf(response);
  await readEvents(response.body!, ({ event, data }) => {
    if (event === 'progress' || event === 'done') onChange(JSON.parse(data) as Benchmark);
  });
}
