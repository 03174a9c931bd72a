import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Log } from '../log';
import type { Broker } from '../broker';
import { beginRequest, nameRequest, refuseRequest, traceOf } from '../telemetry/request-trace';
import { BrokerRefusal, methodNotAllowed, notFound, malformedRequest } from '../refusal';
import { breakOff, sendJson, sendWhole } from './answers';
import { FailureAnswers } from './failure-answers';
import { IncomingBody } from './incoming-body';
import { Management } from './management';
import type { ManagementSide } from './management';
import { ManagementTokens } from './management-tokens';
import { OpenAnswers } from './open-answers';
import { Readiness } from './readiness';
import { Site } from './site';
import type { SiteOptions } from './site';
import { tokenAccess } from './token-access';

const MAX_HEADER_BYTES = 16_384;
/** An answer that costs more to relay as a stream than to hold. */
const SMALL_ANSWER_BYTES = 65_536;
/** What Node calls a request that did not arrive in time. */
const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/** How long a client may take, in milliseconds. */
export interface ServerLimits {
  /** From the first byte to the end of the headers. */
  headersMs: number;
  /** From the first byte to the end of the body. */
  requestMs: number;
  /** Between two requests on a connection. */
  idleMs: number;
}

const LIMITS: ServerLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  // Longer than clients keep an idle connection, so that it is they who close it.
  idleMs: 75_000,
};

/** What a server needs beside its broker. */
export interface BrokerServerOptions {
  /** The management API's; tokens that may be replaced, or one that stays. */
  token: string | ManagementTokens;
  /** Takes the lines of the log, without their ends. */
  log?: Log;
  limits?: Partial<ServerLimits>;
  /** A certificate and its key in PEM: the server speaks HTTPS alone. */
  tls?: { cert: Buffer; key: Buffer };
  /**
   * Whether it is about to stop: then it says so at `/readyz` and keeps no connection, and takes requests
   * until it is closed.
   */
  isDraining?: () => boolean;
  /** Where browsers open the page. */
  site?: Omit<SiteOptions, 'mountPath'>;
  /**
   * `application`: what the applications and their agents need, the proxy among it. `operators`: the rest of the
   * management API, the metrics and the page.
   *
   * @default 'all'
   */
  side?: Exclude<ManagementSide, 'mount'>;
}

/** The broker on a socket: the management API below `/v1/`, the proxy below `/{vendor}/`. */
export function createBrokerServer(broker: Broker, options: BrokerServerOptions): Server {
  const limits = { ...LIMITS, ...options.limits };
  const handler = new BrokerHandler(broker, options);
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
    // Node's own refusal of it would have no body.
    requireHostHeader: false,
  };
  const listener = (req: IncomingMessage, res: ServerResponse): void => handler.handle(req, res);
  const server =
    options.tls === undefined
      ? createServer(settings, listener)
      : createTlsServer({ ...settings, ...options.tls }, listener);
  // Headers past Node's default count would be dropped without a word.
  server.maxHeadersCount = 0;
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) =>
    handler.handle(req, res, invalidRequest('The only expectation that is met is 100-continue.')),
  );
  server.on('connect', (req, socket) =>
    handler.refuseUnparsed(socket, notFound('There is no such vendor, and no tunnel.')),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    handler.refuseBroken(socket, error.code);
  });
  return server;
}

class BrokerHandler {
  readonly #openAnswers = new OpenAnswers();
  readonly #management: Management;
  readonly #readiness: Readiness;
  readonly #answers: FailureAnswers;
  readonly #isDraining: () => boolean;
  readonly #forwards: boolean;

