import type { KeyRecord } from '../../lib/broker/keys/key';

/** A key as a ledger has it, with a cap of one US dollar, that never expires. */
export function keyRecord(id: string, more: Partial<KeyRecord> = {}): KeyRecord {
  return {
    id,
    tokenHash: `hash of ${id}`,
    label: id,
    vendor: 'stripe',
    capMicros: 1_000_000,
    allowedEndpoints: ['/v1/payment_intents'],
    subject: { user_id: 'u' },
    budgets: {},
    createdAt: 1_000,
    expiresAt: 1e15,
    ...more,
  };
}
