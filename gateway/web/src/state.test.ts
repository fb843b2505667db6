import { describe, expect, test } from 'vitest';
import type { Result, Run } from './api';
import { counted, judgeUrl, nearest, resultLine } from './state';
import { clock, seconds } from './lib/figures';

const run: Run = { id: 'r', status: 'running', test_suite_id: 's', total_prompts: 4, completed_prompts: 0, failed_prompts: 0, progress: 0 };
const result = (prompt_id: number, success = true): Result => ({ prompt_id, test_run_id: 'r', prompt: '', success });

describe('a run', () => {
  test('counts a result that is replayed after a lost connection once', () => {
    const known = new Map([[1, result(1)]]).set(1, result(1));
    expect(counted({ ...run, progress: 0.25 }, known).completed_prompts).toBe(1);
  });

  test('never falls behind the count that the server gave', () => {
    const ahead = { ...run, completed_prompts: 3, progress: 0.75 };
    expect(counted(ahead, new Map([[1, result(1)]]))).toEqual(ahead);
  });

  test('moves its figures with each new result', () => {
    const after = counted({ ...run, completed_prompts: 1 }, new Map([[1, result(1)], [2, result(2, false)]]));
    expect(after).toMatchObject({ completed_prompts: 1, failed_prompts: 1, progress: 0.5 });
  });
});

describe('a step in the address', () => {
  test('is entered only when there is something to do there', () => {
    expect(nearest('atlas', { suiteChosen: true, session: true })).toBe('connect');
    expect(nearest('atlas', { suiteChosen: true, session: true, run: { status: 'running', results: 0 } })).toBe('run');
    expect(nearest('export', { suiteChosen: false, session: false })).toBe('domain');
  });
});

describe('figures', () => {
  test('read as the contract says', () => {
    expect(resultLine({ ...result(1), latency_ms: 1240.4, output_tokens: 142 })).toBe('1.2 s | 142 tokens');
    expect(resultLine({ ...result(1), latency_ms: 800, output_tokens: 1, tokens_estimated: true })).toBe('0.8 s | ~1 token');
    expect(resultLine({ ...result(1, false), error: 'No answer in 60 s' })).toBe('No answer in 60 s');
  });

  test('change unit without a jump', () => {
    expect([seconds(99), seconds(100), seconds(9949), seconds(9950), seconds(undefined)]).toEqual(['99 ms', '0.1 s', '9.9 s', '10 s', '']);
    expect([clock(-5), clock(59_999), clock(3_600_000)]).toEqual(['0:00', '0:59', '1:00:00']);
  });
});

describe('an endpoint URL', () => {
  test.each(['https://api.together.xyz/v1', 'http://203.0.113.7:8000/v1/chat/completions', 'http://127.0.0.1:9000/v1', 'http://localhost:11434/v1'])('%s may be tried', (url) => {
    expect(judgeUrl(url).ok).toBe(true);
  });

  test.each(['api.together.xyz/v1', 'ftp://host.example/v1', 'https://', 'https://user:pw@host.example/v1', 'https://host.example/v1#x', 'https://intranet/v1', 'https://exa mple.org/v1', 'http://10.0.0.1/v1', 'http://169.254.169.254/latest', 'http://[fd00::1]/v1', 'http://0x0a000001/v1'])('%s is stopped while it is typed, with a reason', (url) => {
    const verdict = judgeUrl(url);
    expect(verdict.ok).toBe(false);
    expect(verdict.says).not.toBe('');
  });
});
