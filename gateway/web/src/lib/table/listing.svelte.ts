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
  /** The question that they answer; the one before stays to be seen until there is an answer to the next. */
  question = $state<string>();
  isAsking = $state(false);
  problem = $state.raw<Problem>();
  #begun: string | undefined;
  #pages: Pages | undefined;
  #next = $state<string>();
  #asked = new AbortController();
  #due: ReturnType<typeof setTimeout> | undefined;

  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  begin(question: string, pages: Pages): void {
    this.#asked.abort();
    this.#begun = question;
    this.#pages = pages;
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
    this.#due = this.#pages = this.question = this.problem = undefined;
    this.#take([], 0, undefined);
    this.isAsking = false;
  }

  #take(results: readonly Result[], total: number, next: string | undefined): void {
    this.results = results;
    this.total = total;
    this.#next = next;
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
      this.#take(found, total, next);
    } catch (error) {
      if (signal.aborted) return;
      if (this.question !== this.#begun) this.#take([], 0, undefined);
      this.problem = asProblem(error);
    }
    this.question = this.#begun;
    this.isAsking = false;
  }
}
