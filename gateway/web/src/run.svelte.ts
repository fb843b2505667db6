// A run as it is watched: its state, its prompts, and the results that its events bring.
import { getSuite, type Result, type Run, type Suite } from './api';
import { followRun } from './events';
import { Arrivals } from './lib/arrivals';
import { asProblem, type Problem } from './lib/http';
import type { Row } from './lib/table/look';
import { counted, ended } from './state';

export interface RunWatcher {
  /** The run was watched to its end. */
  ended(): void;
  /** The session has ended under it. */
  over(problem: Problem): void;
}

export class WatchedRun {
  /** Neither is changed in parts; ten thousand prompts that were tracked one by one would be read for longer than a frame. */
  run = $state.raw<Run>();
  suite = $state.raw<Suite>();
  connected = $state(true);
  trouble = $state<Problem>();
  /** It ended while it was watched, so the page moves on by itself. */
  endedLive = $state(false);
  #results = new Map<number, Result>();
  #running = new Set<number>();
  /** Told of each change of the two, which are plain for the same reason. */
  #changes = $state(0);
  #following: AbortController | undefined;

  constructor(private readonly watcher: RunWatcher) {}

  get results(): ReadonlyMap<number, Result> {
    void this.#changes;
    return this.#results;
  }

  /** Every prompt of the run, with its result where it has one. */
  get rows(): Row[] {
    const run = this.run;
    if (!run) return [];
    const over = ended(run.status);
    const results = this.results;
    return Array.from({ length: run.total_prompts }, (_, index) => {
      const id = index + 1;
      const result = results.get(id);
      const mark = result ? (result.success ? 'done' : 'failed') : this.#running.has(id) && !over ? 'running' : 'pending';
      return { id, result, mark, prompt: result?.prompt ?? this.suite?.prompts?.[index]?.prompt ?? '' };
    });
  }

  /** Shows `run` and follows it to its end, taking every result in. */
  watch(run: Run, session: string): void {
    this.#following?.abort();
    const following = new AbortController();
    this.#following = following;
    const live = !ended(run.status);
    this.run = run;
    this.trouble = undefined;
    this.endedLive = false;
    this.connected = true;
    this.#clear();
    if (this.suite?.id !== run.test_suite_id) {
      this.suite = undefined;
      getSuite(run.test_suite_id, session).then((suite) => (this.suite = suite), () => {});
    }
    const arrivals = new Arrivals((started, results) => this.#take(started, results));
    following.signal.addEventListener('abort', () => arrivals.stop());
    const listener = {
      progress: (progress: Run) => {
        this.run = progress;
        if (!progress.running_prompt_ids) return;
        this.#running = new Set(progress.running_prompt_ids);
        this.#changes += 1;
      },
      started: (id: number) => arrivals.started(id),
      result: (result: Result) => arrivals.result(result),
      done: (final: Run) => {
        arrivals.flush();
        this.#running.clear();
        this.#changes += 1;
        this.run = final;
        this.endedLive = live;
        this.watcher.ended();
      },
      connected: (yes: boolean) => (this.connected = yes),
    };
    followRun(run.id, session, listener, following.signal).catch((error: unknown) => {
      const problem = asProblem(error);
      if (problem.sessionOver) this.watcher.over(problem);
      else this.trouble = problem;
    });
  }

  #take(started: readonly number[], results: readonly Result[]): void {
    for (const id of started) this.#running.add(id);
    for (const result of results) {
      this.#running.delete(result.prompt_id);
      this.#results.set(result.prompt_id, result);
    }
    this.#changes += 1;
    this.run = counted(this.run!, this.#results);
  }

  /** Watches no longer, and knows nothing of it any more. */
  forget(): void {
    this.#following?.abort();
    this.run = undefined;
    this.endedLive = false;
    this.#clear();
  }

  #clear(): void {
    this.#results.clear();
    this.#running.clear();
    this.#changes += 1;
  }
}
