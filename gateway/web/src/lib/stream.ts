// Server-sent events over fetch, in turns that leave the page time to draw.
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Problem, problemOf } from './http';

type Body = ReadableStream<Uint8Array>;

/** How long events are read before the page may draw, in ms. */
const turn = 20;

/** Hands on each event as it arrives, and tells `alive` of all that does; ends with the body. Throws where the connection breaks. */
export async function readEvents(body: Body, onEvent: (event: EventSourceMessage) => void, alive?: () => void): Promise<void> {
  const parser = createParser({ onEvent });
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let since = performance.now();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive?.();
      parser.feed(value);
      // What has come already would be read to its end in one go; the page wants its turn.
      if (performance.now() - since < turn) continue;
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The wait before attempt `n` (from 1) to take a stream up again: half a second, doubling up to eight. */
export const resumeDelay = (n: number) => Math.min(8000, 500 * 2 ** (n - 1));

/** Longer than two heartbeats (15 s each) of silence means a dead connection. */
const silenceMs = 40_000;

/** The events at `path`, from after `lastId` where one is known. Rejects with a Problem where they are refused. */
export async function eventsAt(path: string, lastId: string | undefined, signal: AbortSignal, session?: string): Promise<Body> {
  const headers = new Headers({ Accept: 'text/event-stream' });
  if (session !== undefined) headers.set('Authorization', `Bearer ${session}`);
  if (lastId !== undefined) headers.set('Last-Event-ID', lastId);
  const response = await fetch(path, { headers, signal, cache: 'no-store' });
  if (!response.ok) throw await problemOf(response);
  return response.body!;
}

export interface Source {
  /** Connects, after a lost connection from the last event that had an id. */
  open(lastId: string | undefined, signal: AbortSignal): Promise<Body>;
  /** Takes an event in; true where it is the last one. */
  take(event: EventSourceMessage): boolean;
  /** Told at each connection and each loss of one. */
  connected?(yes: boolean): void;
}

/**
 * Follows events to the last one, through any number of lost connections. Resolves then, or once `signal` is aborted.
 * Rejects with a Problem that `open` or `take` throws, unless waiting may mend it (429, and all from 500).
 */
export async function follow(source: Source, signal: AbortSignal): Promise<void> {
  let lastId: string | undefined;
  let isOver = false;
  for (let failures = 0; ; ) {
    let refused: Problem | undefined;
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener('abort', stop);
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(stop, silenceMs);
    };
    try {
      alive();
      const body = await source.open(lastId, attempt.signal);
      source.connected?.(true);
      const take = (event: EventSourceMessage) => {
        if (signal.aborted) return;
        failures = 0;
        if (event.id) lastId = event.id;
        isOver = source.take(event) || isOver;
      };
      await readEvents(body, take, alive);
    } catch (error) {
      if (error instanceof Problem) refused = error;
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', stop);
    }
    if (isOver || signal.aborted) return;
    if (refused && refused.status !== 429 && refused.status < 500) throw refused;
    source.connected?.(false);
    failures += 1;
    const wait = Math.max(resumeDelay(failures), (refused?.retryAfter ?? 0) * 1000);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
    if (signal.aborted) return;
  }
}
