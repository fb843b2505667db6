// One request to the gateway and its answer. Every refusal arrives as a Problem.
import { say } from './words/words.svelte';
import { adviceOf, titleOf } from './words/told';

/** A refusal by the gateway (RFC 9457), in the page's words where it has some for the code; or `unreachable` with status 0 where no answer came. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly fields: ReadonlyMap<string, string>;
  /** How long to wait, in seconds, where the gateway said so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: Record<string, unknown>, retryAfter?: number) {
    const text = (key: string) => (typeof body[key] === 'string' ? (body[key] as string) : undefined);
    const code = text('code') ?? 'unknown';
    const title = titleOf(code) ?? text('title') ?? say('problem.unknown');
    const detail = adviceOf(code) ?? text('detail') ?? title;
    super(detail);
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.requestId = text('request_id');
    this.retryAfter = retryAfter;
    const faults = Array.isArray(body.errors) ? (body.errors as { field?: string; message?: string }[]) : [];
    this.fields = new Map(faults.filter((f) => f.field && f.message).map((f) => [f.field!, f.message!]));
  }

  /** The session has ended, or never was: only a new one helps. */
  get sessionOver(): boolean {
    return this.status === 410 || this.code === 'session_expired' || this.code === 'session_not_found';
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get('retry-after'));
  const fallback = { title: say('problem.answered', { status: String(response.status) }), detail: say('problem.answered', { status: `${response.status} ${response.statusText}`.trim() }) };
  return new Problem(
    response.status,
    { ...fallback, ...(body && typeof body === 'object' ? (body as Record<string, unknown>) : {}) },
    Number.isFinite(wait) && wait > 0 ? wait : undefined,
  );
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, {
    code: 'unreachable',
    title: say('problem.unreachable'),
    detail: say('problem.unreachable.says'),
  });
}

/** Random text for an Idempotency-Key; crypto.randomUUID is missing on plain http origins. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The server's clock minus this one's, in ms, from its last Date header. */
let skew = 0;
export const serverNow = () => Date.now() + skew;

function noteClock(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  // The header is cut to whole seconds; smaller differences are its own.
  if (Number.isFinite(date)) skew = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** A file in place of `body`, sent as it is. */
  file?: Blob;
  session?: string | undefined;
  /** The call creates something: a repeat after a lost connection must not do so twice. */
  creates?: boolean;
  signal?: AbortSignal;
}

export async function send(path: string, call: Call = {}): Promise<Response> {
  const headers = new Headers();
  const sent = call.file ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  if (sent !== undefined) headers.set('Content-Type', call.file ? 'application/octet-stream' : 'application/json');
  if (call.session) headers.set('Authorization', `Bearer ${call.session}`);
  if (call.creates) headers.set('Idempotency-Key', idempotencyKey());
  const request = () =>
    fetch(path, {
      method: call.method ?? (sent === undefined ? 'GET' : 'POST'),
      headers,
      body: sent,
      signal: call.signal,
      cache: 'no-store',
    });
  let response: Response;
  try {
    response = await request();
  } catch (error) {
    if (!call.creates || call.signal?.aborted) throw error;
    await pause(600);
    response = await request();
  }
  noteClock(response);
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The answer's JSON. */
export async function ask<T>(path: string, call?: Call): Promise<T> {
  return (await (await send(path, call)).json()) as T;
}
