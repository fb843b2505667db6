// Keys of services and tokens for programs, as the gateway has them.
import { ask } from '../../lib/http';

export interface StoredKey {
  service_name: string;
  name: string;
  base_url: string;
  key_hint?: string;
  created_at: string;
  last_used_at?: string;
  last_test?: { success: boolean; at: string; message: string };
  /** Its master key is gone: only storing it again helps. */
  needs_reentry: boolean;
  shared: boolean;
}

export interface Service {
  service_name: string;
  name: string;
  /** What its keys look like. */
  key_format: string;
  docs_url: string;
  needs_base_url: boolean;
}

export interface NewKey {
  service_name: string;
  api_key: string;
  base_url?: string;
  name?: string;
  api_version?: string;
  shared: boolean;
  /** Asks the service first, and stores nothing where it refuses. */
  test: boolean;
}

export interface KeyTest {
  success: boolean;
  latency_ms?: number;
  message: string;
}

export const scopes = ['chat', 'runs', 'history', 'keys', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export interface Token {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at?: string;
  last_used_at?: string;
}

const keyPath = ({ service_name }: { service_name: string }) => `/api-keys/${encodeURIComponent(service_name)}`;

export const listKeys = () => ask<{ configured_services: StoredKey[]; supported_services: Service[] }>('/api-keys');
export const storeKey = (key: NewKey) => ask<StoredKey>('/api-keys', { body: key });
export const testKey = (key: StoredKey) => ask<KeyTest>(`${keyPath(key)}/test`, { body: { name: key.name } });
export const deleteKey = (key: StoredKey) => ask<{ deleted: boolean }>(`${keyPath(key)}?name=${encodeURIComponent(key.name)}`, { method: 'DELETE' });

export const listTokens = () => ask<{ tokens: Token[] }>('/api/tokens').then(({ tokens }) => tokens);
export const makeToken = (token: { name: string; scopes: Scope[]; expires_at?: string }) => ask<Token & { token: string }>('/api/tokens', { body: token });
export const deleteToken = (id: string) => ask<{ deleted: boolean }>(`/api/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
