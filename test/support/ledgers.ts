import type { Ledger } from '../../lib/broker/ledger/ledger';
import { MemoryStore } from '../../lib/broker/ledger/memory/memory-store';
import { PostgresStore } from '../../lib/broker/ledger/postgres/postgres-store';
import { SqliteLedger } from '../../lib/broker/ledger/sqlite/sqlite-ledger';
import { StoreLedger } from '../../lib/broker/ledger/store-ledger';
import { POSTGRES_WAYS } from './postgres-stores';
import type { PostgresStores, PostgresWay } from './postgres-stores';
import { propertyRuns } from './property-runs';
import type { TestClock } from './test-clock';

/** A ledger on one of the stores, and how many scripts it plays. */
type LedgerRow = [name: string, open: (clock: TestClock) => Ledger | Promise<Ledger>, runs: number];

/** The rules are the same on every store: one in memory plays most of the scripts. To be called outside of tests. */
export function everyLedger(): LedgerRow[] {
  const started = new Map<string, PostgresStores>();
  afterAll(() => Promise.all([...started.values()].map((stores) => stores.close())));

  async function inPostgres([name, start]: PostgresWay, clock: TestClock): Promise<Ledger> {
    const stores = started.get(name) ?? (await start());
    started.set(name, stores);
    const store = await PostgresStore.open(await stores.url(), { auditKey: 'a key', clock });
    return new StoreLedger(store);
  }

  return [
    ['in memory', (clock) => new StoreLedger(new MemoryStore({ clock })), propertyRuns(600)],
    ['in SQLite', (clock) => new SqliteLedger(':memory:', { clock }), propertyRuns(60)],
    ...POSTGRES_WAYS.map((way): LedgerRow => [
      `in ${way[0]}`,
      (clock) => inPostgres(way, clock),
      propertyRuns(12),
    ]),
  ];
}
