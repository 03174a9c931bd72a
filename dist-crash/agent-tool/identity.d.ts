import type { ExecutionContext } from '@nestjs/common';
import type { PartialAgentIdentity } from '../vault-key/agent-identity';
/**
 * Says on whose behalf a call works. What it leaves out is filled in: the user from `request.user`,
 * the run from `X-Agent-Run-ID`, the tool as `Class.method`.
 */
export type IdentifyAgent = (context: ExecutionContext) => PartialAgentIdentity | undefined | Promise<PartialAgentIdentity | undefined>;
/** The token of the application's own {@link IdentifyAgent}. */
export declare const IDENTIFY_AGENT: unique symbol;
/** What is asked where the application says nothing. */
export declare const identifyNobody: IdentifyAgent;
/** What an identity is read from. */
export interface AgentRequest {
    headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    /** Whom the application's guard let in. */
    user?: unknown;
}
/** Where a caller names its run; in lower case, as headers are kept. */
export declare const RUN_ID_HEADER = "x-agent-run-id";
/**
 * The user a guard put on the request: the first of `id`, `userId` and `sub` that is a string or
 * an integer; `anon` without a user.
 *
 * @throws CallRefusedException `invalid_identity` for a user with none of them.
 */
export declare function userIdOf(request: AgentRequest): string;
/**
 * The agent's run, from `X-Agent-Run-ID`; a new one where the header is absent.
 *
 * @throws CallRefusedException `invalid_run_id`, 400.
 */
export declare function runIdOf(request: AgentRequest): string;
