/** How long a session of the page lasts at most. */
export const PAGE_SESSION_MS = 8 * 3_600_000;
/** How long it lasts while nobody uses it. */
export const PAGE_SESSION_IDLE_MS = 30 * 60_000;

/** A log-in at the page. */
export interface PageSession {
  /** The SHA-256 of the token that was logged in with: the session is its holder's, and ends with it. */
  tokenHash: string;
  beganAt: number;
  usedAt: number;
}

/** Whether a session has ended by itself. */
export function isPageSessionOver({ beganAt, usedAt }: PageSession, now: number): boolean {
  return now >= beganAt + PAGE_SESSION_MS || now >= usedAt + PAGE_SESSION_IDLE_MS;
}
