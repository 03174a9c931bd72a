import type { IncomingMessage } from 'node:http';
import type { LogIn } from '../log-in';
import type { PageLogIn } from '../sessions/page-log-in';
import type { Caller, Callers } from './callers';

/** Callers who have a token, or a session of the page that began with one. */
export class TokenCallers implements Callers {
  constructor(
    private readonly logIn: LogIn,
    private readonly pageLogIn: PageLogIn,
  ) {}

  async callerOf(req: IncomingMessage, isUse: boolean): Promise<Caller> {
    // A token that is sent is meant: no cookie of a browser comes before it.
    if (req.headers.authorization === undefined) {
      const caller = await this.pageLogIn.callerOf(req, isUse);
      if (caller !== undefined) return caller;
    }
    return { by: this.logIn.actorOf(req, isUse) };
  }
}
