import type { PageSession } from './page-session';
import {
  beginPageSession,
  endPageSession,
  isUseNews,
  pageSession,
  usePageSession,
} from './rules/page-sessions';
import type { Store } from './store';

/** The log-ins at the page, in the store: each process on it knows them. */
export class PageSessions {
  constructor(private readonly store: Store) {}

  /** @param before The hash of the id of the session that the new one takes the place of. */
  begin(idHash: string, tokenHash: string, before?: string): Promise<PageSession> {
    return this.store.run((book) => beginPageSession(book, idHash, tokenHash, before));
  }

  /**
   * A session that has not ended.
   *
   * @param isUse Whether it is asked for because it is used.
   */
  async find(idHash: string, isUse: boolean): Promise<PageSession | undefined> {
    const session = await this.store.read((book) => pageSession(book, idHash));
    if (session === undefined || !isUse || !isUseNews(session, this.store.now())) return session;
    return this.store.run((book) => usePageSession(book, idHash));
  }

  end(idHash: string): Promise<void> {
    return this.store.run((book) => endPageSession(book, idHash));
  }
}
