/** Where the page is: a view, what it is about, and what narrows it. It stands in the hash of the address. */
export interface Route {
  view: View;
  id?: string;
  params: Readonly<Record<string, string>>;
}

export const VIEWS = [
  'now',
  'spend',
  'subject',
  'calls',
  'approvals',
  'budgets',
  'brakes',
  'holds',
  'keys',
  'webhooks',
  'audit',
] as const;
export type View = (typeof VIEWS)[number];

/** Reads the hash of an address. What is no view of the page is its first one. */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name, id] = path.split('/').map(decoded);
  const view = VIEWS.find((each) => each === name);
  if (view === undefined) return { view: 'now', params: {} };
  const params: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(query)) if (value !== '') params[key] = value;
  return { view, ...(id === undefined || id === '' ? {} : { id }), params };
}

/** The hash that {@link readRoute} reads so. What is empty is left out. */
export function hashOf(
  view: View,
  params: Readonly<Record<string, string | undefined>> = {},
  id?: string,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') query.set(name, value);
  }
  const text = query.toString();
  const path = id === undefined ? view : `${view}/${encodeURIComponent(id)}`;
  return `#/${path}${text === '' ? '' : `?${text}`}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
