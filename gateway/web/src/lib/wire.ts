// What one call to the model will look like, and how a curl command or the lines of a .env file say it. Pure.
import type { RunSettings } from '../api';

export interface Said {
  endpoint_url?: string;
  api_key?: string;
  model_id?: string;
  /** Further ones, a line each. */
  headers?: string;
}

const bare = (text: string) => text.trim().replace(/^(['"])(.*)\1$/s, '$2');

/** What a pasted curl command or .env line tells of an endpoint; undefined where it is neither. */
export function saidIn(text: string): Said | undefined {
  const said: Said = /^\s*curl\s/.test(text) ? ofCurl(text) : ofEnv(text);
  return Object.values(said).some(Boolean) ? said : undefined;
}

function ofCurl(text: string): Said {
  const one = text.replace(/\\\r?\n/g, ' ');
  return {
    endpoint_url: /https?:\/\/[^\s'"]+/.exec(one)?.[0],
    api_key: /(?:authorization:\s*bearer\s+|api-key:\s*)([^\s'"]+)/i.exec(one)?.[1],
    model_id: /"model"\s*:\s*"([^"]+)"/.exec(one)?.[1],
    headers: [...one.matchAll(/\s(?:-H|--header)[\s=]*(['"])(.*?)\1/g)].map(([, , line]) => line!).filter((line) => !/^(?:authorization|api-key|accept|content-[\w-]+)\s*:/i.test(line)).join('\n'),
  };
}

/** Lines of `Name: value`, as a request has them; `fault` is the first that is none. */
export function headersIn(text: string): { headers: Record<string, string>; fault?: string } {
  const headers: Record<string, string> = {};
  for (const line of text.split('\n').map((one) => one.trim()).filter(Boolean)) {
    const [, name, value] = /^([^\s:]+)\s*:\s*(.+)$/.exec(line) ?? [];
    if (!name) return { headers, fault: line };
    headers[name] = value!;
  }
  return { headers };
}

function ofEnv(text: string): Said {
  const said: Said = {};
  for (const [, name = '', value = ''] of text.matchAll(/^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.+?)\s*$/gm)) {
    if (/(BASE_URL|ENDPOINT|API_BASE)$/.test(name)) said.endpoint_url = bare(value);
    else if (/(API_KEY|TOKEN)$/.test(name)) said.api_key = bare(value);
    else if (/MODEL(_ID|_NAME)?$/.test(name)) said.model_id = bare(value);
  }
  return said;
}

/** The URL that is called: as given where it names the route, else the base with the route behind. */
export function calledUrl(given: string): string {
  const url = given.trim().replace(/\/+$/, '');
  return /\/chat\/completions(\?|$)/.test(url) ? url : `${url}/chat/completions`;
}

/** The request as one reads it, the key and what further headers hold masked. */
export function requestText(url: string, key: 'none' | 'given', model: string, settings: RunSettings, headers: readonly string[] = []): string {
  const body = {
    model: model || '…',
    messages: [{ role: 'user', content: 'a prompt' }],
    temperature: settings.temperature,
    max_tokens: settings.max_tokens,
    stream: settings.stream,
  };
  return [`POST ${url ? calledUrl(url) : '…/chat/completions'}`, ...(key === 'given' ? ['Authorization: Bearer ••••'] : []), ...headers.map((name) => `${name}: ••••`), 'Content-Type: application/json', '', JSON.stringify(body, null, 2)].join('\n');
}
