import { ModuleRef } from '@nestjs/core';
type Id = string | number | bigint;
/**
 * Whose cap is reached: everybody's, or a tenant's, user's, run's or tool's. A user counts within
 * their tenant and a run within its user, so name those too where the application has them.
 */
export type CapTarget = 'all' | {
    tenant: Id;
} | {
    user: Id;
    tenant?: Id | undefined;
} | {
    run: string;
    /** @default 'anon', as for a request without a user */
    user?: Id | undefined;
    tenant?: Id | undefined;
}
/** `Class.method` */
 | {
    tool: string;
};
/**
 * What can be wrong at the broker of an application under test: a cap that is reached, a broker
 * that is down. It is the application's own broker that refuses, in its own words.
 *
 * @example
 * ```ts
 * await app.get(TestingBroker).exhaust({ user: 'u1' });
 * // … every call that costs is answered 402 spend_cap_exceeded
 * await app.get(TestingBroker).reset();
 * ```
 */
export declare class TestingBroker {
    #private;
    private readonly moduleRef;
    constructor(moduleRef: ModuleRef);
    /**
     * Lets nothing be left under a day's cap: a budget is set to what has been spent under it. Calls
     * that cost are refused from now on, in runs under way too; reads and what costs nothing pass.
     *
     * @param target Everybody by default.
     * @throws TypeError for a target without exactly one scope, or with an id that is none.
     */
    exhaust(target?: CapTarget): Promise<void>;
    /**
     * Takes the broker down, until {@link reset}: no key is to be had, so that no handler begins, and
     * calls under the keys of invocations under way reach no vendor. Both are 503
     * `vault_key_unavailable`. `EmbeddedBroker` still tells what it knows.
     */
    goDown(): void;
    /** Undoes all that was done here, and leaves spend, keys and brakes as they are. */
    reset(): Promise<void>;
}
export {};
