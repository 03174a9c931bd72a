import { Retention } from '../retention';
import { StoreLedger } from '../store-ledger';
import { SqliteStore } from './sqlite-store';
import type { SqliteStoreSettings } from './sqlite-store';

const DAY_MS = 86_400_000;
const KEPT_MS = 90 * DAY_MS;

/** How a ledger is opened. */
export interface SqliteLedgerSettings extends SqliteStoreSettings {
  /**
   * How long rows stay after their end, in milliseconds; at least two days.
   *
   * @default 90 days
   */
  retentionMs?: number | undefined;
}

/** The ledger in one SQLite file, or in memory. */
export class SqliteLedger extends StoreLedger {
  readonly #retention: Retention;

  /**
   * @param file A path, or `:memory:`.
   * @throws As `SqliteStore`.
   */
  constructor(file: string, settings: SqliteLedgerSettings = {}) {
    const store = new SqliteStore(file, settings);
    super(store, settings.log);
    this.#retention = new Retention(store, settings.retentionMs ?? KEPT_MS);
    this.#retention.start();
    this.resumeCounts();
  }

  override close(): Promise<void> {
    this.#retention.close();
    return super.close();
  }
}
