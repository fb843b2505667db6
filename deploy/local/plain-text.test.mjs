import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainText } from './lib/plain-text.mjs';

test('marks, links and headings become what a terminal shows', () => {
  assert.equal(plainText('## Slowest\nThe **average latency** is `240 ms` ([see it](#p5)).'), 'Slowest\nThe average latency is 240 ms (see it).');
  assert.equal(plainText('- one\n  - two\\*'), '• one\n  • two*');
  assert.equal(plainText('1. a\n1. b\n\n1. c'), '1. a\n2. b\n\n1. c');
  assert.equal(plainText('2 * 3 * 4 and a_b_c'), '2 * 3 * 4 and a_b_c');
});

test('a table stands in columns', () => {
  assert.equal(plainText('| Prompt | Latency |\n| --- | ---: |\n| #5 a\\|b | 240 ms |\n\nThat is all.'), 'Prompt  Latency\n#5 a|b  240 ms\n\nThat is all.');
});
