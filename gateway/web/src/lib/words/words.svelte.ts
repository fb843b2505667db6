// The page's words in the language in use, and numbers and dates as that language writes them. A file per language, loaded when it is needed;
// the workspace has files of its own beside these.
import { remembered } from '../remembered';
import type workspace from '../../workspace/words/en.json';
import type english from './en.json';

export const languages = { en: 'English', de: 'Deutsch', es: 'Español', fr: 'Français', pt: 'Português', zh: '中文', ja: '日本語' };
export type Language = keyof typeof languages;
export type Key = keyof typeof english | keyof typeof workspace;
type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Words = Record<Key, string | Plural>;

type Files = Record<string, () => Promise<Partial<Words>>>;

const files: Files[] = [import.meta.glob<Partial<Words>>('./??.json', { import: 'default' })];

/** The words of these files too, from the next `speak` on. */
export const speakToo = (more: Files) => void files.push(more);

let words = $state.raw<Partial<Words>>();
let language = $state.raw<Language>('en');
/** The language with the region that the browser names, where it names one. */
let locale = 'en';
/** Made once for each language, since making one takes longer than using it. */
let plurals = new Intl.PluralRules(locale);
const numbers = new Map<number | undefined, Intl.NumberFormat>();

const isLanguage = (code: string | null): code is Language => code !== null && code in languages;

/** The first of `preferred` (`de-CH`, `en`) that the page speaks, else English. */
export function spokenOf(preferred: readonly string[]): Language {
  return preferred.map((tag) => tag.split('-')[0]!.toLowerCase()).find(isLanguage) ?? 'en';
}

/** The language in use. */
export const spoken = () => language;

/** Speaks `wanted` from now on; what was said before stays where its words cannot be loaded. */
export async function speak(wanted: Language): Promise<void> {
  const found = await Promise.all(files.map((some) => some[`./${wanted}.json`]!()));
  locale = navigator.languages.find((tag) => spokenOf([tag]) === wanted && tag.startsWith(wanted)) ?? wanted;
  language = wanted;
  plurals = new Intl.PluralRules(wanted);
  numbers.clear();
  words = Object.assign({}, ...found) as Partial<Words>;
  document.documentElement.lang = wanted;
}

/** Speaks what was chosen by hand, else what the browser prefers; English where that cannot be loaded. */
export async function speakFirst(): Promise<void> {
  const chosen = remembered.get('language');
  await speak(isLanguage(chosen) ? chosen : spokenOf(navigator.languages)).catch(() => speak('en'));
}

/** Speaks what is chosen by hand, also the next time. */
export async function choose(wanted: Language): Promise<void> {
  await speak(wanted);
  remembered.set('language', wanted);
}

export type Slots = Record<string, string | number>;

/** The sentence of `key`. `{name}` is a slot's text or number; a plural goes by `n`. */
export function say(key: Key, slots: Slots = {}): string {
  const said = words?.[key] ?? key;
  const text = typeof said === 'string' ? said : (said[plurals.select(Number(slots.n))] ?? said.other);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const slot = slots[name];
    return typeof slot === 'number' ? number(slot) : (slot ?? '');
  });
}

/** The sentence of a key that the server names, or undefined where the page has none for it. */
export const sayIf = (key: string): string | undefined => (words && key in words ? say(key as Key) : undefined);

/** With exactly `decimals` decimals, or up to 3 where none are said. */
export function number(value: number, decimals?: number): string {
  void language;
  let format = numbers.get(decimals);
  if (!format) numbers.set(decimals, (format = new Intl.NumberFormat(locale, decimals === undefined ? undefined : { minimumFractionDigits: decimals, maximumFractionDigits: decimals })));
  return format.format(value);
}

export function moment(time: string, style: Intl.DateTimeFormatOptions): string {
  void language;
  return new Date(time).toLocaleString(locale, style);
}

/** `n` units before now: `3 minutes ago`, `now` for nothing. */
export function since(unit: Intl.RelativeTimeFormatUnit, n: number): string {
  void language;
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-n, unit);
}
