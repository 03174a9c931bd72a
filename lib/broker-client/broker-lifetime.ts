import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { VaultKeyStartUpException } from '../vault-key/vault-key-start-up.exception';
import { BrokerClient } from './broker-client';
import { EmbeddedBrokerClient } from './embedded-broker.client';

/**
 * Tells an embedded broker whether its application still needs it. Nest calls no hook of an
 * application whose start fails elsewhere; so until the start is over, and once the stop has begun,
 * the store gives way to a later application of the same process.
 */
@Injectable()
export class BrokerLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly client: BrokerClient) {}

  onApplicationBootstrap(): void {
    const { client } = this;
    if (!(client instanceof EmbeddedBrokerClient)) return;
    client.isNeeded = true;
    if (!client.broker.isClosed) return;
    throw new VaultKeyStartUpException([
      {
        where: 'embedded.store',
        message:
          'was taken over by an application of this process that was started later: an application that is to use it must have started before the next one begins',
      },
    ]);
  }

  beforeApplicationShutdown(): void {
    if (this.client instanceof EmbeddedBrokerClient) this.client.isNeeded = false;
  }
}
