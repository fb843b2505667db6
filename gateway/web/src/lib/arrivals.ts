// What a run's events bring, taken in by batches: ten thousand results in a second are ten looks at the table, not ten thousand.
import type { Result } from '../api';

/** How often a batch is taken in, in ms, while more keeps coming. */
const rhythm = 100;

export class Arrivals {
  #results: Result[] = [];
  #started: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #takenAt = -Infinity;

  /** `take` gets the prompts that have begun and the results that have come since it was called last. */
  constructor(private readonly take: (started: readonly number[], results: readonly Result[]) => void) {}

  started(promptId: number): void {
    this.#started.push(promptId);
    this.#due();
  }

  result(result: Result): void {
    this.#results.push(result);
    this.#due();
  }

  /** Takes in at once what has come. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#takenAt = performance.now();
    const [started, results] = [this.#started, this.#results];
    this.#started = [];
    this.#results = [];
    if (started.length + results.length > 0) this.take(started, results);
  }

  /** Forgets what has come and was not taken in. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#started = [];
    this.#results = [];
  }

  #due(): void {
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, rhythm - (performance.now() - this.#takenAt)));
  }
}
