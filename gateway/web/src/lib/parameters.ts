// What a model is asked with besides the messages.
export interface Parameters {
  temperature?: number;
  max_tokens?: number;
  top_p?: number;
}

/** Where nothing says otherwise. */
export const usual = { temperature: 0.7, max_tokens: 512, top_p: 0.9 } as const;

/** What may be asked, as number fields take it. */
export const bounds = {
  temperature: { min: 0, max: 2, step: 0.1 },
  max_tokens: { min: 1, max: 4096, step: 1 },
  top_p: { min: 0, max: 1, step: 0.05 },
} as const;
