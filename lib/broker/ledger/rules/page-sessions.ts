import type { Book } from '../book';
import { isPageSessionOver } from '../page-session';
import type { PageSession } from '../page-session';

/** Uses that come closer together are written down as one. */
const USE_STEP_MS = 5_000;

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

/** A session that has not ended. */
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

/** Ends a session, where it is there. */
export function endPageSession(book: Book, idHash: string): void {
  if (book.note('page_session', idHash) !== undefined) book.deleteNote('page_session', idHash);
}
