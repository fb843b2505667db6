// The log of the workspace's calls, as the gateway has it.
import { ask } from '../../lib/http';
import type { ModelChoice } from '../models/models.svelte';

export const kinds = ['chat', 'compare', 'benchmark', 'judge', 'embeddings', 'door'] as const;
export const statuses = ['success', 'error', 'cancelled', 'interrupted', 'in_progress'] as const;
export type Status = (typeof statuses)[number];

/** A call as a list has it. */
export interface Row {
  id: string;
  timestamp: string;
  kind: (typeof kinds)[number];
  service: string;
  key_name: string;
  model: string;
  status: Status;
  prompt_preview?: string;
  response_time_ms?: number;
  ttft_ms?: number;
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  tokens_estimated: boolean;
  cost?: number;
  finish_reason?: string;
  error_type?: string;
  error?: string;
  /** The call that this one repeats. */
  replay_of?: string;
}

export interface Parameters {
  temperature?: number;
  max_tokens?: number;
  top_p?: number;
  stream?: boolean;
}

export interface Request extends Row {
  messages?: { role: string; content: string }[];
  parameters?: Parameters;
  response?: string;
  reasoning?: string;
  http_status?: number;
  attempts?: number;
  total_ms?: number;
  reasoning_tokens?: number;
}

interface Spread {
  avg_ms?: number;
  p50_ms?: number;
  p95_ms?: number;
  p99_ms?: number;
}

export interface Step {
  starts_at: string;
  requests: number;
  errors: number;
  prompt_tokens: number;
  completion_tokens: number;
  avg_response_time_ms?: number;
  p50_response_time_ms?: number;
  p95_response_time_ms?: number;
  cost?: number;
}

export interface Figures {
  total_requests: number;
  avg_response_time_ms?: number;
  p50_response_time_ms?: number;
  p95_response_time_ms?: number;
  p99_response_time_ms?: number;
  ttft?: Spread;
  error_rate?: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  avg_tokens_per_request?: number;
  cost?: number;
  requests_without_price: number;
  requests_by_model?: Record<string, number>;
  requests_by_provider?: Record<string, number>;
  errors_by_type?: Record<string, number>;
  series_step: string;
  series?: Step[];
}

/** What a list is narrowed down to; the address says the same. */
export const filterNames = ['model', 'service', 'kind', 'status', 'query', 'from', 'to'] as const;
export type Filter = Partial<Record<(typeof filterNames)[number], string>>;

const one = (id: string) => `/api/history/${encodeURIComponent(id)}`;

export const listRequests = (filter: Filter, limit: number, page_token: string, signal: AbortSignal) =>
  ask<{ requests: Row[]; total: number; next_page_token?: string }>(`/api/history?${new URLSearchParams({ ...filter, limit: String(limit), ...(page_token ? { page_token } : {}) })}`, { signal });
export const getRequest = (id: string, signal: AbortSignal) => ask<Request>(one(id), { signal });
export const getFigures = (days: number, signal: AbortSignal) => ask<Figures>(`/api/history/analytics?days=${days}`, { signal });
export const replay = (id: string, changed: { model?: ModelChoice; parameters?: Parameters }) => ask<Request>(`${one(id)}/replay`, { body: changed });
export const historyFile = (format: 'csv' | 'json' | 'jsonl', { from, to }: Filter) => `/api/history/export?${new URLSearchParams({ format, ...(from ? { from } : {}), ...(to ? { to } : {}) })}`;
export const deleteBefore = (before: string) => ask<{ deleted: number }>(`/api/history?before=${encodeURIComponent(before)}`, { method: 'DELETE' });
