import type { INestApplicationContext } from '@nestjs/common';
import type { Broker } from '../../lib/broker/broker';
import { newRegistry } from '../../lib/broker/metrics/prometheus';
import { BrokerClient } from '../../lib/broker-client/broker-client';
import { EmbeddedBrokerClient } from '../../lib/broker-client/embedded-broker.client';

/** The embedded broker of an application, which answers in the form of the management API. */
export function brokerOf(app: INestApplicationContext): Broker {
  const client = app.get(BrokerClient, { strict: false });
  if (client instanceof EmbeddedBrokerClient) return client.broker;
  throw new Error('The broker of this application is a server.');
}

const registries = new WeakMap<Broker, ReturnType<typeof newRegistry>>();

/** What Prometheus reads of the embedded broker of an application. */
export async function metricsOf(app: INestApplicationContext): Promise<string> {
  const broker = brokerOf(app);
  const registry = registries.get(broker) ?? newRegistry(broker.metrics);
  registries.set(broker, registry);
  return (await registry?.metrics()) ?? '';
}
