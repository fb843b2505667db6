import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chat } from './chat.svelte';

/** The calls that wait for their answers, which come as late as a test wants. */
let calls: { path: string; answer: (response: Response) => void }[] = [];

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));
const json = (body: unknown) => new Response(JSON.stringify(body));
const said = (id: string) => ({ id: `said in ${id}`, role: 'user', content: `Said in ${id}`, status: 'complete', created_at: '' });
const conversation = (id: string) => json({ id, title: id, pinned: false, created_at: '', updated_at: '', message_count: 1, messages: [said(id)] });
const events = (...pieces: object[]) => new Response(pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join(''));
const shown = () => [chat.open?.id, ...chat.messages.map(({ content }) => content)];

async function answer(path: string, response: Response): Promise<void> {
  await vi.waitFor(() => expect(calls.map((call) => call.path.split('?')[0])).toContain(path));
  const at = calls.findIndex((call) => call.path.split('?')[0] === path);
  calls.splice(at, 1)[0]!.answer(response);
  await soon();
}

beforeEach(async () => {
  calls = [];
  // What was asked is answered even where nobody wants it any more.
  vi.stubGlobal('fetch', (path: string) => new Promise<Response>((resolve) => calls.push({ path, answer: resolve })));
  await chat.show(undefined);
});
afterEach(() => vi.unstubAllGlobals());

test('while a conversation comes, none of another is shown', async () => {
  void chat.show('a');
  await answer('/api/conversations/a', conversation('a'));
  expect(shown()).toEqual(['a', 'Said in a']);
  void chat.show('b');
  expect([...shown(), chat.loading]).toEqual([undefined, true]);
  await answer('/api/conversations/b', conversation('b'));
  expect([...shown(), chat.loading]).toEqual(['b', 'Said in b', false]);
});

test('a conversation that comes late is not shown in the place of the one that was gone back to', async () => {
  void chat.show('a');
  await answer('/api/conversations/a', conversation('a'));
  void chat.show('b');
  void chat.show('a');
  await answer('/api/conversations/a', conversation('a'));
  await answer('/api/conversations/b', conversation('b'));
  expect([...shown(), chat.loading]).toEqual(['a', 'Said in a', false]);
});

test('a conversation that comes late is not shown in the place of a new one', async () => {
  void chat.show('b');
  void chat.show(undefined);
  expect(chat.loading).toBe(false);
  await answer('/api/conversations/b', conversation('b'));
  expect([...shown(), chat.loading]).toEqual([undefined, false]);
});

test('what is stored of an answer is not shown once another conversation lies open', async () => {
  void chat.show('a');
  await answer('/api/conversations/a', conversation('a'));
  void chat.ask('More?');
  await answer('/api/chat', events({ type: 'start', conversation_id: 'a', message_id: 'm' }, { content: 'Yes' }, { type: 'done' }));
  void chat.show('b');
  await answer('/api/conversations/b', conversation('b'));
  await answer('/api/conversations/a', conversation('a'));
  expect([...shown(), chat.problem]).toEqual(['b', 'Said in b', undefined]);
});

test('an answer that begins late does not open its conversation once another one is shown', async () => {
  void chat.ask('Anything?');
  await soon();
  void chat.show('b');
  await answer('/api/conversations/b', conversation('b'));
  await answer('/api/chat', events({ type: 'start', conversation_id: 'a', message_id: 'm' }, { type: 'done' }));
  expect(shown()).toEqual(['b', 'Said in b']);
});

test('a question has gone once the gateway says so, not where the connection breaks before', async () => {
  const broken = chat.ask('Anything?');
  await answer('/api/chat', events());
  expect([await broken, chat.problem?.code, chat.live]).toEqual([false, 'unreachable', undefined]);
  const gone = chat.ask('Anything?');
  await answer('/api/chat', events({ type: 'start', conversation_id: 'a', message_id: 'm' }, { type: 'done' }));
  await answer('/api/conversations/a', conversation('a'));
  expect(await gone).toBe(true);
});
