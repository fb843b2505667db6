import { expect, test } from 'vitest';
import { emptyGrowing, grow } from './answer';

test('an answer grows by its pieces and ends with what is known of it', () => {
  const answer = emptyGrowing();
  const lines = ['{"reasoning":"Six"}', '{"content":"It is "}', '{"content":"42."}', '{"type":"timing","ttft_ms":120.5,"latency_ms":300,"tokens_per_second":41.2}', '{"type":"token_usage","input_tokens":9,"output_tokens":4,"estimated":true}', '{"type":"later"}', '{"type":"done","message_id":"m","finish_reason":"stop","cost":0.002}'];
  const said = lines.map((line) => grow(answer, JSON.parse(line)));
  expect(said).toEqual([true, true, true, true, true, false, true]);
  expect(answer).toMatchObject({ content: 'It is 42.', reasoning: 'Six', ttft_ms: 120.5, latency_ms: 300, output_tokens: 4, tokens_estimated: true, finish_reason: 'stop', cost: 0.002, over: true });
});

test('an answer that broke off keeps what had come and says why', () => {
  const answer = emptyGrowing();
  grow(answer, { content: 'It is' });
  grow(answer, { type: 'error', title: 'The endpoint failed', detail: 'The endpoint broke off.', error_type: 'network' });
  expect(answer).toMatchObject({ content: 'It is', error: 'The endpoint broke off.', over: true });
});
