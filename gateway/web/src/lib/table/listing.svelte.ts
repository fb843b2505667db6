// A list of results that the server keeps in order: asked for page by page, as far as it is looked at.
import type { Result, ResultPage } from '../../api';
import { asProblem, type Problem } from '../http';

/** Shown at once; what follows comes in larger pages. */
const firstPage = 200;
const furtherPage = 1000;
/** How often, in ms, a list is asked for anew while results keep coming. */
const rhythm = 1500;

/** Gives `size` results at most, those after `token` where there is one. */
export type Pages = (size: number, token: string | undefined, signal: AbortSignal) => Promise<ResultPage>;

export class Listing {
  /** What has come, in its order. */
  results = $state.raw<readonly Result[]>([]);
  /** How many there are in all. */
  total = $state(0);
  /** Another list was begun and nothing of it is there: what stands here is of the one before. */
  isStale = $state(false);
  isAsking = $state(false);
  problem = $state.raw<Problem>();
  #pages: Pages | undefined;
  #next = $state<string>();
  #asked = new AbortController();
  #due: ReturnType<typeof setTimeout> | undefined;

  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  begin(pages: Pages): void {
    this.#pages = pages;
    this.isStale = true;
    void this.#read([], undefined, firstPage);
  }

  /** Goes on with it, where there is more and nothing is on its way. */
  more(): void {
    if (!this.isAsking && !this.problem && this.hasMore) void this.#read(this.results, this.#next, this.results.length + 1);
  }

  /** Asks for all of it anew that had come. */
  again(): void {
    void this.#read([], undefined, Math.max(firstPage, this.results.length));
  }

  /** A result has come that may belong to it: it is asked for anew in a while, however many come meanwhile. */
  arrived(): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      if (this.isAsking) this.arrived();
      else this.again();
    }, rhythm);
  }

  /** Forgets it; nothing comes of what is on its way. */
  end(): void {
    this.#asked.abort();
    clearTimeout(this.#due);
    this.#due = this.#pages = undefined;
    this.#clear();
    this.isStale = this.isAsking = false;
    this.problem = undefined;
  }

  #clear(): void {
    this.results = [];
    this.total = 0;
    this.#next = undefined;
  }

  /** Reads on from `token` after what is `known`, until there are `count` or no more. */
  async #read(known: readonly Result[], token: string | undefined, count: number): Promise<void> {
    if (!this.#pages) return;
    this.#asked.abort();
    const { signal } = (this.#asked = new AbortController());
    this.isAsking = true;
    this.problem = undefined;
    try {
      const found = [...known];
      let [next, total] = [token, this.total];
      do {
        const page = await this.#pages(count > firstPage ? furtherPage : firstPage, next, signal);
        if (signal.aborted) return;
        found.push(...page.results);
        next = page.next_page_token;
        total = page.total;
      } while (next !== undefined && found.length < count);
      this.results = found;
      this.total = total;
      this.#next = next;
    } catch (error) {
      if (signal.aborted) return;
      if (this.isStale) this.#clear();
      this.problem = asProblem(error);
    }
    this.isStale = this.isAsking = false;
  }
}
