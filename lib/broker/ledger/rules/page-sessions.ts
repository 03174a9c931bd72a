import type { Book } from '../book';

/** How long a session of the page lasts at most. */
export const PAGE_SESSION_MS = 8 * 3_600_000;
/** How long it lasts while nobody uses it. */
export const PAGE_SESSION_IDLE_MS = 30 * 60_000;
/** Uses that come closer together are written down as one. */
const USE_STEP_MS = 5_000;

/** A log-in at the page. */
export interface PageSession {
  /** The SHA-256 of the token that was logged in with: the session is its holder's, and ends with it. */
  tokenHash: string;
  beganAt: number;
  usedAt: number;
}

/** Begins a session under the hash of its id, and ends the one before of the same browser. */
export function beginPageSession(
  book: Book,
  idHash: string,
  tokenHash: string,
  before?: string,
): PageSession {
  if (before !== undefined) endPageSession(book, before);
  const session = { tokenHash, beganAt: book.now, usedAt: book.now };
  book.putNote('page_session', idHash, session);
  return session;
}

/** A session that has not ended; `undefined` where there is none. */
export function pageSession(book: Book, idHash: string): PageSession | undefined {
  const session = book.note('page_session', idHash);
  return session === undefined || isPageSessionOver(session, book.now) ? undefined : session;
}

/** Whether a use of a session is late enough after the last one to be written down. */
export function isUseNews({ usedAt }: PageSession, now: number): boolean {
  return now - usedAt >= USE_STEP_MS;
}

/** Notes that a session is used; `undefined` where it has ended meanwhile. */
export function usePageSession(book: Book, idHash: string): PageSession | undefined {
  const session = pageSession(book, idHash);
  if (session === undefined || !isUseNews(session, book.now)) return session;
  const used = { ...session, usedAt: book.now };
  book.putNote('page_session', idHash, used);
  return used;
}

export function endPageSession(book: Book, idHash: string): void {
  if (book.note('page_session', idHash) !== undefined) book.deleteNote('page_session', idHash);
}

export function isPageSessionOver({ beganAt, usedAt }: PageSession, now: number): boolean {
  return now >= beganAt + PAGE_SESSION_MS || now >= usedAt + PAGE_SESSION_IDLE_MS;
}
