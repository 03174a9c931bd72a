import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Ledger } from './ledger';
import { askForStore } from './sqlite/process-stores';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import type { SqliteLedgerSettings } from './sqlite/sqlite-ledger';
import { StoreInUseError } from './store-doubt';

/** How long a start waits for a broker that is stopping, and how often it looks. */
const STORE_WAIT_MS = 10_000;
const STORE_POLL_MS = 100;

/**
 * Opens the ledger on its store: the place where a database is chosen.
 *
 * @param file A path, or `:memory:`.
 * @throws StoreInUseError where another broker has the store after `waitMs`.
 * @throws As `SqliteLedger`.
 */
export async function openLedger(
  file: string,
  settings: SqliteLedgerSettings,
  waitMs = STORE_WAIT_MS,
): Promise<Ledger> {
  const deadline = performance.now() + waitMs;
  for (let isTold = false; ; isTold = true) {
    try {
      return new SqliteLedger(file, settings);
    } catch (error) {
      if (!(error instanceof StoreInUseError) || performance.now() >= deadline) throw error;
      if (error.holder === 'this process' && (await askForStore(error.file))) continue;
      const wait = `waiting up to ${waitMs / 1_000} s for its end`;
      if (!isTold) settings.log?.(`${error.what}; ${wait}`);
    }
    await setTimeout(STORE_POLL_MS);
  }
}
