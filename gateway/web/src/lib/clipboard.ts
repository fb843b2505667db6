import { say, type Key } from './words/words.svelte';

/** Copies `text` and gives the sentence to say of it: a browser may refuse. */
export const copy = (text: string, done: Key, refused: Key = 'result.not_copied'): Promise<string> =>
  // The clipboard is missing on plain http origins.
  (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => say(done), () => say(refused));
