import { expect, test } from 'vitest';
import { Problem } from '../../lib/http';
import { importFiles } from './imports';

const words = { tooLarge: 'too large', notText: 'no text' };
/** The DOM of tests has files without bytes. */
function fileOf(bytes: string | Uint8Array, name: string): File {
  const file = new File([], name);
  const array = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  file.arrayBuffer = async () => array.slice().buffer as ArrayBuffer;
  return file;
}
const none = { imported: 0, already_there: 0, failed: 0, faults: [] };

test('files are sent a few at a time, and what came of them is added up', async () => {
  const files = Array.from({ length: 250 }, (_, i) => fileOf('[]', `${i}.json`));
  const sent: number[] = [];
  const told: number[] = [];
  const sum = await importFiles(files, words, (done) => told.push(done), async (group) => {
    sent.push(group.length);
    return { imported: group.length - 1, already_there: 1, failed: 0, faults: [] };
  });
  expect(sent).toEqual([100, 100, 50]);
  expect(told).toEqual([100, 200, 250]);
  expect(sum).toMatchObject({ imported: 247, already_there: 3, failed: 0 });
});

test('a file that cannot be sent is named, and keeps no other out', async () => {
  const huge = fileOf('x', 'huge.json');
  Object.defineProperty(huge, 'size', { value: 2 ** 40 });
  const sent: string[] = [];
  const sum = await importFiles([huge, fileOf(new Uint8Array([0xff, 0xfe, 0x41]), 'latin.json'), fileOf('[1]', 'good.json')], words, () => {}, async (group) => {
    sent.push(...group.map(({ name }) => name));
    return none;
  });
  expect(sent).toEqual(['good.json']);
  expect(sum.failed).toBe(2);
  expect(sum.faults).toEqual([{ file: 'huge.json', message: 'too large' }, { file: 'latin.json', message: 'no text' }]);
});

test('where a group is refused, its files are named and the next is sent', async () => {
  let calls = 0;
  const files = Array.from({ length: 101 }, (_, i) => fileOf('[]', `${i}.json`));
  const sum = await importFiles(files, words, () => {}, async () => {
    calls += 1;
    if (calls === 1) throw new Problem(503, { detail: 'Away.' });
    return { ...none, imported: 1 };
  });
  expect(sum).toMatchObject({ imported: 1, failed: 100 });
  expect(sum.faults[0]).toEqual({ file: '0.json', message: 'Away.' });
});
