// Server-sent events over fetch, in turns that leave the page time to draw.
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** How long events are read before the page may draw, in ms. */
const turn = 20;

/** Hands on each event as it arrives; ends with the body. Throws where the connection breaks. */
export async function readEvents(body: ReadableStream<Uint8Array>, onEvent: (event: EventSourceMessage) => void): Promise<void> {
  const parser = createParser({ onEvent });
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let since = performance.now();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
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
export const silenceMs = 40_000;