  constructor(
    private readonly broker: Broker,
    {
      token,
      log = () => {},
      isDraining = () => false,
      site: where = {},
      side = 'all',
    }: BrokerServerOptions,
  ) {
    const tokens = typeof token === 'string' ? new ManagementTokens([token]) : token;
    const site = new Site(where);
    if (side !== 'application') broker.pageUrl = site.pageUrl;
    this.#isDraining = isDraining;
    this.#forwards = side !== 'operators';
    this.#readiness = new Readiness(broker, isDraining);
    this.#management = new Management(broker, {
      ...tokenAccess(broker, tokens, site),
      site,
      side,
      isDraining,
    });
    this.#answers = new FailureAnswers(log, broker.metrics.calls);
  }

  handle(req: IncomingMessage, res: ServerResponse, fault = framingFault(req)): void {
    this.#openAnswers.begin(req, res);
    if (this.#isDraining()) res.shouldKeepAlive = false;
    // What is left of a body that was refused half read would come before the next request.
    res.once('finish', () => req.resume());
    const url = req.url ?? '';
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const query = mark === -1 ? '' : url.slice(mark + 1);
    beginRequest(req, res, path);
    const route = fault === undefined ? this.#route(req, res, path, query) : Promise.reject(fault);
    route.catch((error: unknown) => {
      const isKnownPath = this.#management.serves(path) || path === '/readyz';
      this.#answers.send(req, res, path, error, isKnownPath);
    });
  }

  /** Refuses what never became a request, in the one shape. */
  refuseUnparsed(socket: Duplex & { remoteAddress?: string }, refusal: BrokerRefusal): void {
    const { remoteAddress } = socket;
    if (this.#openAnswers.refuse(socket, refusal)) {
      this.#answers.noteUnknown(refusal.status, refusal.code, remoteAddress);
    }
  }

  /** Refuses what Node's parser could not read; on a connection that broke there is no one to tell. */
  refuseBroken(socket: Duplex, code = ''): void {
    if (code === 'HPE_INVALID_EOF_STATE') {
      // A caller that went away in mid-request: it may still listen, but it is no one's fault.
      this.#openAnswers.refuse(socket, unparsed(code));
    } else if (code.startsWith('HPE_') || code === REQUEST_TIMEOUT) {
      this.refuseUnparsed(socket, unparsed(code));
    } else {
      socket.destroy();
    }
  }

  async #route(
    req: IncomingMessage,
    res: ServerResponse,
    path: string,
    query: string,
  ): Promise<void> {
    if (path === '/healthz' || path === '/readyz') {
      if (req.method !== 'GET') throw methodNotAllowed(['GET']);
      if (path === '/healthz') sendJson(res, 200, { status: 'alive' });
      else sendJson(res, 200, { status: 'ready', store: await this.#readiness.check() });
      return;
    }
    if (this.#management.serves(path)) return this.#management.handle(req, res, path, query);
    await this.#forward(req, res);
  }

  async #forward(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = req.url ?? '';
    const vendor = /^\/([a-z][a-z0-9-]{0,31})\//.exec(url)?.[1];
    if (vendor === undefined || !this.#forwards || !this.broker.hasVendor(vendor)) {
      throw notFound('There is no such vendor, and nothing else at this path.');
    }
    nameRequest(req, `/${vendor}`);
    const { headers } = req;
    const { remoteAddress } = req.socket;
    const hasBody =
      headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
    const answer = await this.broker.forward({
      vendor,
      method: req.method ?? '',
      target: url.slice(vendor.length + 1),
      rawHeaders: req.rawHeaders,
      ...(hasBody ? { body: new IncomingBody(req) } : {}),
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
      caller: res,
      trace: traceOf(req),
    });
    const verdict = String(answer.headers['x-vault-key-verdict']);
    if (answer.unknownCaller === true) {
      this.#answers.tellUnknown(answer.status, verdict, remoteAddress);
    }
    if (verdict !== 'forwarded') refuseRequest(req, verdict);
    if (verdict === 'caller_gone') return;
    if (res.destroyed) {
      // Its caller has gone: the call is followed to its end without it.
      answer.body.destroy();
      return;
    }
    if (Number(answer.headers['content-length'] ?? Infinity) <= SMALL_ANSWER_BYTES) {
      await sendWhole(res, answer);
      return;
    }
    try {
      res.writeHead(answer.status, answer.headers);
    } catch (error) {
      answer.body.destroy();
      throw error;
    }
    // An answer that breaks off takes the connection with it, so that no one reads a clean end; a
    // client that goes away destroys the body, and the call is followed to its end without it.
    answer.body.once('error', () => breakOff(res));
    pipeline(answer.body, res, () => {});
  }
}

/** What is wrong with a request that Node has parsed, before anything else is looked at. */
function framingFault({ httpVersion, rawHeaders }: IncomingMessage): BrokerRefusal | undefined {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return invalidRequest(`The header host is given ${hosts === 0 ? 'nowhere' : 'more than once'}.`);
}

/** What Node's own parser refuses. */
function unparsed(code: string | undefined): BrokerRefusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new BrokerRefusal(
        'headers_too_large',
        `The headers are larger than ${MAX_HEADER_BYTES} bytes.`,
      );
    case REQUEST_TIMEOUT:
      return new BrokerRefusal('request_timeout', 'The request did not arrive in time.');
    default:
      return invalidRequest('The request is not valid HTTP.');
  }
}

function invalidRequest(message: string): BrokerRefusal {
  return malformedRequest(message);
}
