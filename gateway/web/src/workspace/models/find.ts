// Models among thousands: those in whose name each word of a search stands, the closest first. Pure.
import type { Model } from './models.svelte';

/** How close `model` is to the words, from 0; undefined where one of them is nowhere in it. */
function distance(model: Model, words: readonly string[]): number | undefined {
  const name = `${model.id} ${model.name}`.toLowerCase();
  const place = `${model.service} ${model.key_name}`.toLowerCase();
  let sum = 0;
  for (const word of words) {
    const at = name.indexOf(word);
    if (at < 0 && !place.includes(word)) return undefined;
    sum += at === 0 ? 0 : at > 0 ? (/[\s/:_.-]/.test(name[at - 1]!) ? 1 : 2) : 3;
  }
  return sum;
}

/** At most `most` models, and how many there are in all. */
export function found(models: readonly Model[], query: string, most: number): { models: Model[]; total: number } {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = models.flatMap((model) => {
    const far = distance(model, words);
    return far === undefined ? [] : [{ model, far }];
  });
  // As listed among equals.
  fitting.sort((a, b) => a.far - b.far);
  return { models: fitting.slice(0, most).map(({ model }) => model), total: fitting.length };
}
