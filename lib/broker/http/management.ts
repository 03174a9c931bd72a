import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker } from '../broker';
import type { Actor } from '../operators/actor';
import { checkRole, hasRole } from '../operators/rights';
import { nameRequest } from '../telemetry/request-trace';
import { methodNotAllowed, notFound } from '../refusal';
import { sendFile, sendJson, sendLines, sendPieces, sendText } from './answers';
import { isUnattended } from './callers/callers';
import type { Callers } from './callers/callers';
import { sendEvents } from './event-stream';
import { readQuery } from './list-query';
import { Page } from './page/page';
import type { Reply, Route } from './route';
import { approvalRoutes, refuseVaultKeys } from './routes/approval-routes';
import { auditRoutes } from './routes/audit-routes';
import { backupRoutes } from './routes/backup-routes';
import { brakeRoutes } from './routes/brake-routes';
import { budgetRoutes } from './routes/budget-routes';
import { eventRoutes } from './routes/event-routes';
import { holdRoutes } from './routes/hold-routes';
import { currentKeyRoute, keyRoutes } from './routes/key-routes';
import { leaseRoutes } from './routes/lease-routes';
import { metricsRoutes } from './routes/metrics-routes';
import { SESSION_PATH, sessionRoutes } from './routes/session-routes';
import { spendRoutes } from './routes/spend-routes';
import type { PageLogIn } from './sessions/page-log-in';
import type { Site } from './site';
import { webhookRoutes } from './routes/webhook-routes';

/**
 * Which part of the management API is served: `application` is what the application asks, by its token, and its vault
 * keys; `operators` what operators ask, with the page and the metrics; a `mount` has no metrics, which are its
 * server's own.
 */
export type ManagementSide = 'all' | 'application' | 'operators' | 'mount';

/** What the management API needs beside its broker. */
export interface ManagementOptions {
  side: ManagementSide;
  site: Site;
  /** Who asks. */
  callers: Callers;
  /** Absent where nobody logs in here. */
  pageLogIn?: PageLogIn;
  /** Whether the server is about to stop: then no stream goes on. */
  isDraining?: () => boolean;
}

/** Every call of the management API but the one whose bearer is a vault key. */
export function managementRoutes(broker: Broker, pageLogIn: PageLogIn | undefined): Route[] {
  return [
    ...keyRoutes(broker),
    ...budgetRoutes(broker),
    ...brakeRoutes(broker),
    ...leaseRoutes(broker),
    ...holdRoutes(broker),
    ...approvalRoutes(broker),
    ...auditRoutes(broker),
    ...spendRoutes(broker),
    ...eventRoutes(broker),
    ...webhookRoutes(broker),
    ...backupRoutes(broker),
    ...metricsRoutes(broker),
    ...sessionRoutes(pageLogIn),
  ];
}

/** The management API, for the application and for operators, and the page; below whatever path, on whatever server. */
export class Management {
  readonly #options: ManagementOptions;
  readonly #page: Page | undefined;
  readonly #currentKey: ReturnType<typeof currentKeyRoute>;
  readonly #routes: readonly Route[];

  constructor(
    private readonly broker: Broker,
    options: ManagementOptions,
  ) {
    const { side, site, pageLogIn } = options;
    this.#options = options;
    this.#page = side === 'application' ? undefined : new Page(site);
    this.#currentKey = currentKeyRoute(broker);
    this.#routes = managementRoutes(broker, pageLogIn);
  }

