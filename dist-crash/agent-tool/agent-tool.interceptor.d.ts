import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import type { AgentIdentity } from '../vault-key/agent-identity';
import type { AgentToolOptions } from './agent-tool.decorator';
import { AgentToolRunner } from './agent-tool.runner';
import type { AgentRequest, IdentifyAgent } from './identity';
import type { ClosableResponse } from './response-close';
/**
 * Gives each run of a handler marked with `@AgentTool` a vault key: issued after the guards and
 * before the pipes, revoked once the handler has settled and, over HTTP, the response has closed.
 * Handlers without a mark are passed through, in the context of the run that a
 * {@link VaultKeyMiddleware} may have opened for their request.
 *
 * Its protected methods are the places to adapt it: extend the class, override what differs, and
 * register the subclass as `APP_INTERCEPTOR` in the root module. It runs before the module's own,
 * which passes through what already has its run. At gateways NestJS 11 asks no interceptor of the
 * application: there the subclass goes with `@UseInterceptors` on the gateway. What else it needs it
 * takes by property injection.
 */
export declare class AgentToolInterceptor implements NestInterceptor {
    #private;
    protected readonly runner: AgentToolRunner;
    protected readonly identifyAgent: IdentifyAgent;
    constructor(runner: AgentToolRunner, identifyAgent: IdentifyAgent);
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown>;
    /** The mark that counts for the handler; `undefined` leaves it alone. */
    protected toolOf(context: ExecutionContext): AgentToolOptions | undefined;
    /**
     * What the call's user and run are read from: over HTTP the request, over other transports what
     * stands in its place.
     *
     * @throws CallRefusedException `transport_not_supported`, 501, over a transport that is not known.
     */
    protected requestOf(context: ExecutionContext): AgentRequest;
    /** The response whose end the key waits for; `undefined` where there is none to wait for. */
    protected responseOf(context: ExecutionContext): ClosableResponse | undefined;
    /** On whose behalf the call works: the application's `identify`, completed from the request. */
    protected identify(context: ExecutionContext): AgentIdentity | Promise<AgentIdentity>;
    /** The key's label, 1–200 printable characters: what key lists and the audit log show. */
    protected labelFor(identity: AgentIdentity, _context: ExecutionContext): string;
}
