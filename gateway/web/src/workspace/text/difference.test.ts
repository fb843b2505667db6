import { describe, expect, test } from 'vitest';
import { differences, type Piece } from './difference';

const shown = (pieces: Piece[]) => pieces.map(({ text, alone }) => (alone ? `[${text}]` : text)).join('');
const both = (a: string, b: string) => differences(a, b)!.map(shown);

describe('the difference of two texts', () => {
  test('is what each has alone', () => {
    expect(both('The pen costs €0.75.', 'The pen costs €1.50.')).toEqual(['The pen costs €[0].[75].', 'The pen costs €[1].[50].']);
    expect(both('one two three', 'one three')).toEqual(['one [two ]three', 'one three']);
  });

  test('is nothing where they are the same, and all where they share nothing', () => {
    expect(both('same', 'same')).toEqual(['same', 'same']);
    expect(both('', 'all')).toEqual(['', '[all]']);
  });

  test('leaves no character out', () => {
    const [a, b] = ['  a\n\n b — ü 💡 ', 'b\ta 💡\n'];
    const [x, y] = differences(a, b)!;
    expect([x, y].map((pieces) => pieces.map(({ text }) => text).join(''))).toEqual([a, b]);
  });

  test('goes by lines where the texts are long, and is not looked for where they are longer still', () => {
    const long = (mark: string) => Array.from({ length: 900 }, (_, n) => `line ${n} of it${n === 500 ? mark : ''}\n`).join('');
    expect(shown(differences(long(' here'), long(' there'))![0])).toContain('[line 500 of it here\n]');
    const longest = Array.from({ length: 3000 }, (_, n) => `${n}\n`).join('');
    expect(differences(longest, longest)).toBeUndefined();
  });
});
