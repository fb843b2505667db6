import { describe, expect, test } from 'vitest';
import { hashOf, placeOf, views } from './place';

describe('a place in the workspace', () => {
  test('is what its address says, and its address says all of it', () => {
    const place = { view: 'keys', id: 'a/b ü', look: { query: 'who & why', status: 'error' } } as const;
    expect(placeOf(hashOf(place))).toEqual(place);
    expect(hashOf({ view: 'keys', look: { query: '' } })).toBe('#keys');
  });

  test('is the first view where the address names none', () => {
    for (const hash of ['', '#', '#nowhere/7?x=1', '#KEYS']) expect(placeOf(hash)).toEqual({ view: views[0], look: {} });
  });

  test('is told also where its id cannot be read', () => {
    expect(placeOf('#keys/%E0%A4%A')).toEqual({ view: 'keys', look: {} });
  });
});
