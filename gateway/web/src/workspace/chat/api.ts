// Conversations and chat, as the gateway has them.
import { ask, send } from '../../lib/http';
import { eventsAt } from '../../lib/stream';
import type { ModelChoice } from '../models/models.svelte';
import type { Parameters } from '../../lib/parameters';

export interface Conversation {
  id: string;
  title: string;
  model?: ModelChoice;
  system_prompt?: string;
  parameters?: Parameters;
  pinned: boolean;
  /** The newest message of the branch that went on last. */
  active_message_id?: string;
  created_at: string;
  updated_at: string;
  message_count: number;
}

export interface Message {
  id: string;
  parent_id?: string;
  role: 'user' | 'assistant' | 'system';
  content: string;
  reasoning?: string;
  status: 'complete' | 'generating' | 'incomplete';
  model?: ModelChoice;
  tool_calls?: { id: string; name: string; arguments: string }[];
  finish_reason?: string;
  /** Why it is incomplete. */
  error?: string;
  error_type?: string;
  /** Older messages of its branch that the model was not shown. */
  left_out?: number;
  ttft_ms?: number;
  latency_ms?: number;
  input_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  tokens_estimated?: boolean;
  cost?: number;
  created_at: string;
}

export interface Question extends Parameters {
  conversation_id?: string;
  model?: ModelChoice;
  message?: string;
  system_prompt?: string;
  template?: string;
  variables?: Record<string, string>;
  agent?: string;
  /** The message that is followed. */
  parent_id?: string;
  /** One of these begins a branch beside a message that is there. */
  edit_message_id?: string;
  regenerate_message_id?: string;
  continue_message_id?: string;
}

const path = (id: string) => `/api/conversations/${encodeURIComponent(id)}`;

export const listConversations = (query: string, page_token = '', signal?: AbortSignal) =>
  ask<{ conversations: Conversation[]; total: number; next_page_token?: string }>(`/api/conversations?${new URLSearchParams({ page_size: '50', ...(query ? { query } : {}), ...(page_token ? { page_token } : {}) })}`, { signal });

/** A conversation with the messages of all its branches, however many pages they take. */
export async function getConversation(id: string, signal?: AbortSignal): Promise<{ conversation: Conversation; messages: Message[] }> {
  const all: Message[] = [];
  for (let page_token = ''; ; ) {
    const page = await ask<Conversation & { messages: Message[]; next_page_token?: string }>(`${path(id)}?${new URLSearchParams({ page_size: '1000', ...(page_token ? { page_token } : {}) })}`, { signal });
    const { messages, next_page_token, ...conversation } = page;
    all.push(...messages);
    if (!next_page_token) return { conversation, messages: all };
    page_token = next_page_token;
  }
}

export type Change = Partial<Pick<Conversation, 'title' | 'model' | 'system_prompt' | 'parameters' | 'pinned' | 'active_message_id'>>;
export const changeConversation = (id: string, change: Change) => ask<Conversation>(path(id), { method: 'PATCH', body: change });
export const deleteConversation = (id: string) => ask<{ deleted: boolean }>(path(id), { method: 'DELETE' });
export const exportPath = (id: string, format: 'md' | 'json') => `${path(id)}/export?format=${format}`;

export interface Imported {
  imported: number;
  already_there: number;
  failed: number;
  faults: { file: string; message: string }[];
  more_faults?: number;
}
export const importConversations = (files: { name: string; content: string }[]) => ask<Imported>('/api/conversations/import', { method: 'POST', body: { files } });

export const stopAnswer = (message: string) => ask<unknown>(`/api/chat/${encodeURIComponent(message)}/stop`, { method: 'POST', body: {} });

/** The events of a new answer. */
export async function askModel(question: Question, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await send('/api/chat', { body: question, creates: true, signal });
  return response.body!;
}

/** The events of an answer under way, from where `lastId` left off or from its beginning. */
export const rejoinAnswer = (message: string, lastId: string | undefined, signal: AbortSignal) => eventsAt(`/api/chat/${encodeURIComponent(message)}`, lastId, signal);
