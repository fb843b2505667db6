// What was asked of Atlas about a run and what it answered; kept through a reload.
import type { Message, Narrator } from './api';
import { askAtlas, emptyAnswer, type Answer } from './events';
import { asProblem, type Problem } from './lib/http';
import { kept } from './lib/kept';
import { say } from './lib/words/words.svelte';

export interface Exchange {
  question?: string;
  answer: Answer;
}

/** An answer that a reload cut off can be asked for again; a summary that it cut off is asked for anew by itself. */
function takenUp(exchanges: Exchange[]): Exchange[] {
  for (const { answer } of exchanges) {
    if (!answer.complete) answer.error ??= say('answer.reloaded');
  }
  return exchanges.length === 1 && exchanges[0]!.question === undefined && !exchanges[0]!.answer.complete ? [] : exchanges;
}

/** Messages at the end that a question is sent with. */
const mostMessages = 21;

export class Conversation {
  exchanges = $state<Exchange[]>([]);
  narrator = $state<Narrator>(kept.get<Narrator>('narrator') ?? 'auto');
  answering = $state(false);
  /** What stands in the composer. */
  question = $state('');
  #run: string | undefined;
  #asking: AbortController | undefined;

  /** `over` is told where the session has ended. */
  constructor(private readonly over: (problem: Problem) => void) {}

  /** About `run` from now on: what a reload left of it, or nothing. */
  begin(run: string): void {
    const saved = kept.get<{ run: string; exchanges: Exchange[] }>('conversation');
    this.#drop();
    this.#run = run;
    this.exchanges = saved?.run === run ? takenUp(saved.exchanges) : [];
    if (saved?.run !== run) kept.set('conversation', undefined);
  }

  /** Asks `question`, or for the opening summary; a broken answer at the end is replaced when `again`. */
  async ask(session: string, question?: string, again = false): Promise<void> {
    if (this.answering || !this.#run) return;
    if (again) this.exchanges.pop();
    this.exchanges.push({ question, answer: emptyAnswer() });
    const exchange = this.exchanges[this.exchanges.length - 1]!;
    const asking = new AbortController();
    this.#asking = asking;
    this.answering = true;
    this.#keep();
    try {
      // Pieces may come faster than frames; each line is taken in at once and drawn with the next frame by Svelte.
      await askAtlas(session, this.#messages(), this.narrator, exchange.answer, () => {}, asking.signal);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.sessionOver) this.over(problem);
      exchange.answer.error = problem.detail;
    } finally {
      if (this.#asking === asking) {
        this.answering = false;
        this.#keep();
      }
    }
  }

  stop(): void {
    this.#asking?.abort();
  }

  /** Stops it, and takes nothing more of it in. */
  #drop(): void {
    this.stop();
    this.#asking = undefined;
    this.answering = false;
  }

  forget(): void {
    this.#drop();
    this.#run = undefined;
    this.exchanges = [];
    kept.set('conversation', undefined);
  }

  #messages(): Message[] {
    const said = this.exchanges.flatMap(({ question, answer }): Message[] => [
      ...(question === undefined ? [] : [{ role: 'user' as const, content: question }]),
      ...(answer.content === '' ? [] : [{ role: 'assistant' as const, content: answer.content }]),
    ]);
    // The opening summary alone is no question: nothing is sent before the first one.
    return said.some((message) => message.role === 'user') ? said.slice(-mostMessages) : [];
  }

  #keep(): void {
    if (this.#run) kept.set('conversation', { run: this.#run, exchanges: $state.snapshot(this.exchanges) });
  }
}
