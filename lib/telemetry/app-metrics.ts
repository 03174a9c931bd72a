import type { BrokerClient } from '../broker-client/broker-client';
import { EmbeddedBrokerClient } from '../broker-client/embedded-broker.client';
import { registerBroker, registerGauges } from '../broker/metrics/prometheus';
import type { MetricsRegistry } from '../broker/metrics/prometheus';
import type { RevocationQueue } from '../vault-key/revocation-queue';

/** Adds what an application measures to its registry, and what its embedded broker does. */
export function registerApp(
  registry: MetricsRegistry,
  client: BrokerClient,
  queue: RevocationQueue,
): void {
  registerGauges(
    [
      {
        name: 'vault_key_revocation_backlog',
        help: 'Keys of this application that wait to be revoked.',
        value: () => queue.backlog,
      },
      {
        name: 'vault_key_active_invocations',
        help: 'Invocations of this application at work.',
        value: () => queue.activeInvocations,
      },
    ],
    registry,
  );
  if (client instanceof EmbeddedBrokerClient) registerBroker(client.broker.metrics, registry);
}
