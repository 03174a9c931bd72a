import { StoreLedger } from '../store-ledger';
import { SqliteStore } from './sqlite-store';
import type { SqliteStoreSettings } from './sqlite-store';

/** The ledger in one SQLite file, or in memory. */
export class SqliteLedger extends StoreLedger {
  /**
   * @param file A path, or `:memory:`.
   * @throws As `SqliteStore`.
   */
  constructor(file: string, settings: SqliteStoreSettings = {}) {
    super(new SqliteStore(file, settings), settings.log);
    this.resumeCounts();
  }
}
