import { ask, open } from './client';
import { ApiFault } from './fault';
import { session, sessionEnded } from './session';
import type { SessionView } from './views';

const PATH = 'v1/session';
/** How long nobody may do anything before the page logs out: it asks by itself, so the server cannot tell. */
const IDLE_MS = 30 * 60_000;

/** Asks who is logged in, until that is known. */
export async function findSession(): Promise<void> {
  for (;;) {
    try {
      session.value = { state: 'in', who: await ask<SessionView>('GET', PATH) };
      return;
    } catch (error) {
      const status = error instanceof ApiFault ? error.status : 0;
      if (status === 404) {
        // A server that has no sessions lets in whom it lets in.
        session.value = { state: 'in' };
        return;
      }
      if (status === 401) {
        session.value = { state: 'out' };
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

/** @throws ApiFault where the token is not an operator's, or there were too many of those. */
export async function logIn(token: string): Promise<void> {
  session.value = { state: 'in', who: await ask<SessionView>('POST', PATH, { body: { token } }) };
}

export async function logOut(): Promise<void> {
  await open('DELETE', PATH).catch(() => {});
  session.value = { state: 'out' };
}

/** Ends the session once nobody has touched the page for half an hour. */
export function endWhenIdle(): void {
  let touched = Date.now();
  const touch = (): void => void (touched = Date.now());
  for (const kind of ['pointerdown', 'keydown', 'wheel'] as const) {
    document.addEventListener(kind, touch, { passive: true, capture: true });
  }
  session.subscribe(({ state }) => state === 'in' && touch());
  setInterval(() => {
    const now = session.peek();
    if (now.state !== 'in' || now.who === undefined || Date.now() - touched < IDLE_MS) return;
    void open('DELETE', PATH).catch(() => {});
    sessionEnded();
  }, 10_000);
}
