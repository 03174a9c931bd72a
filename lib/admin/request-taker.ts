import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';

/** A part of the application's server that looks at each request and takes some of them. */
export interface RequestTaker {
  /** Whether a request is its own. */
  takes(target: string): boolean;
  /** Reads what others would read before its turn comes. False where it has answered. */
  prepare(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  /**
   * Answers.
   *
   * @param request The framework's.
   */
  take(req: IncomingMessage, res: ServerResponse, target: string, request: unknown): void;
}

type Next = (error?: unknown) => void;
type Middleware = (
  req: IncomingMessage & { originalUrl?: string },
  res: ServerResponse,
  next: Next,
) => void;

/** What of Fastify is used here; its adapter brings it. */
interface FastifyInstance {
  addHook(
    name: 'onRequest',
    hook: (
      request: { raw: IncomingMessage & { originalUrl?: string } },
      reply: { raw: ServerResponse; hijack(): void },
      done: Next,
    ) => void,
  ): void;
}

/**
 * Has the bodies of a taker's requests read before the application's own parsers come to them. To be called before
 * any other middleware is registered. Fastify parses no body before its hooks have run.
 */
export function prepareEarly(adapter: HttpServer, taker: RequestTaker): void {
  if (isFastify(adapter) || !hasUse(adapter)) return;
  const early: Middleware = (req, res, next) => {
    if (!taker.takes(req.originalUrl ?? req.url ?? '')) {
      next();
      return;
    }
    taker.prepare(req, res).then(
      (goesOn) => goesOn && next(),
      // The caller has gone in mid-request.
      () => res.destroy(),
    );
  };
  adapter.use(early);
}

/**
 * Hands a taker its requests: after the middleware that the application has registered by then, before its routes,
 * and whatever its global prefix is.
 *
 * @returns False where the adapter has no way for that.
 */
export function takeRequests(adapter: HttpServer, taker: RequestTaker): boolean {
  if (isFastify(adapter)) {
    (adapter.getInstance() as FastifyInstance).addHook('onRequest', (request, reply, done) => {
      const { raw } = request;
      const target = raw.originalUrl ?? raw.url ?? '';
      if (!taker.takes(target)) {
        done();
        return;
      }
      reply.hijack();
      taker.take(raw, reply.raw, target, request);
    });
    return true;
  }
  if (!hasUse(adapter)) return false;
  const late: Middleware = (req, res, next) => {
    const target = req.originalUrl ?? req.url ?? '';
    if (taker.takes(target)) taker.take(req, res, target, req);
    else next();
  };
  adapter.use(late);
  return true;
}

function isFastify(adapter: HttpServer): boolean {
  return adapter.getType?.() === 'fastify';
}

function hasUse(
  adapter: HttpServer,
): adapter is HttpServer & { use(middleware: Middleware): void } {
  return typeof (adapter as Partial<HttpServer>).use === 'function';
}
