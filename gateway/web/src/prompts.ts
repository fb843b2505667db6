// Own prompts as pasted or uploaded, read far enough to show them; the gateway reads them again and decides.
import type { PromptFormat } from './api';

export interface ReadPrompts {
  prompts: string[];
  fault?: string;
}

export function formatOfFile(name: string): PromptFormat {
  const ending = name.toLowerCase().split('.').pop();
  if (ending === 'csv') return 'csv';
  if (ending === 'jsonl' || ending === 'ndjson') return 'jsonl';
  if (ending === 'json') return 'json';
  return 'text';
}

/** What pasted text looks like; plain lines unless it is plainly something else. */
export function formatOfText(text: string): PromptFormat {
  const first = text.trimStart().split('\n', 1)[0] ?? '';
  if (first.startsWith('[')) return 'json';
  if (first.startsWith('{')) return 'jsonl';
  if (/(^|,)\s*"?prompt"?\s*(,|$)/i.test(first.trim())) return 'csv';
  return 'text';
}

export function readPrompts(content: string, format: PromptFormat): ReadPrompts {
  const text = content.replace(/^\uFEFF/, '');
  switch (format) {
    case 'text':
      return { prompts: lines(text) };
    case 'csv':
      return fromCsv(text);
    case 'json':
      return fromJson([text]);
    case 'jsonl':
      return fromJson(lines(text));
  }
}

const lines = (text: string) => text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');

function fromJson(texts: string[]): ReadPrompts {
  const prompts: string[] = [];
  for (const [index, text] of texts.entries()) {
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return { prompts, fault: texts.length > 1 ? `Line ${index + 1} is not valid JSON.` : 'This is not valid JSON.' };
    }
    for (const entry of Array.isArray(value) ? value : [value]) {
      const prompt: unknown = typeof entry === 'string' ? entry : (entry as { prompt?: unknown } | null)?.prompt;
      if (typeof prompt !== 'string' || prompt.trim() === '') return { prompts, fault: `Prompt ${prompts.length + 1} has no text under "prompt".` };
      prompts.push(prompt);
    }
  }
  return { prompts };
}

function fromCsv(text: string): ReadPrompts {
  const [header, ...records] = csvRecords(text);
  const column = header?.findIndex((name) => name.trim().toLowerCase() === 'prompt') ?? -1;
  if (column < 0) return { prompts: [], fault: 'The first line of a CSV names its columns; one of them is "prompt".' };
  return { prompts: records.map((record) => record[column]?.trim() ?? '').filter((prompt) => prompt !== '') };
}

/** RFC 4180: quoted cells may hold commas, line ends and doubled quotes. */
export function csvRecords(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let cell = '';
  let quoted = false;
  const endRecord = () => {
    record.push(cell);
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
    cell = '';
  };
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') (cell += '"'), (i += 1);
      else quoted = false;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === ',') record.push(cell), (cell = '');
    else if (c === '\n') endRecord();
    else if (c !== '\r') cell += c;
  }
  if (cell !== '' || record.length > 0) endRecord();
  return records;
}
