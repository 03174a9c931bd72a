import type { Outcome } from '../../pricing/price';
import type { NamedOperation, Operation } from '../rules/operation';
import { changing, key } from './table-form';
import type { FoundRow, TableForm } from './table-form';

export const OPERATIONS: TableForm<NamedOperation> = {
  table: 'operations',
  columns: [
    key('vendor', ({ vendor }) => vendor),
    key('idempotency_key_hash', ({ keyHash }) => keyHash),
    changing('fingerprint', ({ operation }) => operation.fingerprint),
    changing('hold_id', ({ operation }) => operation.holdId ?? null),
    changing('first_sent_at', ({ operation }) => operation.firstSentAt),
    changing('in_flight', ({ operation }) => operation.inFlight),
    changing('costliest', ({ operation: { costliest } }) =>
      costliest === undefined ? null : JSON.stringify(costliest),
    ),
    changing('ended_at', ({ operation }) => operation.endedAt ?? null),
    changing('earlier_hold_ids', ({ operation: { earlierHoldIds } }) =>
      earlierHoldIds === undefined ? null : JSON.stringify(earlierHoldIds),
    ),
    changing('added_amount', ({ operation }) => operation.addedAmount ?? null),
  ],
  keyOf: ({ vendor, keyHash }) => nameOfOperation(vendor, keyHash),
  rowOf: (found) => ({
    vendor: found['vendor'] as string,
    keyHash: found['idempotency_key_hash'] as string,
    operation: operationOf(found),
  }),
};

export function nameOfOperation(vendor: string, keyHash: string): string {
  return `${vendor}/${keyHash}`;
}

export function operationOf(found: FoundRow): Operation {
  const { fingerprint, hold_id: holdId, costliest, ended_at: endedAt } = found;
  const { earlier_hold_ids: earlierHoldIds, added_amount: addedAmount } = found;
  return {
    fingerprint: fingerprint as string,
    ...(holdId === null ? {} : { holdId: holdId as string }),
    firstSentAt: found['first_sent_at'] as number,
    inFlight: found['in_flight'] as number,
    ...(costliest === null ? {} : { costliest: JSON.parse(costliest as string) as Outcome }),
    ...(endedAt === null ? {} : { endedAt: endedAt as number }),
    ...(earlierHoldIds === null
      ? {}
      : { earlierHoldIds: JSON.parse(earlierHoldIds as string) as string[] }),
    ...(addedAmount === null ? {} : { addedAmount: addedAmount as number }),
  };
}
