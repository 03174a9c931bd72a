import type { BrokerClient } from './broker-client';
import type { HttpBrokerClientOptions } from './http-broker.options';
import { KeybrakeClient } from './keybrake.client';
import { VaultKeyBrokerClient } from './vault-key-broker.client';

/**
 * A client of a broker that is a server: Keybrake's, or this package's own `vault-key-broker`.
 * Connections are kept alive; redirects are not followed, and proxies named in the environment are
 * not used, since either would hand a token to another host.
 */
export function httpBrokerClient(options: HttpBrokerClientOptions): BrokerClient {
  return options.dialect === 'keybrake'
    ? new KeybrakeClient(options)
    : new VaultKeyBrokerClient(options);
}
