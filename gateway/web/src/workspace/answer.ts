// A model's answer in a chat as it grows, piece by piece. Pure.
export interface Growing {
  content: string;
  reasoning: string;
  tool_calls: { id: string; name: string; arguments: string }[];
  ttft_ms?: number;
  latency_ms?: number;
  tokens_per_second?: number;
  input_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  tokens_estimated?: boolean;
  finish_reason?: string;
  cost?: number;
  /** Why it broke off, in a sentence. */
  error?: string;
  /** Nothing more comes. */
  over: boolean;
}

export const emptyGrowing = (): Growing => ({ content: '', reasoning: '', tool_calls: [], over: false });

export type Piece = Record<string, unknown> & { type?: string };

/** Takes one event in; true where it said something of the answer. */
export function grow(answer: Growing, piece: Piece): boolean {
  const text = (key: string) => (typeof piece[key] === 'string' ? (piece[key] as string) : undefined);
  const figure = (key: string) => (typeof piece[key] === 'number' ? (piece[key] as number) : undefined);
  switch (piece.type) {
    case undefined:
    case 'content':
    case 'reasoning':
      answer.content += text('content') ?? '';
      answer.reasoning += text('reasoning') ?? '';
      return 'content' in piece || 'reasoning' in piece;
    case 'tool_call':
      answer.tool_calls.push({ id: text('id') ?? '', name: text('name') ?? '', arguments: text('arguments') ?? '' });
      return true;
    case 'timing':
      [answer.ttft_ms, answer.latency_ms, answer.tokens_per_second] = [figure('ttft_ms'), figure('latency_ms'), figure('tokens_per_second')];
      return true;
    case 'token_usage':
      [answer.input_tokens, answer.output_tokens, answer.reasoning_tokens] = [figure('input_tokens'), figure('output_tokens'), figure('reasoning_tokens')];
      answer.tokens_estimated = piece.estimated === true;
      return true;
    case 'done':
      [answer.finish_reason, answer.cost, answer.over] = [text('finish_reason'), figure('cost'), true];
      return true;
    case 'error':
      [answer.error, answer.over] = [text('detail') ?? text('message') ?? text('error') ?? text('title') ?? '', true];
      return true;
    default:
      return false;
  }
}
