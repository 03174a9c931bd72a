import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker } from '../broker';
import { bodyTooLarge } from '../forwarding/request-body';
import type { OperatorOptions } from '../operators/operator.options';
import { Operators } from '../operators/operators';
import { DEFAULT_BODY_LIMITS } from '../pricing/body-limits';
import { AuthorizedCallers } from './callers/authorized-callers';
import type { Authorize } from './callers/authorized-callers';
import { FailureAnswers } from './failure-answers';
import { giveBody, keepBody } from './kept-body';
import { Management } from './management';
import { Site } from './site';
import type { SiteOptions } from './site';
import { operatorsAlone } from './token-access';

/** Headers that a framework has set for all its answers, and that would open these ones to other pages. */
const FOREIGN_HEADERS = /^(?:access-control-|x-powered-by$)/i;

/** What a mount needs beside its broker. */
export interface MountOptions extends SiteOptions {
  mountPath: string;
  /** Who may ask: these people, by their tokens, … */
  operators?: readonly OperatorOptions[];
  /** … or whom this lets in. */
  authorize?: Authorize;
  /** Takes the lines of the log, without their ends. */
  log: (line: string) => void;
}

/** The operators' side of a broker below a path of somebody else's server. */
export class MountedManagement {
  readonly #management: Management;
  readonly #answers: FailureAnswers;
  readonly #mountPath: string;
  #isDraining = false;

  constructor(broker: Broker, { operators = [], authorize, log, ...where }: MountOptions) {
    const site = new Site(where);
    this.#mountPath = where.mountPath;
    this.#management = new Management(broker, {
      side: 'mount',
      site,
      isDraining: () => this.#isDraining,
      ...(authorize === undefined
        ? operatorsAlone(broker, new Operators(operators), site)
        : { callers: new AuthorizedCallers(authorize, site) }),
    });
    this.#answers = new FailureAnswers(log, broker.metrics.calls);
    broker.pageUrl = site.pageUrl;
  }

  /**
   * Reads the body of a request before a framework's parsers come to it.
   *
   * @returns False where it is too large, which was answered then.
   * @throws Error where it breaks off.
   */
  async prepare(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    // A parser may have been faster; what it has made of the body is taken then.
    if (req.readableEnded || (await keepBody(req))) return true;
    res.once('finish', () => req.resume());
    this.#answers.send(req, res, '', bodyTooLarge(DEFAULT_BODY_LIMITS.bodyBytes));
    return false;
  }

  /** Ends all streams within a second: the server waits for them, and they would never end. */
  drain(): void {
    this.#isDraining = true;
  }

  /**
   * Answers a request.
   *
   * @param target The whole one: frameworks cut off what they have looked at.
   */
  handle(req: IncomingMessage, res: ServerResponse, target: string): void {
    for (const name of res.getHeaderNames()) {
      if (FOREIGN_HEADERS.test(name)) res.removeHeader(name);
    }
    takeParsedBody(req);
    // What is left of a body that was refused half read would come before the next request.
    res.once('finish', () => req.resume());
    const mark = target.indexOf('?');
    const path = (mark === -1 ? target : target.slice(0, mark)).slice(this.#mountPath.length);
    const query = mark === -1 ? '' : target.slice(mark + 1);
    this.#management
      .handle(req, res, path, query)
      .catch((error: unknown) => this.#answers.send(req, res, path, error));
  }
}

/** A framework may have read the body, and nothing of it is left to read. */
function takeParsedBody(req: IncomingMessage & { body?: unknown; rawBody?: unknown }): void {
  if (!req.readableEnded) return;
  const { body, rawBody } = req;
  if (Buffer.isBuffer(rawBody)) giveBody(req, rawBody);
  else if (Buffer.isBuffer(body)) giveBody(req, body);
  else if (typeof body === 'string') giveBody(req, Buffer.from(body));
  else if (body !== undefined) giveBody(req, Buffer.from(JSON.stringify(body)));
}
