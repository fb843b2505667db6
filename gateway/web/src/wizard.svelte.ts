// The one page's memory: where the person is, what was chosen, and the session with its run and its conversation, kept in step with the gateway.
import * as api from './api';
import type { Cleanup, Endpoint, OwnPrompts, Run, RunSettings, Sample, SessionState } from './api';
import { Conversation } from './conversation.svelte';
import { Problem, asProblem, serverNow } from './lib/http';
import { kept } from './lib/kept';
import { hashOf, hasTable, placeOf } from './lib/place';
import { remembered } from './lib/remembered';
import { answerOtherTabs, takeOver } from './lib/tabs';
import { say } from './lib/words/words.svelte';
import { lookBehind, plainLook, questionOf, type Look } from './lib/table/look';
import { WatchedRun } from './run.svelte';
import { nearest, reachable, type Standing, type Step } from './state';

export interface Choice {
  domain?: string;
  suiteId?: string;
  own?: OwnPrompts;
  /** The suite that `own` became, and the session that it belongs to. */
  ownSuite?: { id: string; session_id: string };
}

export interface Draft {
  provider: string;
  endpoint_url: string;
  model_id: string;
  model_name: string;
  forget_key_after_run: boolean;
}

const defaults: RunSettings = { prompt_limit: 10, concurrency: 4, stream: true, temperature: 0.7, max_tokens: 1024 };
const emptyDraft: Draft = { provider: 'custom', endpoint_url: '', model_id: '', model_name: '', forget_key_after_run: false };

class Wizard {
  /** What the installation has, asked once. */
  readonly providers = api.listProviders();
  step = $state<Step>('welcome');
  phase = $state<'loading' | 'ready' | 'unreachable'>('loading');
  trouble = $state<Problem>();
  /** What the table of results shows; the address says the same. */
  look = $state.raw<Look>(plainLook);
  session = $state<SessionState>();
  /** Why the session is over, in the gateway's words. */
  over = $state<string>();
  /** Another tab has the session; nothing of it is deleted. */
  handedOver = $state(false);
  receipt = $state<Cleanup>();

  choice = $state<Choice>(kept.get<Choice>('choice') ?? {});
  draft = $state<Draft>(kept.get<Draft>('draft') ?? { ...emptyDraft });
  settings = $state<RunSettings>({ ...defaults, ...kept.get<RunSettings>('settings') });

