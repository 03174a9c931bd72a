import { ask, open } from './client';
import { ApiFault } from './fault';
import { session } from './session';
import type { SessionView } from './views';

const PATH = 'v1/session';

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
