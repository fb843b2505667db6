// The models of all stored keys, asked once, and again after a minute or once the keys have changed.
import { ask, asProblem, type Problem } from '../../lib/http';
import { remembered } from '../../lib/remembered';

/** A model, and the stored key that it is called with. */
export interface ModelChoice {
  service: string;
  /** The key's name. */
  name?: string;
  id: string;
}

export interface Model {
  id: string;
  service: string;
  name: string;
  key_name: string;
  context_length?: number;
  input_price?: number;
  output_price?: number;
}

interface Listed {
  models: Model[];
  errors?: { service: string; key_name: string; message: string }[];
}

const freshMs = 60_000;

class Models {
  list = $state.raw<Model[]>();
  errors = $state.raw<NonNullable<Listed['errors']>>([]);
  problem = $state.raw<Problem>();
  #asked = -Infinity;

  async load(): Promise<void> {
    if (performance.now() - this.#asked < freshMs) return;
    const asked = (this.#asked = performance.now());
    try {
      const { models, errors = [] } = await ask<Listed>('/api/models');
      // Forgotten meanwhile: these are the models of keys that were there before.
      if (this.#asked !== asked) return;
      [this.list, this.errors, this.problem] = [models, errors, undefined];
    } catch (error) {
      if (this.#asked !== asked) return;
      this.#asked = -Infinity;
      this.problem = asProblem(error);
    }
  }

  /** The keys are others now: the models are asked for anew when they are wanted next. */
  forget(): void {
    this.#asked = -Infinity;
  }
}

export const models = new Models();

export const choiceOf = ({ service, key_name, id }: Model): ModelChoice => ({ service, name: key_name, id });
export const sameModel = (a: ModelChoice | undefined, b: ModelChoice | undefined) => a?.service === b?.service && a?.id === b?.id && (a?.name ?? 'default') === (b?.name ?? 'default');

/** Where a model is called, for people: the key's name where it has one of its own. */
export const placeOfModel = ({ service, name }: ModelChoice) => (name && name !== 'default' ? name : service);

/** The model that was talked to last in this browser. */
export const lastModel = {
  get(): ModelChoice | undefined {
    try {
      const kept = JSON.parse(remembered.get('model') ?? 'null') as ModelChoice | null;
      return typeof kept?.id === 'string' && typeof kept.service === 'string' ? kept : undefined;
    } catch {
      return undefined;
    }
  },
  set: (model: ModelChoice) => remembered.set('model', JSON.stringify(model)),
};
