import type { IncomingMessage } from 'node:http';
import { hashToken } from '../../keys/token';
import { fieldsOf, unknownFields } from '../../known-fields';
import type { Actor } from '../../operators/actor';
import type { PageSessions } from '../../operators/page-sessions';
import { BrokerRefusal, invalidFields, notFound } from '../../refusal';
import { isRead } from '../callers/callers';
import type { Caller } from '../callers/callers';
import type { FailedLogIns } from '../failed-log-ins';
import { readJson } from '../json-body';
import type { Reply } from '../route';
import type { Site } from '../site';
import { endedCookie, sessionCookie, sessionIds } from './session-cookie';

/** Whom a token lets in at the page, by its SHA-256; `undefined` where it lets in nobody. */
export type PageUserOf = (tokenHash: string, remoteAddress?: string) => Actor | undefined;

interface PageLogInParts {
  sessions: PageSessions;
  userOf: PageUserOf;
  site: Site;
  failures: FailedLogIns;
}

/** The log-in at the page: a token is exchanged for a session, which the browser keeps as a cookie. */
export class PageLogIn {
  constructor(private readonly parts: PageLogInParts) {}

  /**
   * `POST /v1/session`. A valid token always gets in, however often others have failed.
   *
   * @throws BrokerRefusal 401, 429 after too many of those, 403 `csrf`, 404 where there is no log-in, 421, 422.
   */
  async begin(req: IncomingMessage): Promise<Reply> {
    const { sessions, userOf, site, failures } = this.parts;
    if (!site.isPrivate(req)) throw noPage();
    site.checkHost(req);
    site.checkChange(req);
    const tokenHash = hashToken(tokenOf(await readJson(req)));
    const { remoteAddress } = req.socket;
    const by = userOf(tokenHash, remoteAddress);
    if (by === undefined) {
      failures.count(remoteAddress);
      throw new BrokerRefusal('unauthorized', "The token is not an operator's.");
    }
    const [before] = sessionIds(req);
    const { id, ...session } = await sessions.begin(tokenHash, before);
    return {
      status: 200,
      body: sessionView({ by, session: { id, ...session } }),
      headers: { 'set-cookie': sessionCookie(id, site.cookieScope(req)) },
    };
  }

  /**
   * Who has the session that a request came with; `undefined` where it came without one.
   *
   * @throws BrokerRefusal 401 where the session has ended, 403 `csrf`, 421.
   */
  async callerOf(req: IncomingMessage, isUse: boolean): Promise<Caller | undefined> {
    const { sessions, userOf, site } = this.parts;
    const ids = sessionIds(req);
    if (ids.length === 0 || !site.isPrivate(req)) return undefined;
    site.checkHost(req);
    if (!isRead(req)) site.checkChange(req);
    for (const id of ids) {
      const session = await sessions.find(id, isUse);
      if (session === undefined) continue;
      const by = userOf(session.tokenHash, req.socket.remoteAddress);
      if (by !== undefined) return { by, session: { id, ...session } };
    }
    throw new BrokerRefusal('unauthorized', 'The session has ended: log in again.');
  }

  /** `DELETE /v1/session`. */
  async end(req: IncomingMessage, session: Caller['session']): Promise<Reply> {
    if (session === undefined) throw notFound('The request came with a token, and no session.');
    await this.parts.sessions.end(session.id);
    return {
      status: 200,
      body: { status: 'ended' },
      headers: { 'set-cookie': endedCookie(this.parts.site.cookieScope(req)) },
    };
  }
}

/** Where others may read what a browser sends, nobody logs in. */
export function noPage(): BrokerRefusal {
  return notFound(
    'There is no page and no log-in over a network without TLS: serve TLS (--tls-cert, --tls-key), or say that a proxy in front does (--behind-tls, VAULT_KEY_BEHIND_TLS=true; behindTls in VaultKeyAdminModule).',
  );
}

/** Who is logged in, as `GET /v1/session` tells it. */
export function sessionView({ by, session }: Caller): object {
  return {
    operator: by.name,
    role: by.role,
    expires_at: session?.expiresAt ?? null,
    idle_expires_at: session?.idleExpiresAt ?? null,
  };
}

function tokenOf(body: unknown): string {
  const { token, ...others } = fieldsOf(body) as { token?: unknown };
  const faults = unknownFields(others, ['token']);
  if (typeof token !== 'string' || token === '') {
    faults.push({ field: 'token', message: "must be an operator's token" });
  }
  if (faults.length > 0) throw invalidFields(faults);
  return token as string;
}
