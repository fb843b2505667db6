// A person's regular expression over the results. It may take for ever, so it runs in a thread of its own that is ended in time.

/** Longer than any honest pattern takes over ten thousand answers. */
const limitMs = 1500;

/** Which of `texts` fit, by their place. */
export const fitting = (pattern: RegExp, texts: readonly string[]): number[] => texts.flatMap((text, index) => (pattern.test(text) ? [index] : []));

/** The same, elsewhere; undefined where it took too long. Nothing comes of it once `signal` is aborted. */
export function fittingElsewhere(pattern: RegExp, texts: readonly string[], signal: AbortSignal): Promise<number[] | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./pattern.worker.ts', import.meta.url), { type: 'module' });
    const end = (found: number[] | undefined) => {
      clearTimeout(timer);
      worker.terminate();
      if (!signal.aborted) resolve(found);
    };
    const timer = setTimeout(() => end(undefined), limitMs);
    signal.addEventListener('abort', () => end(undefined), { once: true });
    worker.onmessage = ({ data }: MessageEvent<number[]>) => end(data);
    worker.onerror = () => end(undefined);
    worker.postMessage({ pattern, texts });
  });
}
