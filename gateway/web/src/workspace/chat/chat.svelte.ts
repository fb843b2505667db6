// The conversations and the one that lies open, kept in step with the gateway. An answer belongs to the gateway: it goes on where this page is left.
import { asProblem, type Problem as Trouble } from '../../lib/http';
import { follow } from '../../lib/stream';
import { say } from '../../lib/words/words.svelte';
import { emptyGrowing, grow, type Growing, type Piece } from '../answer';
import { here } from '../here.svelte';
import { lastModel, type ModelChoice } from '../models/models.svelte';
import type { Parameters } from '../../lib/parameters';
import { askModel, changeConversation, deleteConversation, getConversation, listConversations, rejoinAnswer, stopAnswer, type Change, type Conversation, type Message, type Question } from './api';
import { branchTo, newestBelow, type Turn } from './tree';

/** An answer on its way, and what was asked for it. */
interface Live {
  answer: Growing;
  model?: ModelChoice;
  message_id?: string;
  /** The person's message, until the gateway has it. */
  asked?: string;
  /** The branch above it. */
  above: Turn[];
  left_out?: number;
  /** False while the connection is lost and being taken up again. */
  connected: boolean;
}

class Chat {
  conversations = $state.raw<Conversation[]>();
  total = $state(0);
  query = $state('');
  open = $state.raw<Conversation>();
  messages = $state.raw<Message[]>([]);
  leaf = $state.raw<string>();
  live = $state<Live>();
  problem = $state.raw<Trouble>();
  /** For a conversation that is not there yet. */
  fresh = $state.raw<{ model?: ModelChoice; parameters: Parameters; system_prompt: string }>({ model: lastModel.get(), parameters: {}, system_prompt: '' });
  loading = $state(false);
  #next = '';
  #listening: AbortController | undefined;
  #opening: AbortController | undefined;
  #listing: AbortController | undefined;

  get turns(): Turn[] {
    return branchTo(this.messages, this.leaf);
  }
  get model(): ModelChoice | undefined {
    return this.open ? this.open.model : this.fresh.model;
  }
  get parameters(): Parameters {
    return (this.open ? this.open.parameters : this.fresh.parameters) ?? {};
  }
  get hasMore(): boolean {
    return this.#next !== '';
  }

