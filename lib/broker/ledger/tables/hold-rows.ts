import type { HoldState } from '../../../contract/states';
import type { Hold } from '../records';
import { changing, fixed, key } from './table-form';
import type { TableForm } from './table-form';

/** A hold, and its place among all others in the order in which they began. */
export interface PlacedHold extends Hold {
  position: number;
}

export const HOLDS: TableForm<PlacedHold> = {
  table: 'holds',
  order: 'position',
  columns: [
    key('call_id', ({ callId }) => callId),
    fixed('position', ({ position }) => position),
    fixed('key_id', ({ keyId }) => keyId),
    fixed('vendor', ({ vendor }) => vendor),
    fixed('account', ({ account }) => account),
    changing('object_id', ({ objectId }) => objectId),
    fixed('held', ({ heldMicros }) => heldMicros),
    changing('settled', ({ settledMicros }) => settledMicros),
    changing('undone', ({ undoneMicros }) => undoneMicros),
    fixed('refund_of', ({ refundOf }) => refundOf),
    fixed('refund_amount', ({ refundAmount }) => refundAmount),
    changing('state', ({ state }) => state),
    fixed('charged_to', ({ chargedTo }) => textOf(chargedTo)),
    fixed('created_at', ({ createdAt }) => createdAt),
    changing('ended_at', ({ endedAt }) => endedAt),
    fixed('idempotency_key_hash', ({ idempotencyKeyHash }) => idempotencyKeyHash),
    changing('ended_by_operator', ({ isEndedByOperator }) => (isEndedByOperator ? 1 : 0)),
  ],
  keyOf: ({ callId }) => callId,
  rowOf: (found) => ({
    callId: found['call_id'] as string,
    position: found['position'] as number,
    keyId: found['key_id'] as string,
    vendor: found['vendor'] as string,
    account: found['account'] as string,
    objectId: found['object_id'] as string | null,
    heldMicros: found['held'] as number,
    settledMicros: found['settled'] as number,
    undoneMicros: found['undone'] as number,
    refundOf: found['refund_of'] as string | null,
    refundAmount: found['refund_amount'] as number,
    state: found['state'] as HoldState,
    chargedTo: JSON.parse(found['charged_to'] as string) as string[],
    idempotencyKeyHash: found['idempotency_key_hash'] as string | null,
    createdAt: found['created_at'] as number,
    endedAt: found['ended_at'] as number | null,
    isEndedByOperator: found['ended_by_operator'] === 1,
  }),
};

/** A hold is written several times, and what it is charged to never changes. */
const textsOf = new WeakMap<readonly string[], string>();

function textOf(chargedTo: readonly string[]): string {
  const known = textsOf.get(chargedTo);
  if (known !== undefined) return known;
  const text = JSON.stringify(chargedTo);
  textsOf.set(chargedTo, text);
  return text;
}
