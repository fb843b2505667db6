// The messages of a conversation are a tree; what is read is one branch of it. Pure.
import type { Message } from './api';

export interface Turn {
  message: Message;
  /** It and those beside it: other wordings, other answers. In the order in which they came. */
  beside: readonly Message[];
}

const rank = (messages: readonly Message[]) => new Map(messages.map((message) => [message.id, message]));

/** The branch that ends with `leaf`, from its first message on; of all that was said last, where there is no such message. */
export function branchTo(messages: readonly Message[], leaf: string | undefined): Turn[] {
  const known = rank(messages);
  const turns: Turn[] = [];
  const seen = new Set<string>();
  for (let at = known.get(leaf ?? '') ?? messages[messages.length - 1]; at && !seen.has(at.id); at = known.get(at.parent_id ?? '')) {
    seen.add(at.id);
    const { parent_id } = at;
    turns.push({ message: at, beside: messages.filter((one) => one.parent_id === parent_id) });
  }
  return turns.reverse();
}

/** Where the branch of `id` went on last: the newest message below it that nothing follows. */
export function newestBelow(messages: readonly Message[], id: string): string {
  const below = new Set([id]);
  let newest = id;
  // What follows a message came after it.
  for (const one of messages) {
    if (!below.has(one.parent_id ?? '')) continue;
    below.add(one.id);
    newest = one.id;
  }
  return newest;
}
