import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker } from '../broker';
import type { CallCounts } from '../metrics/call-counts';
import type { Actor } from '../operators/actor';
import { checkRole, hasRole } from '../operators/rights';
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

/** The management API, for the application and for operators. */
export class Management {
  readonly #logIn: LogIn;
  readonly #currentKey: ReturnType<typeof currentKeyRoute>;
  readonly #routes: readonly Route[];

  constructor(
    broker: Broker,
    tokens: ManagementTokens,
    counts: CallCounts,
    private readonly isDraining: () => boolean,
  ) {
    this.#logIn = new LogIn(tokens, broker.operators);
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
    const parameters = new URLSearchParams(query);
    const current = this.#currentKey;
    if (req.method === current.method && current.path.test(path)) {
      readQuery(parameters, {});
      await send(res, await current.handle(req));
      return;
    }
    const by = this.#logIn.actorOf(req);
    const route = this.#routeOf(req, path);
    checkAccess(by, route);
    if (route.takesQuery !== true) readQuery(parameters, {});
    const params = route.path.exec(path)?.slice(1) ?? [];
    const reply = await route.handle({ req, query: parameters, params, by });
    await send(res, reply, () => this.#mayGoOn(req, route));
  }

  /** Whether a caller that was let in once may read on. */
  #mayGoOn(req: IncomingMessage, route: Route): boolean {
    if (this.isDraining()) return false;
    checkAccess(this.#logIn.actorOf(req), route);
    return true;
  }

  #routeOf(req: IncomingMessage, path: string): Route {
    const onPath = this.#routes.filter((route) => route.path.test(path));
    if (onPath.length === 0) throw notFound('There is nothing at this path.');
    const route = onPath.find(({ method }) => method === req.method);
    if (route === undefined) throw methodNotAllowed(onPath.map(({ method }) => method));
    return route;
  }
}

async function send(
  res: ServerResponse,
  reply: Reply,
  mayGoOn = (): boolean => true,
): Promise<void> {
  if ('events' in reply) return sendEvents(res, reply.events, mayGoOn);
  if ('file' in reply) await sendFile(res, reply.status, reply.file);
  else if ('lines' in reply) await sendLines(res, reply.status, reply.lines);
  else if ('text' in reply) sendText(res, reply.status, reply.contentType, reply.text);
  else sendJson(res, reply.status, reply.body);
}

/** @throws BrokerRefusal 403 where a caller may not call a route. */
function checkAccess(by: Actor, route: Route): void {
  if (!(route.isForApp === true && hasRole(by, 'app'))) checkRole(by, route.role);
}
