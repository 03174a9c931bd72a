import type { OnApplicationShutdown } from '@nestjs/common';
import type { BrokerClient } from '../broker-client/broker-client';
import type { GracefulStop } from './graceful-stop';
import type { InstanceLease } from './instance-lease';
/**
 * Revokes keys behind the answers: ids wait at most 50 ms or for 100 of them, and what fails is
 * tried again, with back-off, until the key expires by itself. Neither delays nor changes what a
 * caller gets.
 */
export declare class RevocationQueue implements OnApplicationShutdown {
    #private;
    /**
     * @param lease Ended once the queue is drained: what is left of the keys ends with it.
     * @param stop Finished before the queue is drained.
     */
    constructor(client: BrokerClient, lease?: InstanceLease, stop?: GracefulStop);
    /** How many keys wait to be revoked, those in a request to the broker included. */
    get backlog(): number;
    /** How many runs are at work, those whose key is still being issued included. */
    get activeRuns(): number;
    /** Takes a key's id for revocation. */
    add(id: string, expiresAt: Date): void;
    /** Counts a run in, before its key is asked for. */
    runStarted(): void;
    /** Counts a run out, once its key is in the queue. */
    runEnded(): void;
    /**
     * Waits for the runs at work, then until every key that has ended is revoked: in a spec that looks
     * at keys, before it does. Never throws.
     *
     * @param timeoutMs How long it waits at most, in milliseconds; {@link backlog} and
     * {@link activeRuns} say what is left then.
     */
    drain(timeoutMs?: number): Promise<void>;
    /** Drains, ends the lease, then lets go of the broker. */
    onApplicationShutdown(): Promise<void>;
}
