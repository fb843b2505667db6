// Bodies that cost a careless server much: deep, wide, long, or of a great many wrong values.
export const megabyte = 1 << 20;
const list = (element, bytes) => Array(Math.ceil(bytes / (element.length + 1))).fill(element).join(',');
const wide = (bytes) => Array.from({ length: Math.floor(bytes / 12) }, (_, index) => `"k${index}":1`).join(',');

// Each of about so many bytes.
export const kinds = {
  deep: (bytes) => `{"a":${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}}`,
  'wide, of unknown fields': (bytes) => `{${wide(bytes)}}`,
  'of one field over and over': (bytes) => `{${list('"name":1', bytes)}}`,
  'of prompts that are numbers': (bytes) => `{"prompts":[${list('1', bytes)}]}`,
  'of messages that are numbers': (bytes) => `{"messages":[${list('1', bytes)}]}`,
  'of prompts with an unknown field': (bytes) => `{"prompts":[${list('{"x":1}', bytes)}]}`,
  'of lists in lists': (bytes) => `{"prompts":[${list('[[1]]', bytes)}]}`,
  'of one long key': (bytes) => `{"${'k'.repeat(bytes)}":1}`,
  'of one huge number': (bytes) => `{"a":1${'0'.repeat(bytes)}}`,
  'of one long fraction': (bytes) => `{"a":0.${'7'.repeat(bytes)}}`,
  'of one long string': (bytes) => `{"name":"${'x'.repeat(bytes)}"}`,
  'of escapes': (bytes) => `{"name":"${'\\"'.repeat(bytes / 2)}"}`,
  'of white space': (bytes) => `{${' '.repeat(bytes)}}`,
  'without an end': (bytes) => `{"prompts":[${list('"a"', bytes)}`,
};
