import { randomBytes } from 'node:crypto';
import { instantText } from '../instant';
import { hashToken } from '../keys/token';
import type { Ledger } from '../ledger/ledger';
import { PAGE_SESSION_IDLE_MS, PAGE_SESSION_MS } from '../ledger/page-session';
import type { PageSession } from '../ledger/page-session';

const ID = /^[\w-]{43}$/;

/** A log-in at the page, as its holder may see it. */
export interface PageSessionInfo {
  /** The SHA-256 of the token that was logged in with. */
  tokenHash: string;
  /** When it ends, however much it is used. */
  expiresAt: string;
  /** When it ends where nobody uses it any more. */
  idleExpiresAt: string;
}

/** The log-ins at the page. The store has only hashes of their ids. */
export class PageSessions {
  /** @internal */
  constructor(private readonly ledger: Ledger) {}

  /**
   * Begins a session.
   *
   * @param tokenHash Of the token that was logged in with.
   * @param before The id of the session that the same browser has had.
   * @returns The new session's id, which is shown here alone.
   */
  async begin(tokenHash: string, before?: string): Promise<PageSessionInfo & { id: string }> {
    const id = randomBytes(32).toString('base64url');
    const ended = before !== undefined && ID.test(before) ? hashToken(before) : undefined;
    const session = await this.ledger.pageSessions.begin(hashToken(id), tokenHash, ended);
    return { id, ...infoOf(session) };
  }

  /**
   * A session that has not ended.
   *
   * @param isUse Whether it is asked for because it is used: that puts its end off.
   */
  async find(id: string, isUse: boolean): Promise<PageSessionInfo | undefined> {
    if (!ID.test(id)) return undefined;
    const session = await this.ledger.pageSessions.find(hashToken(id), isUse);
    return session === undefined ? undefined : infoOf(session);
  }

  async end(id: string): Promise<void> {
    if (ID.test(id)) await this.ledger.pageSessions.end(hashToken(id));
  }
}

function infoOf({ tokenHash, beganAt, usedAt }: PageSession): PageSessionInfo {
  const expiresAt = beganAt + PAGE_SESSION_MS;
  return {
    tokenHash,
    expiresAt: instantText(expiresAt),
    idleExpiresAt: instantText(Math.min(expiresAt, usedAt + PAGE_SESSION_IDLE_MS)),
  };
}
