import type { NamedOperation, Operation } from '../rules/operation';
import { CachedTable } from './cached-table';
import type { PendingWrites } from './pending-writes';
import type { SqliteConnection } from './sqlite-driver';
import { OPERATIONS, nameOfOperation } from '../tables/operation-rows';
import type { FoundRow } from '../tables/table-form';

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
    return this.table.get(nameOfOperation(vendor, keyHash), [vendor, keyHash])?.operation;
  }

  put(vendor: string, keyHash: string, operation: Operation): void {
    this.table.put({ vendor, keyHash, operation });
  }
}
