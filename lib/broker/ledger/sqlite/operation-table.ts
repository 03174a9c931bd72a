import type { Outcome } from '../../pricing/price';
import type { NamedOperation, Operation } from '../rules/operation';
import { CachedTable } from './cached-table';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { changing, key } from './table-form';
import type { FoundRow, TableForm } from './table-form';

const OPERATIONS: TableForm<NamedOperation> = {
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
  ],
  keyOf: ({ vendor, keyHash }) => nameOf(vendor, keyHash),
  rowOf: (found) => ({
    vendor: found['vendor'] as string,
    keyHash: found['idempotency_key_hash'] as string,
    operation: operationOf(found),
  }),
};

/** What is known of each `Idempotency-Key`, by vendor and the key's hash. */
export class OperationTable {
  readonly table: CachedTable<NamedOperation>;

  constructor(
    private readonly connection: SqliteConnection,
    writes: PendingWrites,
  ) {
    this.table = new CachedTable(connection, writes, OPERATIONS, { isFiltered: true });
  }

  /** What was in flight when its process ended is in flight no more. To be done before anything else. */
  forgetFlights(): void {
    this.connection.exec(
      'UPDATE operations SET in_flight = 0, costliest = NULL WHERE in_flight > 0',
    );
  }

  /** Those with a call in flight. To be asked once all rows are clean. */
  inFlight(): NamedOperation[] {
    const found = this.connection
      .prepare('SELECT * FROM operations WHERE in_flight > 0')
      .all() as FoundRow[];
    return found.map((row) => this.table.remember(row));
  }

  get(vendor: string, keyHash: string): Operation | undefined {
    return this.table.get(nameOf(vendor, keyHash), [vendor, keyHash])?.operation;
  }

  put(vendor: string, keyHash: string, operation: Operation): void {
    this.table.put({ vendor, keyHash, operation });
  }
}

function nameOf(vendor: string, keyHash: string): string {
  return `${vendor}/${keyHash}`;
}

function operationOf(found: FoundRow): Operation {
  const { fingerprint, hold_id: holdId, costliest, ended_at: endedAt } = found;
  const { earlier_hold_ids: earlierHoldIds } = found;
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
  };
}
