import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker } from '../broker';
import type { CallCounts } from '../metrics/call-counts';
import { methodNotAllowed, notFound } from '../refusal';
import { sendFile, sendJson, sendLines, sendText } from './answers';
import { sendEvents } from './event-stream';
import { readQuery } from './list-query';
import { LogIn } from './log-in';
import type { ManagementTokens } from './management-tokens';
import type { Reply, Route } from './route';
import { auditRoutes } from './routes/audit-routes';
import { backupRoutes } from './routes/backup-routes';
import { brakeRoutes } from './routes/brake-routes';
import { budgetRoutes } from './routes/budget-routes';
import { eventRoutes } from './routes/event-routes';
import { holdRoutes } from './routes/hold-routes';
import { currentKeyRoute, keyRoutes } from './routes/key-routes';
import { leaseRoutes } from './routes/lease-routes';
import { metricsRoutes } from './routes/metrics-routes';
import { webhookRoutes } from './routes/webhook-routes';

/** The management API, for callers with the management token. */
export class Management {
  readonly #logIn: LogIn;
  readonly #currentKey: Route;
  readonly #routes: readonly Route[];

  constructor(
    broker: Broker,
    tokens: ManagementTokens,
    counts: CallCounts,
    private readonly isDraining: () => boolean,
  ) {
    this.#logIn = new LogIn(tokens);
    this.#currentKey = currentKeyRoute(broker);
    this.#routes = [
      ...keyRoutes(broker),
      ...budgetRoutes(broker),
      ...brakeRoutes(broker),
      ...leaseRoutes(broker),
      ...holdRoutes(broker),
      ...auditRoutes(broker),
      ...eventRoutes(broker),
      ...webhookRoutes(broker),
      ...backupRoutes(broker),
      ...metricsRoutes(broker, counts),
    ];
  }

  /** Whether a path is the management API's. */
  serves(path: string): boolean {
    return path === '/v1' || path.startsWith('/v1/') || path === '/metrics';
  }

  /** @throws BrokerRefusal for everything but a good answer. */
  async handle(
    req: IncomingMessage,
    res: ServerResponse,
    path: string,
    query: string,
  ): Promise<void> {
    const route = this.#routeOf(req, path);
    const parameters = new URLSearchParams(query);
    if (route.takesQuery !== true) readQuery(parameters, {});
    const reply = await route.handle({
      req,
      query: parameters,
      params: route.path.exec(path)?.slice(1) ?? [],
      remoteAddress: req.socket.remoteAddress,
    });
    if ('events' in reply) await sendEvents(res, reply.events, () => this.#mayGoOn(req));
    else await send(res, reply);
  }

  /** Whether a caller that was let in once may read on. */
  #mayGoOn(req: IncomingMessage): boolean {
    if (this.isDraining()) return false;
    this.#logIn.check(req);
    return true;
  }

  #routeOf(req: IncomingMessage, path: string): Route {
    const current = this.#currentKey;
    if (req.method === current.method && current.path.test(path)) return current;
    this.#logIn.check(req);
    const onPath = this.#routes.filter((route) => route.path.test(path));
    if (onPath.length === 0) throw notFound('There is nothing at this path.');
    const route = onPath.find(({ method }) => method === req.method);
    if (route === undefined) throw methodNotAllowed(onPath.map(({ method }) => method));
    return route;
  }
}

async function send(
  res: ServerResponse,
  reply: Exclude<Reply, { events: unknown }>,
): Promise<void> {
  if ('file' in reply) await sendFile(res, reply.status, reply.file);
  else if ('lines' in reply) await sendLines(res, reply.status, reply.lines);
  else if ('text' in reply) sendText(res, reply.status, reply.contentType, reply.text);
  else sendJson(res, reply.status, reply.body);
}
