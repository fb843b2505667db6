// Templates of prompts and agents, as the gateway has them.
import { ask } from '../../lib/http';
import type { ModelChoice } from '../models/models.svelte';
import type { Parameters } from '../../lib/parameters';

/** A text with places to fill: `{{name}}`. */
export interface Template {
  id: string;
  name: string;
  description?: string;
  content: string;
  variables: { name: string; default?: string }[];
  version: number;
  updated_at: string;
}

/** A model that has been set up for a purpose. */
export interface Agent {
  id: string;
  name: string;
  description?: string;
  model?: ModelChoice;
  system_prompt?: string;
  parameters?: Parameters;
  updated_at: string;
}

export type Kind = 'templates' | 'agents';

const one = (kind: Kind, id: string) => `/api/${kind}/${encodeURIComponent(id)}`;

export const listTemplates = () => ask<{ templates: Template[] }>('/api/templates?page_size=1000').then(({ templates }) => templates);
export const listAgents = () => ask<{ agents: Agent[] }>('/api/agents?page_size=1000').then(({ agents }) => agents);

/** Stores it anew, or in place of the one with this id. */
export const store = (kind: Kind, body: Partial<Template> | Partial<Agent>, id?: string) => (id ? ask<unknown>(one(kind, id), { method: 'PATCH', body }) : ask<unknown>(`/api/${kind}`, { body, creates: true }));
export const remove = (kind: Kind, id: string) => ask<{ deleted: boolean }>(one(kind, id), { method: 'DELETE' });
