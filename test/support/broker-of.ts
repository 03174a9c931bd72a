import type { INestApplicationContext } from '@nestjs/common';
import type { Broker } from '../../lib/broker/broker';
import { BrokerClient } from '../../lib/broker-client/broker-client';
import { EmbeddedBrokerClient } from '../../lib/broker-client/embedded-broker.client';

/** The embedded broker of an application, which answers in the form of the management API. */
export function brokerOf(app: INestApplicationContext): Broker {
  const client = app.get(BrokerClient, { strict: false });
  if (client instanceof EmbeddedBrokerClient) return client.broker;
  throw new Error('The broker of this application is a server.');
}
