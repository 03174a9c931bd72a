import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { BrokerClient } from './broker-client';
/**
 * Tells an embedded broker how its application stands. Nest calls no hook of an application whose
 * start fails elsewhere; so until the start is over, and once the stop has begun, the store gives way
 * to a later application of the same process.
 */
export declare class BrokerLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
    private readonly client;
    constructor(client: BrokerClient);
    onApplicationBootstrap(): void;
    beforeApplicationShutdown(): void;
}
