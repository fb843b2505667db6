// The page's own words for what the server names by a code: refusals, kinds of failure, kinds of check. Where it has none the server's stand.
import { say, sayIf, spoken } from './words.svelte';

const plain = (name: string) => name.replaceAll('_', ' ');

/** What passes by itself. */
const passing = ['internal', 'draining', 'overloaded', 'database_unavailable', 'service_unavailable'];

export const titleOf = (code: string): string | undefined => sayIf(`refusal.${code}`);
export const adviceOf = (code: string): string | undefined => (passing.includes(code) ? say('refusal.moment') : sayIf(`refusal.${code}.says`));

export const failureName = (type: string): string => sayIf(`error.${type}`) ?? plain(type);
export const checkName = (kind: string): string => sayIf(`check.${kind}`) ?? plain(kind);
/** What went wrong with a call, in the server's words, which are English; in another language with its kind before them. */
export const failureTold = (type: string | undefined, words: string): string => (type === undefined || spoken() === 'en' ? words : `${failureName(type)}: ${words}`);
