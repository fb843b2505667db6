// Benchmarks of models, as the gateway has them.
import { ask } from '../../lib/http';
import { eventsAt, follow } from '../../lib/stream';
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

/** Tells a benchmark as it goes, to its end. */
export const watchBenchmark = (id: string, onChange: (benchmark: Benchmark) => void, signal: AbortSignal) =>
  follow(
    {
      open: (lastId, attempt) => eventsAt(`${path(id)}/events`, lastId, attempt),
      take({ event, data }) {
        if (event === 'progress' || event === 'done') onChange(JSON.parse(data) as Benchmark);
        return event === 'done';
      },
    },
    signal,
  );

/** A level in per cent. */
export interface Level {
  /** As it was last. */
  usage_percent?: number;
  avg_percent: number;
  max_percent: number;
}

export interface CallFigures {
  name: string;
  requests: number;
  errors: number;
  avg_ms?: number;
}

/** How the installation has fared in the last minutes. */
export interface Summary {
  cpu?: Level;
  memory?: Level;
  disk?: Level;
  gpu?: Level;
  gpus?: { host: string; name: string; usage_percent: number; memory_usage_percent: number }[];
  requests: number;
  errors: number;
  requests_by_route: CallFigures[];
  requests_by_rpc: CallFigures[];
  slowest_calls: { name: string; status: number; duration_ms: number; ended_at: string; request_id: string }[];
  processes: { program: string; host: string; process: string; cpu_percent?: number; resident_bytes?: number }[];
}

export interface Step {
  starts_at: string;
  cpu_usage_percent?: number;
  memory_usage_percent?: number;
  disk_usage_percent?: number;
  gpu_usage_percent?: number;
  requests: number;
}

export const getSummary = (minutes: number, signal: AbortSignal) => ask<Summary>(`/performance/summary?minutes=${minutes}`, { signal });
export const getCourse = (from: Date, signal: AbortSignal) => ask<{ points: Step[] }>(`/performance/history?from=${from.toISOString()}`, { signal });
