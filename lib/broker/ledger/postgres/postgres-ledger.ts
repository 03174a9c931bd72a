import { Retention } from '../retention';
import { StoreLedger } from '../store-ledger';
import type { PooledStore } from './pg-pool';
import { PostgresStore } from './postgres-store';
import type { PostgresStoreSettings } from './postgres-store';

/** How a ledger in PostgreSQL is opened. */
export interface PostgresLedgerSettings extends PostgresStoreSettings {
  /**
   * How long rows stay after their end, in milliseconds; at least two days.
   *
   * @default for good
   */
  retentionMs?: number | undefined;
}

/** The ledger in PostgreSQL, which any number of processes have. */
export class PostgresLedger extends StoreLedger {
  readonly #retention: Retention | undefined;

  /** @throws As {@link PostgresStore.open}. */
  static async open(
    place: string | PooledStore,
    settings: PostgresLedgerSettings,
  ): Promise<PostgresLedger> {
    return new PostgresLedger(await PostgresStore.open(place, settings), settings);
  }

  private constructor(store: PostgresStore, { retentionMs, log }: PostgresLedgerSettings) {
    super(store, log);
    if (retentionMs !== undefined) {
      this.#retention = new Retention(store, retentionMs, () => store.maySweep(retentionMs));
      this.#retention.start();
    }
    this.spend.start();
    void this.resumeCounts();
  }

  override async close(): Promise<void> {
    this.#retention?.close();
    await this.spend.close();
    await super.close();
  }
}
