import { CallRefusedException } from '../exceptions/call-refused.exception';
/** On whose behalf a run works. */
export interface AgentIdentity {
    /** The user, or `anon` where nobody is logged in. */
    userId: string;
    /** The agent's run, 1–128 of `[A-Za-z0-9_.:-]`: what groups the calls of one errand. */
    runId: string;
    /** The tenant, where the application has tenants. */
    tenantId?: string;
    /** The tool: `Class.method` of the handler. */
    tool?: string;
}
/** An identity as an application gives it: what is absent is filled in. */
export interface PartialAgentIdentity {
    userId?: string | number | bigint | undefined;
    /** 1–128 of `[A-Za-z0-9_.:-]`. */
    runId?: string | undefined;
    tenantId?: string | number | bigint | undefined;
    tool?: string | undefined;
}
/** Who a run is for where nobody is logged in. */
export declare const ANONYMOUS = "anon";
/** What a run id must look like, in words. */
export declare const RUN_ID_RULE = "must be 1 to 128 of the characters A-Z a-z 0-9 _ . : -";
/** Whether a value can be a run id. */
export declare function isRunId(value: unknown): value is string;
/** A run id nobody else has: 8 random bytes in hex. */
export declare function newRunId(): string;
/** A user's or tenant's id as text; `undefined` where the value is neither a text nor an integer. */
export declare function idText(value: unknown): string | undefined;
/**
 * Reads an identity that the application gave.
 *
 * @param next What to do about one that is not sound, as a sentence.
 * @throws CallRefusedException `invalid_identity`, naming every field that is not sound.
 */
export declare function readIdentity(given: unknown, next?: string): Partial<AgentIdentity>;
/** An identity that cannot be worked with: the application's fault, so no 4xx. */
export declare function invalidIdentity(what: string, next?: string): CallRefusedException;