  /** Does it; a refusal is shown above the composer. */
  async #attempt(doing: () => Promise<void>): Promise<void> {
    this.problem = undefined;
    try {
      await doing();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.problem = asProblem(error);
    }
  }

  list = (more = false): Promise<void> =>
    this.#attempt(async () => {
      this.#listing?.abort();
      const listing = (this.#listing = new AbortController());
      const page = await listConversations(this.query, more ? this.#next : '', listing.signal);
      this.conversations = more ? [...(this.conversations ?? []), ...page.conversations] : page.conversations;
      this.total = page.total;
      this.#next = page.next_page_token ?? '';
    });

  /** Shows a conversation, or a new one, and listens to the answer that is under way in it. */
  async show(id: string | undefined): Promise<void> {
    if (id !== undefined && id === this.open?.id) return;
    this.#listening?.abort();
    this.#opening?.abort();
    // What lay open is not shown under another address while that one comes.
    [this.open, this.messages, this.leaf, this.live, this.problem] = [undefined, [], undefined, undefined, undefined];
    this.loading = id !== undefined;
    if (id === undefined) return;
    const opening = (this.#opening = new AbortController());
    await this.#attempt(() => this.#load(id, opening.signal));
    if (opening.signal.aborted) return;
    this.loading = false;
    const writing = this.turns.find(({ message }) => message.status === 'generating');
    if (writing) void this.#rejoin(writing.message);
  }

  async #load(id: string, signal: AbortSignal): Promise<void> {
    const { conversation, messages } = await getConversation(id, signal);
    if (signal.aborted) return;
    [this.open, this.messages, this.leaf] = [conversation, messages, conversation.active_message_id];
  }

  choose(model: ModelChoice): void {
    lastModel.set(model);
    if (this.open) void this.change({ model });
    else this.fresh = { ...this.fresh, model };
  }

  adjust(parameters: Parameters, system_prompt: string): void {
    if (this.open) void this.change({ parameters, system_prompt });
    else this.fresh = { ...this.fresh, parameters, system_prompt };
  }

  change = (change: Change): Promise<void> =>
    this.#attempt(async () => {
      const { open } = this;
      if (!open) return;
      this.open = { ...open, ...change };
      const changed = await changeConversation(open.id, change);
      if (this.open?.id === open.id) this.open = changed;
      this.conversations = this.conversations?.map((one) => (one.id === open.id ? changed : one));
    });

  /** Goes on with another branch. */
  turnTo(message: string): void {
    this.leaf = newestBelow(this.messages, message);
    void this.change({ active_message_id: this.leaf });
  }

  remove = (id: string): Promise<void> =>
    this.#attempt(async () => {
      await deleteConversation(id);
      if (this.open?.id === id) here.go('chat');
      await this.list();
    });

  ask(message: string, more: Pick<Question, 'template' | 'variables' | 'agent'> = {}): Promise<boolean> {
    const above = this.turns;
    // An agent brings its model and what it is asked with.
    const asked = more.agent ? { conversation_id: this.open?.id } : this.#asked();
    return this.#answer({ ...asked, message: message || undefined, ...more, parent_id: above[above.length - 1]?.message.id }, above, message || say('chat.from_template'));
  }

  edit(message: Message, content: string): Promise<boolean> {
    return this.#answer({ ...this.#asked(), message: content, edit_message_id: message.id }, this.#above(message), content);
  }

  again(message: Message, model = this.model): Promise<boolean> {
    return this.#answer({ ...this.#asked(), model, regenerate_message_id: message.id }, this.#above(message));
  }

  goOn(message: Message): Promise<boolean> {
    return this.#answer({ ...this.#asked(), continue_message_id: message.id }, this.#above(message));
  }

  stop = (): Promise<void> =>
    this.#attempt(async () => {
      const id = this.live?.message_id;
      if (id) await stopAnswer(id);
    });

  #above(message: Message): Turn[] {
    return message.parent_id === undefined ? [] : branchTo(this.messages, message.parent_id);
  }

  #asked(): Question {
    return this.open ? { conversation_id: this.open.id, model: this.open.model } : { model: this.fresh.model, ...this.fresh.parameters, ...(this.fresh.system_prompt ? { system_prompt: this.fresh.system_prompt } : {}) };
  }

  /** Asks, and listens to the end. False where it was refused or lost before the gateway said that it has the question. */
  async #answer(question: Question, above: Turn[], asked?: string): Promise<boolean> {
    if (this.live) return false;
    const live = this.#begin({ answer: emptyGrowing(), model: question.model, asked, above, connected: true });
    const listening = (this.#listening = new AbortController());
    await this.#attempt(async () => {
      await this.#listen(live, listening, await askModel(question, listening.signal));
    });
    if (this.live === live) this.live = undefined;
    return live.message_id !== undefined;
  }

  async #rejoin(message: Message): Promise<void> {
    const live = this.#begin({ answer: emptyGrowing(), model: message.model, message_id: message.id, above: this.#above(message), connected: true });
    const listening = (this.#listening = new AbortController());
    await this.#attempt(() => this.#listen(live, listening));
    if (this.live === live) this.live = undefined;
  }

  #begin(live: Live): Live {
    this.live = live;
    return this.live!;
  }

  /** Reads an answer to its end, then takes what the gateway stored in its place. `first` are the events of a new one. */
  async #listen(live: Live, listening: AbortController, first?: ReadableStream<Uint8Array>): Promise<void> {
    let begun = first;
    await follow(
      {
        async open(lastId, signal) {
          if (begun) {
            const body = begun;
            begun = undefined;
            return body;
          }
          // What the gateway did not take there is nothing to join of.
          if (!live.message_id) throw asProblem(undefined);
          return rejoinAnswer(live.message_id, lastId, signal);
        },
        take: ({ data }) => {
          if (data !== '[DONE]') this.#take(live, JSON.parse(data) as Piece);
          return live.answer.over;
        },
        connected: (yes) => (live.connected = yes || !live.message_id),
      },
      listening.signal,
    );
    if (listening.signal.aborted || !this.open) return;
    await this.#load(this.open.id, listening.signal);
    void this.list();
  }

  #take(live: Live, piece: Piece): void {
    if (piece.type === 'start') {
      live.message_id = piece.message_id as string;
      live.left_out = piece.left_out as number | undefined;
      if (piece.model) live.model = piece.model as ModelChoice;
      const id = piece.conversation_id as string;
      if (this.open?.id !== id) {
        this.open = { id, title: live.asked ?? '', model: live.model, parameters: this.fresh.parameters, system_prompt: this.fresh.system_prompt || undefined, pinned: false, created_at: '', updated_at: '', message_count: 0 };
        here.become('chat', id);
        void this.list();
      }
    } else grow(live.answer, piece);
  }
}

export const chat = new Chat();
