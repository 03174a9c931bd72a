import { signal } from '@preact/signals';
import type { Role, SessionView } from './views';

/** Who is logged in, as the API last said. */
export type Session =
  | { state: 'asking' }
  /** Nobody is: the page has nothing to show. */
  | { state: 'out' }
  | { state: 'in'; who?: SessionView }
  /** It has ended under a page that is in use: that stays, with what was typed, below a log-in. */
  | { state: 'ended'; who?: SessionView };

export const session = signal<Session>({ state: 'asking' });

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Whether who is logged in may do what needs a role. A server without sessions asks nobody. */
export function may(role: Role): boolean {
  const now = session.value;
  if (now.state !== 'in' && now.state !== 'ended') return false;
  return now.who === undefined || RANK[now.who.role] >= RANK[role];
}

/** Says that the API no longer knows the session. */
export function sessionEnded(): void {
  const now = session.peek();
  if (now.state === 'in') {
    session.value = { state: 'ended', ...(now.who === undefined ? {} : { who: now.who }) };
  } else if (now.state === 'asking') {
    session.value = { state: 'out' };
  }
}
