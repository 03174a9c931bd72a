import type { OpenUnion } from '../contract/open-union';
import type { RefusalCode } from '../contract/refusal-codes';

/**
 * The `error` of an answer, and the `code` of an exception: this package's own, then the broker's
 * (docs/broker.md, "Refusal codes").
 */
export type VaultKeyExceptionCode = OpenUnion<
  | 'agent_braked'
  | 'client_closed_request'
  | 'dialect_not_supported'
  | 'endpoint_not_allowed'
  | 'host_not_proxied'
  | 'invalid_identity'
  | 'invalid_run_id'
  | 'retry_too_late'
  | 'spend_cap_exceeded'
  | 'transport_not_supported'
  | 'vault_key_invalid'
  | 'vault_key_missing'
  | 'vault_key_unavailable'
  | 'vendor_error'
  | 'vendor_outcome_unknown'
  | 'vendor_rate_limited'
  | 'vendor_unreachable'
  | RefusalCode
>;
