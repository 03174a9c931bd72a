import type { IdentifyAgent } from './agent-tool/identity';
import type { KeyBudgets } from './broker-client/broker-client';
import type { HttpBrokerClientOptions } from './broker-client/http-broker.client';
import type { BrokerOptions } from './broker/broker.options';
/** Options found sound, with every default in its place. Holds secrets: never log it. */
export type ResolvedVaultKeyOptions = {
    identify?: IdentifyAgent;
    budgets?: KeyBudgets;
    leaseTtlSeconds?: number;
    shutdownGraceMs?: number;
} & ({
    broker: HttpBrokerClientOptions;
    embedded?: undefined;
} | {
    embedded: BrokerOptions;
    broker?: undefined;
});
/**
 * Completes the options and finds what is wrong with them.
 *
 * @throws VaultKeyStartUpException with every fault.
 */
export declare function resolveVaultKeyOptions(given: unknown, environment?: NodeJS.ProcessEnv): ResolvedVaultKeyOptions;
