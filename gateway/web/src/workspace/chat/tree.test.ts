import { describe, expect, test } from 'vitest';
import type { Message } from './api';
import { branchTo, newestBelow } from './tree';

const message = (id: string, parent_id?: string): Message => ({ id, parent_id, role: id.startsWith('u') ? 'user' : 'assistant', content: id, status: 'complete', created_at: '2026-01-01T00:00:00Z' });
// u1 - a1 - u2 - a2
//    \ a1b    \ u2b - a2b
const messages = [message('u1'), message('a1', 'u1'), message('u2', 'a1'), message('a2', 'u2'), message('a1b', 'u1'), message('u2b', 'a1'), message('a2b', 'u2b')];
const ids = (leaf?: string) => branchTo(messages, leaf).map(({ message: { id } }) => id);

describe('a branch', () => {
  test('leads from the first message to its leaf', () => {
    expect(ids('a2')).toEqual(['u1', 'a1', 'u2', 'a2']);
    expect(ids('a1b')).toEqual(['u1', 'a1b']);
  });

  test('is that of what was said last where the leaf is not known', () => {
    expect(ids('gone')).toEqual(['u1', 'a1', 'u2b', 'a2b']);
    expect(branchTo([], undefined)).toEqual([]);
  });

  test('knows what stands beside each message', () => {
    const beside = branchTo(messages, 'a2b').map((turn) => turn.beside.map(({ id }) => id));
    expect(beside).toEqual([['u1'], ['a1', 'a1b'], ['u2', 'u2b'], ['a2b']]);
  });

  test('ends also where messages follow each other in a circle', () => {
    expect(branchTo([message('a', 'b'), message('b', 'a')], 'a')).toHaveLength(2);
  });
});

test('a branch goes on where it went on last', () => {
  expect([newestBelow(messages, 'a1'), newestBelow(messages, 'u2'), newestBelow(messages, 'a1b')]).toEqual(['a2b', 'a2', 'a1b']);
});
