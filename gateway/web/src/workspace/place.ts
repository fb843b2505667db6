// Where one is in the workspace, as the address says it: a view, what lies open in it, and the look of it (#history?model=gpt-4o&status=error).
export const views = ['chat', 'history', 'performance', 'prompts', 'keys'] as const;
export type View = (typeof views)[number];

export interface Place {
  view: View;
  /** Of what lies open. */
  id?: string;
  look: Readonly<Record<string, string>>;
}

const isView = (name: string): name is View => (views as readonly string[]).includes(name);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** An address that names no view is that of the first. */
export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const [name = '', ...rest] = path.split('/');
  if (!isView(name)) return { view: views[0], look: {} };
  const id = decoded(rest.join('/'));
  return { view: name, ...(id ? { id } : {}), look: Object.fromEntries(new URLSearchParams(query)) };
}

export function hashOf({ view, id, look }: Place): string {
  const query = new URLSearchParams(Object.entries(look).filter(([, value]) => value !== '')).toString();
  return `#${view}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${query && `?${query}`}`;
}
