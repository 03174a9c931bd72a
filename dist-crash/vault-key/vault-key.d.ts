import { inspect } from 'node:util';
import type { BrokerClient } from '../broker-client/broker-client';
/** What a {@link VaultKey} is made of. */
export interface VaultKeyInit {
    id: string;
    token: string;
    vendor: string;
    label: string;
    userId: string;
    runId: string;
    tenantId?: string;
    expiresAt: Date;
    broker: BrokerClient;
}
/**
 * The short-lived credential one run of an agent's tool works with. The token reaches only code
 * that reads `.token`: `inspect`, `JSON.stringify`, template strings and loggers show it masked.
 */
export declare class VaultKey {
    #private;
    readonly id: string;
    readonly vendor: string;
    readonly label: string;
    readonly userId: string;
    readonly runId: string;
    readonly tenantId?: string;
    readonly expiresAt: Date;
    constructor(init: VaultKeyInit);
    /** The secret itself, for an `Authorization: Bearer` header to the broker's proxy and nothing else. */
    get token(): string;
    /** `vault_key_…` and the last four characters: enough to tell two keys apart, not enough to use one. */
    get maskedToken(): string;
    /** The broker that issued the key, the only one that knows it. */
    get broker(): BrokerClient;
    /** True once the run is over; a key that has ended serves no further call. */
    get ended(): boolean;
    /** True where the key was ended under its run, which the shutdown of the application cut off. */
    get shutDown(): boolean;
    /**
     * Marks the key as over: it serves no further call here. The broker is told when the run ends.
     *
     * @param shutDown Whether its run is cut off by the shutdown of the application.
     */
    end(shutDown?: boolean): void;
    toJSON(): Record<string, unknown>;
    toString(): string;
    [inspect.custom](): string;
}
