import type { IncomingMessage } from 'node:http';
import { labelFault } from '../../../contract/label-rule';
import { isRecord } from '../../../contract/is-record';
import { OPERATOR_ROLES, RESERVED_ACTORS } from '../../operators/actor';
import type { OperatorRole } from '../../operators/actor';
import { BrokerRefusal } from '../../refusal';
import type { Site } from '../site';
import { isRead } from './callers';
import type { Caller, Callers } from './callers';

const MAX_NAME = 128;
const MAX_STREAM_MS = 60_000;

/** Says which operator has sent a request; `undefined` where none has. It may throw, and answer later. */
export type Authorize = (req: IncomingMessage) => unknown;

/** Callers whom the application around the broker knows by its own log-in. */
export class AuthorizedCallers implements Callers {
  constructor(
    private readonly authorize: Authorize,
    private readonly site: Site,
  ) {}

  /** What the application's middleware has put on a request stays there after a log-out. */
  get maxStreamMs(): number {
    return MAX_STREAM_MS;
  }

  async callerOf(req: IncomingMessage): Promise<Caller> {
    const { authorization, origin } = req.headers;
    const hasToken = authorization !== undefined;
    // The application may know its callers by a cookie, which a browser sends with requests of other pages too.
    if (!hasToken) this.site.checkHost(req);
    // Where its CORS lets them, those pages may add a token of any kind; what a browser says of them stays.
    if (!isRead(req) && (!hasToken || origin !== undefined)) this.site.checkChange(req);
    const operator = await this.#ask(req);
    if (operator === undefined || operator === null) {
      throw new BrokerRefusal('unauthorized', 'The application has not let this request in.');
    }
    const { name, role } = isRecord(operator) ? operator : {};
    const isName =
      labelFault(name, MAX_NAME) === undefined &&
      !(RESERVED_ACTORS as readonly unknown[]).includes(name);
    if (!isName || !(OPERATOR_ROLES as readonly unknown[]).includes(role)) {
      throw failed(
        `authorize gave no operator: { name, role } is one, with a name of 1 to ${MAX_NAME} characters other than ${RESERVED_ACTORS.join(', ')}, and a role of ${OPERATOR_ROLES.join(', ')}`,
      );
    }
    const { remoteAddress } = req.socket;
    return {
      by: {
        name: name as string,
        role: role as OperatorRole,
        isApp: false,
        ...(remoteAddress === undefined ? {} : { remoteAddress }),
      },
    };
  }

  async #ask(req: IncomingMessage): Promise<unknown> {
    try {
      return await this.authorize(req);
    } catch (error) {
      const refusal = failed("the application's authorize has failed");
      refusal.cause = error;
      throw refusal;
    }
  }
}

function failed(why: string): BrokerRefusal {
  return new BrokerRefusal('authorize_failed', `Nobody can be let in right now: ${why}.`);
}
