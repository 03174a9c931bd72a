import type { IncomingMessage } from 'node:http';
import type { Actor } from '../../operators/actor';
import type { PageSessionInfo } from '../../operators/page-sessions';

/** Who asks the management API. */
export interface Caller {
  by: Actor;
  /** The session of the page that the request came with. */
  session?: (PageSessionInfo & { id: string }) | undefined;
}

/** Tells who asks the management API. */
export interface Callers {
  /**
   * @param isUse Whether the request is made by somebody who works with the page, and not by the page by itself.
   * @throws BrokerRefusal 401, and 429 after too many of those; 403 `csrf` and 421 where a page of another site
   * may have sent the request.
   */
  callerOf(req: IncomingMessage, isUse: boolean): Promise<Caller>;
  /**
   * How long a stream may last that a request has opened, in milliseconds: for callers of whom asking again tells
   * only what was found out as the request came. Absent where asking again is enough.
   */
  readonly maxStreamMs?: number;
}

/**
 * Whether the page has sent a request by itself. A page says so of what it asks while nobody touches it, so that its
 * session ends all the same.
 */
export function isUnattended(req: IncomingMessage): boolean {
  return isRead(req) && req.headers['vault-key-unattended'] === 'true';
}

/** Whether a request changes nothing. */
export function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}