  /** Whether a path is the management API's, or the page's. */
  serves(path: string): boolean {
    return (
      path === '/v1' ||
      path.startsWith('/v1/') ||
      path === '/metrics' ||
      (this.#page?.has(path) ?? false)
    );
  }

  /**
   * Answers a request.
   *
   * @param path Below the mount.
   * @throws BrokerRefusal for everything but a good answer.
   */
  async handle(
    req: IncomingMessage,
    res: ServerResponse,
    path: string,
    query: string,
  ): Promise<void> {
    if (this.#page?.has(path) === true) return this.#page.send(req, res, path);
    const parameters = new URLSearchParams(query);
    const reply =
      (await this.#ownReply(req, path, parameters)) ?? (await this.#routed(req, path, parameters));
    const began = performance.now();
    await send(res, reply, () => this.#mayGoOn(req, path, began));
  }

  /** What is answered before anyone knows who asks: what a vault key may know of itself, and a log-in. */
  async #ownReply(
    req: IncomingMessage,
    path: string,
    query: URLSearchParams,
  ): Promise<Reply | undefined> {
    const { side, pageLogIn } = this.#options;
    const current = this.#currentKey;
    const isOwn = side === 'all' || side === 'application';
    if (isOwn && req.method === current.method && current.path.test(path)) {
      nameRequest(req, current.path);
      readQuery(query, {});
      return current.handle(req);
    }
    if (path !== SESSION_PATH || req.method !== 'POST' || side === 'application') return undefined;
    if (pageLogIn === undefined)
      throw notFound('Nobody logs in here: the application says who may look.');
    readQuery(query, {});
    return pageLogIn.begin(req);
  }

  async #routed(req: IncomingMessage, path: string, query: URLSearchParams): Promise<Reply> {
    const { callers } = this.#options;
    const isUse = path !== SESSION_PATH && path !== '/v1/events' && !isUnattended(req);
    await refuseVaultKeys(this.broker, req, path);
    const { by, session } = await callers.callerOf(req, isUse);
    const route = this.#routeOf(req, path, by);
    checkAccess(by, route);
    if (route.takesQuery !== true) readQuery(query, {});
    const params = route.path.exec(path)?.slice(1) ?? [];
    return route.handle({ req, query, params, by, session });
  }

  /**
   * Whether a caller that was let in once may read on.
   *
   * @param began When it was.
   */
  async #mayGoOn(req: IncomingMessage, path: string, began: number): Promise<boolean> {
    const { callers, isDraining = () => false } = this.#options;
    const { maxStreamMs = Infinity } = callers;
    if (isDraining() || performance.now() - began > maxStreamMs) return false;
    const { by } = await callers.callerOf(req, false);
    checkAccess(by, this.#routeOf(req, path, by));
    return true;
  }

  #routeOf(req: IncomingMessage, path: string, by: Actor): Route {
    const onPath = this.#routes.filter((route) => route.path.test(path));
    if (onPath[0] !== undefined) nameRequest(req, onPath[0].path);
    const route = onPath.find(({ method }) => method === req.method);
    const served = onPath.filter((each) => this.#isServed(each, path, by));
    if (served.length === 0) throw notFound('There is nothing at this path.');
    if (route === undefined) throw methodNotAllowed(served.map(({ method }) => method));
    if (!served.includes(route))
      throw notFound(
        "This call is not served here: it is the application's own, or at another port.",
      );
    return route;
  }

  #isServed({ role, isForApp }: Route, path: string, by: Actor): boolean {
    switch (this.#options.side) {
      case 'all':
        return true;
      case 'application':
        return role === 'app' || (isForApp === true && by.isApp);
      case 'operators':
        return role !== 'app';
      case 'mount':
        return role !== 'app' && path !== '/metrics';
    }
  }
}

async function send(
  res: ServerResponse,
  reply: Reply,
  mayGoOn: () => Promise<boolean>,
): Promise<void> {
  if ('events' in reply) return sendEvents(res, reply.events, mayGoOn);
  if ('file' in reply) await sendFile(res, reply.status, reply.file);
  else if ('lines' in reply) await sendLines(res, reply.status, reply.lines);
  else if ('pieces' in reply) await sendPieces(res, reply);
  else if ('text' in reply) sendText(res, reply.status, reply.contentType, reply.text);
  else sendJson(res, reply.status, reply.body, reply.headers);
}

/** @throws BrokerRefusal 403 where a caller may not call a route. */
function checkAccess(by: Actor, route: Route): void {
  if (!(route.isForApp === true && hasRole(by, 'app'))) checkRole(by, route.role);
}
