// What a person chose about the page itself, and nothing about a session: kept in this browser, where it may be kept.
const chosen = new Map<string, string>();

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`ftl.${name}`, value);
  } catch {
    // Where nothing may be stored it holds until the page is left.
  }
}

export const remembered = {
  get(name: string): string | null {
    try {
      const value = localStorage.getItem(`ftl.${name}`);
      if (value !== null) chosen.set(name, value);
    } catch {
      // As above.
    }
    return chosen.get(name) ?? null;
  },
  set(name: string, value: string): void {
    chosen.set(name, value);
    store(name, value);
  },
  /** A clean-up has the browser forget all that it stored of this page; these are no data of the session. */
  storeAgain(): void {
    for (const [name, value] of chosen) store(name, value);
  },
};
