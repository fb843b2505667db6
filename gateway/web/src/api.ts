// The wizard's HTTP contract as types, and one function per route. Every refusal arrives as a Problem.
import { Problem, ask, send, serverNow } from './lib/http';

export interface Session {
  session_id: string;
  expires_at: string;
  model_id: string;
  model_name: string;
}

export interface SessionState extends Session {
  endpoint_url: string;
  provider?: string;
  created_at: string;
  connection_tested: boolean;
  connection_latency_ms?: number;
  last_error?: string;
  latest_test_run_id?: string;
  key_forgotten?: boolean;
}

export interface Endpoint {
  endpoint_url: string;
  api_key: string;
  model_id: string;
  model_name?: string;
  provider?: string;
  forget_key_after_run?: boolean;
  /** Further ones, as secret as the key. */
  headers?: Record<string, string>;
}

export interface ConnectionTest {
  success: boolean;
  latency_ms?: number;
  ttft_ms?: number;
  message?: string;
  error?: string;
  error_type?: string;
}

export interface Provider {
  provider: string;
  name: string;
  base_url?: string;
  docs_url?: string;
  example_model_id?: string;
  key_hint?: string;
}

/** An endpoint of the installation's own that needs no key. */
export interface Sample {
  endpoint_url: string;
  model_id: string;
}

export interface Model {
  id: string;
  owned_by?: string;
}

export interface SuitePrompt {
  prompt: string;
  expected_answer?: string;
  category?: string;
  /** One check alone may stand without its list. */
  checks?: object[] | object;
}

export interface Suite {
  id: string;
  name: string;
  description?: string;
  task_domain: string;
  difficulty?: 'easy' | 'medium' | 'hard';
  prompt_count: number;
  prompts?: SuitePrompt[];
}

export type PromptFormat = 'auto' | 'text' | 'csv' | 'jsonl' | 'json' | 'yaml';

/** What the server read in a text or file; it stores the same. */
export interface Preview {
  prompts: SuitePrompt[];
  prompt_count: number;
  format?: PromptFormat;
  shape?: string;
  encoding: string;
  delimiter?: string;
  left_out: string[];
  faults: { line?: number; message: string }[];
  more_faults: number;
}

export interface OwnPrompts {
  name: string;
  content: string;
  content_format: PromptFormat;
}

export interface RunSettings {
  prompt_limit: number;
  concurrency: number;
  stream: boolean;
  temperature: number;
  max_tokens: number;
}

export type RunStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

export interface Run {
  id: string;
  status: RunStatus;
  model_name?: string;
  test_suite_id: string;
  test_suite_name?: string;
  total_prompts: number;
  completed_prompts: number;
  failed_prompts: number;
  progress: number;
  started_at?: string;
  completed_at?: string;
  eta_ms?: number;
  /** Until when the endpoint asked to be left alone. */
  paused_until?: string;
  running_prompt_ids?: number[];
  error?: string;
  error_type?: string;
  parameters?: { max_tokens: number; lowered_max_tokens?: number };
}

export interface Result {
  prompt_id: number;
  test_run_id: string;
  prompt: string;
  category?: string;
  response?: string;
  success: boolean;
  error?: string;
  error_type?: string;
  latency_ms?: number;
  ttft_ms?: number;
  /** Before the first byte was sent, where a connection had to be made. */
  dns_ms?: number;
  connect_ms?: number;
  tls_ms?: number;
  /** From the last byte sent to the answer's head. */
  wait_ms?: number;
  /** All attempts and the waits between them; `latency_ms` is the last one's. */
  total_ms?: number;
  /** A proxy held the stream back: the first token's time says nothing of the model. */
  buffered?: boolean;
  input_tokens?: number;
  output_tokens?: number;
  tokens_estimated?: boolean;
  finish_reason?: string;
  attempts?: number;
  checks?: { kind: string; passed: boolean; detail?: string }[];
}

export interface Message {
  role: 'user' | 'assistant';
  content: string;
}

export type Narrator = 'auto' | 'builtin' | 'model';
/** A format that this installation writes reports in. */
export interface Format {
  format: string;
  name: string;
  extension: string;
  content_type: string;
  /** Its first page can be looked at as a picture. */
  has_picture?: boolean;
}

/** A page of a list of results, and of the list how many there are in all. */
export interface ResultPage {
  results: Result[];
  total: number;
  next_page_token?: string;
}

/** The figures of a run that the page shows; absent where there is nothing to measure yet. */
export interface Metrics {
  p50_latency_ms?: number;
  p90_latency_ms?: number;
  p95_latency_ms?: number;
  output_tokens_per_second?: number;
  /** Low and high end of the share of answered calls, in per cent. */
  success_interval?: { low: number; high: number };
}

