import { signal } from '@preact/signals';
import { hashOf, readRoute } from './routes';
import type { Route } from './routes';

/** Where the page is now. */
export const route = signal<Route>(readRoute(''));

export function followHash(): void {
  const read = (): void => void (route.value = readRoute(location.hash));
  addEventListener('hashchange', read);
  read();
}

/** Narrows the view that is shown; the step back leads to what was before it. */
export function narrow(change: Readonly<Record<string, string | undefined>>): void {
  const { view, id, params } = route.peek();
  location.hash = hashOf(view, { ...params, ...change }, id);
}
