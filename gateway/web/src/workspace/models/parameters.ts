// What a model is asked with besides the messages.
export interface Parameters {
  temperature?: number;
  max_tokens?: number;
  top_p?: number;
}

/** Where nothing says otherwise. */
export const usual = { temperature: 0.7, max_tokens: 512, top_p: 0.9 } as const;
