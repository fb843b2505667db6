// Where the person is, as the address says it: a step, and with results the look of their table (#run?f=failed&open=7).
import { stepOfHash, type Step } from '../state';
import { lookOf, plainLook, queryOf, type Look } from './table/look';

export interface Place {
  step?: Step;
  look: Look;
}

export const hasTable = (step: Step) => step === 'run' || step === 'atlas';

export function placeOf(hash: string): Place {
  const [name = '', query = ''] = hash.split(/\?(.*)/s);
  const step = stepOfHash(name);
  return { step, look: step && hasTable(step) ? lookOf(query) : plainLook };
}

export function hashOf(step: Step, look: Look): string {
  const query = hasTable(step) ? queryOf(look) : '';
  return `#${step}${query && `?${query}`}`;
}
