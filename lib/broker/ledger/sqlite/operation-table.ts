import type { Outcome } from '../../pricing/price';
import type { Operation } from '../operation';
import type { SqliteConnection, SqliteStatement } from './sqlite-driver';

interface OperationRow {
  fingerprint: string;
  hold_id: string | null;
  first_sent_at: number;
  in_flight: number;
  dearest: string | null;
  ended_at: number | null;
}

/** What is known of each `Idempotency-Key`, by vendor and the key's hash. */
export class OperationTable {
  readonly #get: SqliteStatement;
  readonly #put: SqliteStatement;

  constructor(private readonly connection: SqliteConnection) {
    this.#get = connection.prepare(
      'SELECT * FROM operations WHERE vendor = ? AND idempotency_key_hash = ?',
    );
    this.#put = connection.prepare(
      `INSERT OR REPLACE INTO operations
         (vendor, idempotency_key_hash, fingerprint, hold_id, first_sent_at, in_flight, dearest, ended_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** What was in flight when its process died is in flight no more. */
  forgetFlights(): void {
    this.connection.exec('UPDATE operations SET in_flight = 0, dearest = NULL WHERE in_flight > 0');
  }

  get(vendor: string, keyHash: string): Operation | undefined {
    const row = this.#get.get(vendor, keyHash) as OperationRow | undefined;
    if (row === undefined) return undefined;
    return {
      fingerprint: row.fingerprint,
      ...(row.hold_id === null ? {} : { holdId: row.hold_id }),
      firstSentAt: row.first_sent_at,
      inFlight: row.in_flight,
      ...(row.dearest === null ? {} : { dearest: JSON.parse(row.dearest) as Outcome }),
      ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    };
  }

  put(vendor: string, keyHash: string, operation: Operation): void {
    this.#put.run(
      vendor,
      keyHash,
      operation.fingerprint,
      operation.holdId ?? null,
      operation.firstSentAt,
      operation.inFlight,
      operation.dearest === undefined ? null : JSON.stringify(operation.dearest),
      operation.endedAt ?? null,
    );
  }
}
