import type { NestMiddleware, Type } from '@nestjs/common';
import type { AgentToolOptions } from './agent-tool.decorator';
/**
 * Middleware that gives every request of a route prefix a vault key, whoever answers it: Nest's
 * handlers, marked or not (a marked one has a key of its own inside the request's), and what is
 * mounted beside them. The key is `req.vaultKey` (`request.raw.vaultKey` on Fastify), handlers find
 * it in {@link CurrentVaultKey} as usual, and it is revoked once the response has closed and the
 * handler has settled.
 *
 * It runs before the guards, so that there is no `request.user` yet: the option `identify` of
 * `VaultKeyModule` has to say who calls, or the application does not start. Its context holds what
 * middleware gets, on Fastify the raw request.
 *
 * @param options What each request's key may do.
 * @throws VaultKeyStartUpException when the application starts, for options that are not sound and
 * where `identify` is missing.
 * @example
 * export class AppModule implements NestModule {
 *   configure(consumer: MiddlewareConsumer) {
 *     consumer
 *       .apply(VaultKeyMiddleware({ dailyUsdCap: 100, allowedEndpoints: ['GET /v1/charges'] }))
 *       .forRoutes('agent-tools/*path');
 *   }
 * }
 */
export declare function VaultKeyMiddleware(options: AgentToolOptions): Type<NestMiddleware>;
