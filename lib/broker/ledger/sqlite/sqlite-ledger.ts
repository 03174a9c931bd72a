import { Clock } from '../../clock';
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
    const { clock = new Clock(), log = () => {} } = settings;
    super(new SqliteStore(file, { ...settings, clock }), log);
    this.resumeCounts(clock.now());
  }
}
