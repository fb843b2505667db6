import { expect, test } from 'vitest';
import { ago, measured } from './figures';

test('what was measured has three digits, in the unit that fits', () => {
  expect([0.2314, 12, 100.685, 999.4, 999.6, 1236, 61_000].map(measured)).toEqual(['0.231 ms', '12 ms', '101 ms', '999 ms', '1 s', '1.24 s', '61 s']);
  expect(measured(undefined)).toBe('');
});

test('how long ago something was is told in the unit that fits, and by its date from a week on', () => {
  const now = Date.parse('2026-03-20T12:00:00Z');
  expect([0, 59_000, 3_600_000, 2 * 86_400_000].map((ms) => ago(new Date(now - ms).toISOString(), now))).toEqual(['now', '59 seconds ago', '1 hour ago', '2 days ago']);
  expect(ago('2026-03-01T12:00:00Z', now)).toContain('2026');
  expect(ago('2026-03-20T12:00:09Z', now)).toBe('now');
});
