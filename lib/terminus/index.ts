export { VaultKeyHealthIndicator } from './vault-key.health';
export type { VaultKeyHealthOptions } from './vault-key.health';
