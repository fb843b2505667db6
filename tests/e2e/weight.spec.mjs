// What a person has to wait for before anything can be read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageWeight } from './page-weight.mjs';

test('the first page weighs at most 90 kB, everything of the wizard at most 180 kB', async () => {
  const { first, whole, files } = await pageWeight(process.env.FTL_BASE_URL);
  console.log(`first page ${(first / 1000).toFixed(1)} kB, everything ${(whole / 1000).toFixed(1)} kB`);
  assert.ok(Object.keys(files).length > 15, 'the files were found');
  assert.ok(first <= 90_000, `the first page weighs ${first} bytes`);
  assert.ok(whole <= 180_000, `everything weighs ${whole} bytes: ${JSON.stringify(files)}`);
});
