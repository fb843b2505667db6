import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'svelte/compiler';
import { afterEach, describe, expect, test } from 'vitest';
import { languages, say, speak, spokenOf, type Language } from './words.svelte';

type Plural = Record<string, string>;
type File = Record<string, string | Plural>;

const codes = Object.keys(languages) as Language[];
const folders = ['src/lib/words', 'src/workspace/words'];
const fileOf = (folder: string, code: Language) => JSON.parse(readFileSync(`${folder}/${code}.json`, 'utf8')) as File;
/** The page's own sources whose name ends so. */
const sourcesOf = (...ends: string[]) =>
  (readdirSync('src', { recursive: true }) as string[]).filter((path) => ends.some((end) => path.endsWith(end)) && !path.endsWith('.test.ts')).map((path) => `src/${path}`);
const formsOf = (said: string | Plural): Plural => (typeof said === 'string' ? { other: said } : said);
const slotsIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();

afterEach(() => speak('en'));

describe.each(folders.flatMap((folder) => codes.map((code) => [folder, code] as const)))('the words of %s in %s', (folder, code) => {
  const file = fileOf(folder, code);
  const english = fileOf(folder, 'en');

  test('are those of every key, in the same order', () => {
    expect(Object.keys(file)).toEqual(Object.keys(english));
  });

  test('have the same places for names and numbers', () => {
    for (const [key, said] of Object.entries(file)) {
      const wanted = slotsIn(formsOf(english[key]!).other!);
      expect(slotsIn(formsOf(said).other!), key).toEqual(wanted);
      for (const text of Object.values(formsOf(said))) {
        expect(text.trim(), key).not.toBe('');
        expect(wanted, key).toEqual(expect.arrayContaining(slotsIn(text)));
      }
    }
  });

  test('have the plurals that the language has', () => {
    // `many` is for millions, which a page of results does not count; it falls back to `other`.
    const wanted = new Intl.PluralRules(code).resolvedOptions().pluralCategories.filter((form) => form !== 'many').sort();
    for (const [key, said] of Object.entries(file)) {
      expect(typeof said, key).toBe(typeof english[key]);
      if (typeof said !== 'string') expect(Object.keys(said).sort(), key).toEqual(wanted);
    }
  });
});

test('every key is said somewhere, and stands in one file', () => {
  const sources = sourcesOf('.ts', '.svelte').map((path) => readFileSync(path, 'utf8')).join('\n');
  // A key that is put together, such as `step.${step}`, is known by its beginning and its end.
  const made = [...sources.matchAll(/`([\w.]+\.)\$\{[^}]+\}([\w.]*)`/g)].map(([, begin, end]) => new RegExp(`^${begin!.replaceAll('.', '\\.')}\\w+${end!.replaceAll('.', '\\.')}$`));
  const keys = folders.flatMap((folder) => Object.keys(fileOf(folder, 'en')));
  expect(new Set(keys).size).toBe(keys.length);
  const unsaid = keys.filter((key) => !sources.includes(`'${key}'`) && !made.some((one) => one.test(key)));
  expect(unsaid).toEqual([]);
});

/** What stands in a component to be read, other than by `say`. */
function wordsIn(path: string): string[] {
  const found: string[] = [];
  const spoken = new Set(['title', 'placeholder', 'alt', 'label', 'aria-label', 'aria-description', 'aria-valuetext']);
  const isSaid = (text: string) => /\p{L}{2}/u.test(text);
  const look = (node: unknown, attribute: string | undefined): void => {
    if (Array.isArray(node)) return node.forEach((one) => look(one, attribute));
    if (node === null || typeof node !== 'object') return;
    const { type, name, data, value } = node as { type?: string; name?: string; data?: string; value?: unknown };
    if (type === 'Text' && isSaid(data!) && (attribute === undefined || spoken.has(attribute))) found.push(data!.trim());
    // In code, a sentence is what has two words.
    if (type === 'Literal' && typeof value === 'string' && (attribute === undefined || spoken.has(attribute)) && /\p{L}{2,} \p{L}{2,}/u.test(value)) found.push(value);
    if (type === 'ImportDeclaration' || type === 'StyleDirective') return;
    const within = type === 'Attribute' ? name : attribute;
    for (const [key, child] of Object.entries(node)) if (key !== 'parent') look(child, within);
  };
  const { fragment, instance } = parse(readFileSync(path, 'utf8'), { modern: true });
  look(fragment, undefined);
  look(instance?.content, undefined);
  return found;
}

// Names of things, the same in every language.
const names = ['ms', 'X-Gate: …', 'FineTune', 'ineTune', 'Lab', 'ab', 'FineTuneLab', 'MiB', 'https://api.together.xyz/v1/…', 'https://host/v1', 'Authorization: Bearer ftl_…'];
const parts = sourcesOf('.svelte');

test('there are components to look at', () => {
  expect(parts.length).toBeGreaterThan(15);
});

test.each(parts)('%s has no words of its own', (path) => {
  expect(wordsIn(path).filter((text) => !names.includes(text.replace(/^[,.\s]+/, '')))).toEqual([]);
});

test('a sentence takes its plural and writes its numbers as its language does', async () => {
  expect([say('count.tokens', { n: 1 }), say('count.tokens', { n: 12_345 })]).toEqual(['1 token', '12,345 tokens']);
  await speak('de');
  expect([say('count.tokens', { n: 1 }), say('count.tokens', { n: 12_345 })]).toEqual(['1 Token', '12.345 Tokens']);
  await speak('fr');
  expect(say('count.prompts', { n: 0 })).toBe('0 prompt');
});

test('the first language that the browser prefers and the page has is spoken', () => {
  expect([spokenOf(['de-CH', 'fr']), spokenOf(['nl', 'pt-BR', 'en']), spokenOf(['zh-Hant-TW']), spokenOf(['sv'])]).toEqual(['de', 'pt', 'zh', 'en']);
});