  readonly watched = new WatchedRun({ ended: () => void this.refresh(), over: (problem) => this.#end(problem) });
  readonly conversation = new Conversation((problem) => this.#end(problem));

  #refreshing: Promise<void> | undefined;

  get run(): Run | undefined {
    return this.watched.run;
  }

  get standing(): Standing {
    return {
      suiteChosen: (this.choice.domain === 'custom' ? this.choice.own?.content : this.choice.suiteId) !== undefined,
      session: this.session !== undefined,
      run: this.run && { status: this.run.status, results: this.watched.results.size || this.run.completed_prompts + this.run.failed_prompts },
    };
  }

  reachable = (step: Step) => reachable(step, this.standing);

  /** Takes up what a reload left: the session and its run from the gateway, the step from the address. */
  async start(): Promise<void> {
    this.phase = 'loading';
    this.trouble = undefined;
    const id = kept.get<string>('session');
    this.receipt = kept.get<Cleanup>('receipt');
    if (id && !this.receipt) {
      try {
        this.session = await api.getSession(id);
        if (this.session.latest_test_run_id) await this.#takeUpRun(id);
        // The word that the page was left may arrive after this use; a later one takes it back for sure.
        setTimeout(() => void this.refresh(), 4000);
      } catch (error) {
        const problem = asProblem(error);
        if (problem.sessionOver) this.#end(problem);
        else {
          this.trouble = problem;
          this.phase = 'unreachable';
          return;
        }
      }
    }
    this.phase = 'ready';
    this.follow(this.receipt ? '#export' : location.hash);
  }

  async #takeUpRun(session: string): Promise<void> {
    const run = await api.latestRun(session);
    if (!run) return;
    this.#watch(run);
  }

  /** Goes where the address says, as far as there is anything to do there. */
  follow(hash: string): void {
    const place = placeOf(hash);
    const wanted = place.step ?? 'welcome';
    // The receipt stands until the person goes elsewhere.
    if (this.receipt && wanted !== 'export') this.#putReceiptAway();
    this.step = this.receipt ? 'export' : nearest(wanted, this.standing);
    if (hasTable(this.step)) this.look = this.step === wanted ? place.look : plainLook;
    const meant = hashOf(this.step, this.look);
    if (hash !== meant && (hash !== '' || this.step !== 'welcome')) history.replaceState(null, '', meant);
  }

  go(step: Step): void {
    if (!this.reachable(step)) return;
    const meant = hashOf(step, this.look);
    if (location.hash === meant) this.step = step;
    else location.hash = meant;
  }

  /** Changes what the table shows. An opened row is a place to come back from; filters and order replace theirs. */
  setLook(to: Partial<Look>): void {
    const opens = 'open' in to && this.look.open === undefined && to.open !== undefined;
    this.look = { ...this.look, ...to };
    const meant = hashOf(this.step, this.look);
    if (location.hash === meant || !hasTable(this.step)) return;
    if (opens) history.pushState(null, '', meant);
    else history.replaceState(null, '', meant);
  }

  /** Shows in the table what a list of results leads to, and tells how many they are. */
  async showBehind(link: string): Promise<number> {
    const { session, run } = this;
    if (!session || !run) return 0;
    const look = lookBehind(link);
    const asked = questionOf(look);
    asked.set('page_size', '1');
    const { results, total } = await this.guard(api.listResults(session.session_id, run.id, asked));
    this.setLook({ ...look, open: total === 1 ? results[0]?.prompt_id : undefined });
    return total;
  }

  keepChoice(): void {
    const choice = $state.snapshot(this.choice);
    // More than a browser keeps would lose the rest of the choice too.
    if ((choice.own?.content.length ?? 0) > 1_000_000) choice.own = undefined;
    kept.set('choice', choice);
  }

  keepDraft(): void {
    kept.set('draft', $state.snapshot(this.draft));
    kept.set('settings', $state.snapshot(this.settings));
    kept.set('narrator', this.conversation.narrator);
  }

  /** Runs `work` and turns the end of the session into its own state; other problems are the caller's to show. */
  async guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.sessionOver) this.#end(problem);
      throw problem;
    }
  }

  /** Asks for the session's state; while one answer is on its way nobody asks again. */
  refresh(): Promise<void> {
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
  }

  async #refresh(): Promise<void> {
    const id = this.session?.session_id;
    if (!id) return;
    const state = await this.guard(api.getSession(id)).catch(() => undefined);
    if (state && this.session?.session_id === id) this.session = state;
  }

  /** Opens a session for this endpoint; one that stands is deleted first, since an address has only one. */
  async connect(endpoint: Endpoint): Promise<void> {
    if (this.session) {
      await api.cleanUp(this.session.session_id);
      this.#forget();
    }
    const opened = await api.openSession(endpoint);
    kept.set('session', opened.session_id);
    this.over = undefined;
    this.handedOver = false;
    this.session = {
      ...opened,
      endpoint_url: endpoint.endpoint_url,
      provider: endpoint.provider,
      created_at: new Date(serverNow()).toISOString(),
      connection_tested: false,
    };
  }

  async testConnection(): Promise<api.ConnectionTest> {
    const id = this.session!.session_id;
    // What the server makes of one's own prompts is said before a call is spent.
    if (this.choice.domain === 'custom' && this.choice.own) await this.#suiteToRun(id);
    const test = await this.guard(api.testConnection(id));
    if (this.session) {
      this.session.connection_tested = test.success;
      this.session.connection_latency_ms = test.success ? test.latency_ms : undefined;
      this.session.last_error = test.success ? undefined : test.error;
    }
    return test;
  }

  /** Runs a suite against the installation's own endpoint, from no session to the run itself. */
  async runSample(sample: Sample): Promise<void> {
    const suites = await api.listSuites();
    const suite = suites.find(({ id }) => id === this.choice.suiteId) ?? suites.find(({ task_domain, difficulty }) => task_domain === 'qa' && difficulty === 'medium') ?? suites[0];
    if (!suite) throw new Problem(404, { code: 'suite_not_found', title: say('domain.none') });
    this.choice = { domain: suite.task_domain, suiteId: suite.id };
    this.draft = { ...emptyDraft, ...sample };
    await this.connect({ ...sample, api_key: '' });
    const test = await this.testConnection();
    if (!test.success) throw new Problem(502, { code: test.error_type, title: say('connect.test.failed'), detail: test.error });
    this.keepChoice();
    await this.startRun();
  }

  async startRun(): Promise<void> {
    const session = this.session!.session_id;
    const suite = await this.#suiteToRun(session);
    const started = await this.guard(api.startRun(session, suite, $state.snapshot(this.settings)));
    this.keepDraft();
    this.look = plainLook;
    this.#watch({
      id: started.test_run_id,
      status: started.status,
      test_suite_id: suite,
      total_prompts: started.total_prompts,
      completed_prompts: 0,
      failed_prompts: 0,
      progress: 0,
    });
    this.go('run');
  }

  async #suiteToRun(session: string): Promise<string> {
    const stored = this.choice.ownSuite;
    if (this.choice.domain === 'custom' && !this.choice.own && stored?.session_id === session) return stored.id;
    if (this.choice.domain !== 'custom' || !this.choice.own) return this.choice.suiteId!;
    if (this.choice.ownSuite?.session_id !== session) {
      const added = await this.guard(api.addSuite(session, $state.snapshot(this.choice.own)));
      this.choice.ownSuite = { id: added.id, session_id: session };
      this.keepChoice();
    }
    return this.choice.ownSuite!.id;
  }

  #watch(run: Run): void {
    this.watched.watch(run, this.session!.session_id);
    this.conversation.begin(run.id);
  }

  async stopRun(): Promise<void> {
    if (!this.run || !this.session) return;
    const run = await this.guard(api.cancelRun(this.run.id, this.session.session_id));
    if (this.run?.id === run.id) this.watched.run = run;
  }

  /** Asks Atlas `question`, or for the opening summary; a broken answer at the end is replaced when `again`. */
  async ask(question?: string, again = false): Promise<void> {
    if (this.session) await this.conversation.ask(this.session.session_id, question, again);
  }

  /** Goes to Atlas with a question already typed, for the person to send. */
  askLater(question: string): void {
    this.conversation.question = question;
    this.setLook({ open: undefined });
    this.go('atlas');
  }

  async cleanUp(): Promise<void> {
    const receipt = await api.cleanUp(this.session!.session_id);
    this.#forget();
    this.receipt = receipt;
    kept.set('receipt', receipt);
    remembered.storeAgain();
  }

  /** Everything as on the first visit, but for what the person typed about the endpoint. */
  startAnew(): void {
    this.#forget();
    this.over = undefined;
    this.handedOver = false;
    this.#putReceiptAway();
    this.choice.ownSuite = undefined;
    this.keepChoice();
    location.hash = 'domain';
    this.step = 'domain';
  }

  #putReceiptAway(): void {
    this.receipt = undefined;
    kept.set('receipt', undefined);
  }

  #end(problem: Problem): void {
    this.#forget();
    this.over = problem.detail;
  }

  #forget(): void {
    this.session = undefined;
    this.watched.forget();
    this.conversation.forget();
    kept.set('session', undefined);
  }

  /** Gives the session up to another tab of this page. */
  handOver(): string | undefined {
    const id = this.session?.session_id;
    if (!id) return undefined;
    this.#forget();
    this.over = say('app.over.elsewhere');
    this.handedOver = true;
    return id;
  }

  /** Ends it because another tab asked so. */
  async endForOther(): Promise<boolean> {
    if (!this.session) return false;
    await api.cleanUp(this.session.session_id);
    this.#forget();
    this.over = say('app.over.deleted_elsewhere');
    return true;
  }

  /** Goes on here with the session of another tab; false where no tab gave one up. */
  async goOnHere(): Promise<boolean> {
    const id = await takeOver();
    if (!id) return false;
    kept.set('session', id);
    await this.start();
    return true;
  }

  left(): void {
    if (this.session) api.sayAbandoned(this.session.session_id);
  }
}

export const wizard = new Wizard();
answerOtherTabs({ handOver: () => wizard.handOver(), end: () => wizard.endForOther() });
