import { afterEach, describe, expect, test, vi } from 'vitest';
import { Problem } from './lib/http';
import { addLine, emptyAnswer, followRun, type RunListener } from './events';
import { resumeDelay } from './lib/stream';

const stream = (text: string, breaks = false) =>
  new Response(
    new ReadableStream({
      start(to) {
        to.enqueue(new TextEncoder().encode(text));
        if (breaks) to.error(new TypeError('network'));
        else to.close();
      },
    }),
    { status: 200 },
  );

function listener() {
  const seen: string[] = [];
  const told: RunListener = {
    progress: () => seen.push('progress'),
    started: (id) => seen.push(`started ${id}`),
    result: (result) => seen.push(`result ${result.prompt_id}`),
    done: (run) => seen.push(`done ${run.status}`),
    connected: (yes) => seen.push(yes ? 'connected' : 'lost'),
  };
  return { seen, told };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('following a run', () => {
  test('takes a lost connection up again after the last event that had an id', async () => {
    vi.useFakeTimers();
    const fetched = vi
      .fn()
      .mockResolvedValueOnce(stream('event: result\nid: 7\ndata: {"prompt_id":1}\n\nevent: started\ndata: {"prompt_id":2}\n\n', false))
      .mockRejectedValueOnce(new TypeError('network'))
      .mockResolvedValueOnce(stream('event: result\nid: 8\ndata: {"prompt_id":2}\n\nevent: done\nid: 9\ndata: {"status":"completed"}\n\n'));
    vi.stubGlobal('fetch', fetched);
    const { seen, told } = listener();
    const followed = followRun('r', 's', told, new AbortController().signal);
    await vi.runAllTimersAsync();
    await followed;
    expect(seen).toEqual(['connected', 'result 1', 'started 2', 'lost', 'lost', 'connected', 'result 2', 'done completed']);
    const resumedFrom = fetched.mock.calls.map(([, init]) => (init.headers as Headers).get('Last-Event-ID'));
    expect(resumedFrom).toEqual([null, '7', '7']);
  });

  test('ends with the problem when the session is over, in the answer or in the stream', async () => {
    const { told } = listener();
    vi.stubGlobal('fetch', vi.fn().mockResolvedValueOnce(new Response('{"code":"session_expired","status":410}', { status: 410 })));
    await expect(followRun('r', 's', told, new AbortController().signal)).rejects.toMatchObject({ sessionOver: true });
    vi.stubGlobal('fetch', vi.fn().mockResolvedValueOnce(stream('event: error\ndata: {"code":"session_expired","status":410,"detail":"Over."}\n\n')));
    await expect(followRun('r', 's', told, new AbortController().signal)).rejects.toBeInstanceOf(Problem);
  });

  test('waits longer each time, and never over eight seconds', () => {
    expect([1, 2, 3, 4, 5, 9].map(resumeDelay)).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });
});

describe('an answer of Atlas', () => {
  test('grows from its lines, whatever their order', () => {
    const answer = emptyAnswer();
    for (const line of [
      '{"type":"token_usage","input_tokens":1,"output_tokens":1}',
      '{"type":"tool_call","id":"a","tool":"get_demo_metrics","query_text":"mean latency"}',
      '{"type":"tool_result","id":"a","columns":["metric","value"],"rows":[["avg_latency_ms",1200]],"total":1}',
      '{"content":"The mean "}',
      '{"content":"is 1.2 s."}',
      '{"type":"grounding","checked":3,"unsupported":["37%","9 s"]}',
      '{"type":"token_usage","input_tokens":40,"output_tokens":7}',
      '[DONE]',
    ])
      addLine(answer, line);
    expect(answer).toMatchObject({ content: 'The mean is 1.2 s.', usage: { input_tokens: 40, output_tokens: 7 }, unsupported: ['37%', '9 s'], complete: true });
    expect(answer.evidence).toMatchObject([{ query_text: 'mean latency', rows: [['avg_latency_ms', 1200]] }]);
  });

  test('that broke off is not complete, although its stream ended properly', () => {
    const answer = emptyAnswer();
    addLine(answer, '{"content":"The"}');
    addLine(answer, '{"type":"error","detail":"The model stalled."}');
    addLine(answer, '[DONE]');
    expect(answer).toMatchObject({ error: 'The model stalled.', complete: false });
  });
});
