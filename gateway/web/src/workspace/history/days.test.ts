import { afterEach, expect, test, vi } from 'vitest';
import { dayBefore, dayOf, momentOf } from './days';

afterEach(() => vi.unstubAllEnvs());

for (const [zone, begins, ends] of [
  ['Asia/Tokyo', '2026-03-07T15:00:00.000Z', '2026-03-08T15:00:00.000Z'],
  ['UTC', '2026-03-08T00:00:00.000Z', '2026-03-09T00:00:00.000Z'],
  // Of 23 hours: summer time begins on it.
  ['America/New_York', '2026-03-08T05:00:00.000Z', '2026-03-09T04:00:00.000Z'],
] as const) {
  test(`a day that is chosen is the day that is shown: ${zone}`, () => {
    vi.stubEnv('TZ', zone);
    expect([momentOf('2026-03-08'), momentOf('2026-03-08', true)]).toEqual([begins, ends]);
    expect([dayOf(begins), dayBefore(ends)]).toEqual(['2026-03-08', '2026-03-08']);
  });
}

test('where no day is chosen there is none, and an address that names no moment breaks nothing', () => {
  expect([momentOf(''), momentOf('', true), dayOf(undefined), dayBefore(undefined)]).toEqual(['', '', '', '']);
  expect(() => [dayOf('yesterday'), dayBefore('yesterday')]).not.toThrow();
});
