import { expect, test } from 'vitest';
import { formatOfText, readPrompts } from './prompts';

test('CSV cells may hold commas, quotes and line ends', () => {
  expect(readPrompts('id,prompt\r\n1,"Say ""hi"", please"\r\n2,"two\nlines"\r\n', 'csv').prompts).toEqual(['Say "hi", please', 'two\nlines']);
});

test('a CSV without a prompt column is named as the fault', () => {
  expect(readPrompts('question\nWhy?', 'csv').fault).toContain('prompt');
});

test('JSONL takes strings and objects, and names the line that is broken', () => {
  expect(readPrompts('"a"\n{"prompt":"b"}\n', 'jsonl').prompts).toEqual(['a', 'b']);
  expect(readPrompts('"a"\n{', 'jsonl').fault).toBe('Line 2 is not valid JSON.');
});

test('pasted text shows its format by its first line', () => {
  expect(['Why?\nHow?', 'prompt,category\nx,y', '{"prompt":"x"}', '["x"]', 'Write a prompt, please'].map(formatOfText)).toEqual(['text', 'csv', 'jsonl', 'json', 'text']);
});
