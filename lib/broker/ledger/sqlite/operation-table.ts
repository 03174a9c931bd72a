import type { Outcome } from '../../pricing/price';
import type { Operation } from '../rules/operation';
import type { NamedOperation } from '../rules/settlement';
import { Rows } from './rows';
import type { SqliteConnection, SqliteValue } from './sqlite-driver';

/** What is known of each `Idempotency-Key`, by vendor and the key's hash. */
export class OperationTable {
  readonly rows: Rows<NamedOperation>;

  constructor(private readonly connection: SqliteConnection) {
    const changing = [
      'fingerprint',
      'hold_id',
      'first_sent_at',
      'in_flight',
      'dearest',
      'ended_at',
    ] as const;
    this.rows = new Rows<NamedOperation>(connection, {
      table: 'operations',
      columns: ['vendor', 'idempotency_key_hash', ...changing],
      keyColumns: 2,
      changing,
      keyOf: ({ vendor, keyHash }) => nameOf(vendor, keyHash),
      valuesOf,
      rowOf,
    });
  }

  /** What was in flight when its process died is in flight no more. To be done before anything else. */
  forgetFlights(): void {
    this.connection.exec('UPDATE operations SET in_flight = 0, dearest = NULL WHERE in_flight > 0');
  }

  /** Those with a call in flight. To be asked once all rows are written. */
  inFlight(): NamedOperation[] {
    const found = this.connection
      .prepare('SELECT * FROM operations WHERE in_flight > 0')
      .all() as Record<string, SqliteValue>[];
    return found.map((row) => this.rows.remember(row));
  }

  get(vendor: string, keyHash: string): Operation | undefined {
    return this.rows.get(nameOf(vendor, keyHash), [vendor, keyHash])?.operation;
  }

  put(vendor: string, keyHash: string, operation: Operation): void {
    this.rows.put({ vendor, keyHash, operation });
  }
}

function nameOf(vendor: string, keyHash: string): string {
  return `${vendor}/${keyHash}`;
}

function valuesOf({ vendor, keyHash, operation }: NamedOperation): SqliteValue[] {
  return [
    vendor,
    keyHash,
    operation.fingerprint,
    operation.holdId ?? null,
    operation.firstSentAt,
    operation.inFlight,
    operation.dearest === undefined ? null : JSON.stringify(operation.dearest),
    operation.endedAt ?? null,
  ];
}

function rowOf(values: readonly SqliteValue[]): NamedOperation {
  const [vendor, keyHash, fingerprint, holdId, firstSentAt, inFlight, dearest, endedAt] = values;
  return {
    vendor: vendor as string,
    keyHash: keyHash as string,
    operation: {
      fingerprint: fingerprint as string,
      ...(holdId === null ? {} : { holdId: holdId as string }),
      firstSentAt: firstSentAt as number,
      inFlight: inFlight as number,
      ...(dearest === null ? {} : { dearest: JSON.parse(dearest as string) as Outcome }),
      ...(endedAt === null ? {} : { endedAt: endedAt as number }),
    },
  };
}
