import { afterEach, expect, test, vi } from 'vitest';
import { Conversation } from './conversation.svelte';

afterEach(() => vi.unstubAllGlobals());

/** A server that answers when it is told to, and breaks off where it is no longer listened to. */
function server() {
  const answers: ((text: string) => void)[] = [];
  const fetched = vi.fn(
    (_: string, { signal }: RequestInit) =>
      new Promise<Response>((resolve, reject) => {
        answers.push((text) => resolve(new Response(text)));
        signal!.addEventListener('abort', () => reject(signal!.reason));
      }),
  );
  vi.stubGlobal('fetch', fetched);
  return { answers, fetched };
}

test('another run is summed up although the answer about the one before was still coming', async () => {
  const { answers, fetched } = server();
  const conversation = new Conversation(() => {});
  conversation.begin('first');
  const before = conversation.ask('s');
  conversation.begin('second');
  expect(conversation.answering).toBe(false);
  const summary = conversation.ask('s');
  await before;
  expect([conversation.answering, fetched.mock.calls.length]).toEqual([true, 2]);
  answers[1]!('data: {"content":"Facts."}\n\ndata: [DONE]\n\n');
  await summary;
  expect(conversation.answering).toBe(false);
  expect(conversation.exchanges).toMatchObject([{ answer: { content: 'Facts.', complete: true } }]);
});
