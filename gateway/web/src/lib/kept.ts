// What a tab keeps through a reload.

/** sessionStorage that forgives a full or forbidden store: what does not fit lives until the reload only. */
export const kept = {
  get<T>(key: string): T | undefined {
    try {
      const text = sessionStorage.getItem(`ftl.${key}`);
      return text === null ? undefined : (JSON.parse(text) as T);
    } catch {
      return undefined;
    }
  },
  set(key: string, value: unknown): void {
    try {
      if (value === undefined) sessionStorage.removeItem(`ftl.${key}`);
      else sessionStorage.setItem(`ftl.${key}`, JSON.stringify(value));
    } catch {
      sessionStorage.removeItem(`ftl.${key}`);
    }
  },
};
