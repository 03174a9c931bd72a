import type { BrokerClient } from '../broker-client/broker-client';
/**
 * The heartbeat of this instance of the application: a lease under which its keys are issued, and
 * with which they all end. Begun before the first key, renewed for as long as the process lives.
 */
export declare class InstanceLease {
    #private;
    constructor(client: BrokerClient, ttlSeconds: number);
    /**
     * The id of the lease, begun where there is none.
     *
     * @throws VaultKeyUnavailableException where none is to be had.
     */
    hold(): Promise<string>;
    /** Takes the broker's word that a lease is over: the next key is issued under a new one. */
    lapsed(id: string): void;
    /** Ends the lease, and with it every key that is left. Never rejects. */
    end(): Promise<void>;
}
