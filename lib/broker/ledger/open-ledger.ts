import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { StorePlace } from '../broker.options';
import { Clock } from '../clock';
import type { StoreClock } from '../clock';
import type { Ledger } from './ledger';
import { PostgresLedger } from './postgres/postgres-ledger';
import { askForStore } from './sqlite/process-stores';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import type { SqliteLedgerSettings } from './sqlite/sqlite-ledger';
import { StoreInUseError } from './store-doubt';

/** How long a start waits for a broker that is stopping, and how often it looks. */
const STORE_WAIT_MS = 10_000;
const STORE_POLL_MS = 100;

/** How a ledger is opened, wherever its store is. */
export interface LedgerSettings extends Omit<SqliteLedgerSettings, 'clock'> {
  /** In place of the store's own: a server's, or that of the machine. */
  clock?: StoreClock | undefined;
}

/**
 * Opens the ledger on its store: the place where a database is chosen.
 *
 * @throws StoreInUseError where another broker has the file after `waitMs`.
 * @throws As `SqliteLedger`, or as `PostgresLedger.open`.
 */
export async function openLedger(
  place: StorePlace,
  { clock, ...settings }: LedgerSettings,
  waitMs = STORE_WAIT_MS,
): Promise<Ledger> {
  if ('file' in place) {
    return openFile(place.file, { ...settings, clock: clock ?? new Clock(settings.log) }, waitMs);
  }
  const { auditKey = '', retentionMs, log = () => {} } = settings;
  return PostgresLedger.open('url' in place ? place.url : place, {
    auditKey,
    retentionMs,
    log,
    ...(clock === undefined ? {} : { clock }),
  });
}

async function openFile(
  file: string,
  settings: SqliteLedgerSettings,
  waitMs: number,
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
