import { Retention } from '../retention';
import { StoreLedger } from '../store-ledger';
import { SqliteStore } from './sqlite-store';
import type { SqliteStoreSettings } from './sqlite-store';

/** How a ledger is opened. */
export interface SqliteLedgerSettings extends SqliteStoreSettings {
  /**
   * How long rows stay after their end, in milliseconds; at least two days.
   *
   * @default for good
   */
  retentionMs?: number | undefined;
}

/** The ledger in one SQLite file, or in memory. */
export class SqliteLedger extends StoreLedger {
  readonly #retention: Retention | undefined;

  /**
   * @param file A path, or `:memory:`.
   * @throws As `SqliteStore`.
   */
  constructor(file: string, settings: SqliteLedgerSettings = {}) {
    const store = new SqliteStore(file, settings);
    super(store, settings.log);
    const { retentionMs } = settings;
    this.#retention = retentionMs === undefined ? undefined : new Retention(store, retentionMs);
    this.#retention?.start();
    this.spend.start();
    void this.resumeCounts();
  }

  override async close(): Promise<void> {
    this.#retention?.close();
    await this.spend.close();
    await super.close();
  }
}