export interface Cleanup {
  success: boolean;
  message: string;
  deleted: { config: boolean; testRuns: number; results: number };
  receipt?: { deleted_at?: string; counted_after?: number; backups_unreadable_from?: string };
}

const base = '/api/demo/v2';

export const openSession = (endpoint: Endpoint) => ask<Session>(`${base}/configure`, { body: endpoint, creates: true });

export const getSession = (session: string) => ask<SessionState>(`${base}/configure`, { session });

export const testConnection = (session_id: string) => ask<ConnectionTest>(`${base}/configure/test`, { body: { session_id } });

export const listModels = (from: { session_id: string } | Pick<Endpoint, 'endpoint_url' | 'api_key' | 'headers'>) =>
  ask<{ models: Model[] }>(`${base}/configure/models`, { body: from }).then((answer) => answer.models);

/** `workspace` is where its page is, where there is one. */
export const listProviders = () => ask<{ providers: Provider[]; sample?: Sample; workspace?: string }>(`${base}/providers`);

export const listSuites = (session?: string) => ask<{ suites: Suite[] }>(`${base}/test-suites?page_size=1000`, { session }).then((answer) => answer.suites);

export const getSuite = (id: string, session?: string) => ask<Suite>(`${base}/test-suites/${encodeURIComponent(id)}`, { session });

export const previewSuite = (file: Blob, format: PromptFormat, signal: AbortSignal) =>
  ask<Preview>(`${base}/test-suites/preview?content_format=${format}`, { file, signal });

export const addSuite = (session_id: string, own: OwnPrompts) =>
  ask<Suite>(`${base}/test-suites`, { body: { session_id, ...own }, creates: true });

export const startRun = (session_id: string, test_suite_id: string, settings: RunSettings) =>
  ask<{ test_run_id: string; status: RunStatus; total_prompts: number }>(`${base}/batch-test`, {
    body: { session_id, test_suite_id, ...settings },
    creates: true,
  });

/** The session's latest run, or undefined where there is none. */
export async function latestRun(session: string): Promise<Run | undefined> {
  try {
    return await ask<Run>(`${base}/batch-test`, { session });
  } catch (error) {
    if (error instanceof Problem && error.code === 'no_run') return undefined;
    throw error;
  }
}

export const getMetrics = (session: string, run: string) => ask<Metrics>(`${base}/analytics/metrics?test_run_id=${encodeURIComponent(run)}`, { session });

/** The results of `run` that `asked` chooses and orders. */
export function listResults(session: string, run: string, asked: URLSearchParams, signal?: AbortSignal): Promise<ResultPage> {
  const query = new URLSearchParams(asked);
  query.set('test_run_id', run);
  return ask<ResultPage>(`${base}/analytics/results?${query}`, { session, signal });
}

export const listFormats = () => ask<{ formats: Format[] }>(`${base}/export/formats`).then(({ formats }) => formats);

export const cancelRun = (runId: string, session: string) =>
  ask<Run>(`${base}/batch-test/${encodeURIComponent(runId)}/cancel`, { method: 'POST', body: {}, session });

export const runEventsPath = (runId: string) => `${base}/batch-test/${encodeURIComponent(runId)}/events`;
export const atlasPath = `${base}/atlas`;

/** The whole report, in memory, so that deleting the data afterwards cannot cut it short. */
export async function download(session: string, format: Format): Promise<{ name: string; blob: Blob }> {
  const response = await send(`${base}/export?format=${encodeURIComponent(format.format)}`, { session });
  const named = /filename="?([^";]+)"?/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  const day = new Date(serverNow()).toISOString().slice(0, 10);
  return { name: named ?? `finetunelab-batch-test-${day}.${format.extension}`, blob: await response.blob() };
}

/** The first page of the report's PDF, as the URL of a picture; no download. */
export async function firstPage(session: string): Promise<string> {
  const picture = await (await send(`${base}/export?format=pdf&picture=true`, { session })).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(picture);
  });
}

export const cleanUp = (session_id: string) => ask<Cleanup>(`${base}/cleanup`, { body: { session_id, when: 'now' } });

/** Said while the page is left. The server waits, and any later use of the session takes it back. */
export function sayAbandoned(session_id: string): void {
  const body = JSON.stringify({ session_id, when: 'if_abandoned' });
  const sent = navigator.sendBeacon?.(`${base}/cleanup`, new Blob([body], { type: 'application/json' }));
  if (!sent) {
    void fetch(`${base}/cleanup`, { method: 'POST', keepalive: true, headers: { 'Content-Type': 'application/json' }, body }).catch(() => {});
  }
}
