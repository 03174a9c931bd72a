import { PostgresServer } from '../../../../test/support/postgres-server';
import { RANDOM_START, playCalls } from '../../../../test/support/random-calls';
import type { RandomStep } from '../../../../test/support/random-calls';
import { TestClock } from '../../../../test/support/test-clock';
import { until } from '../../../../test/support/until';
import { StoreLedger } from '../store-ledger';
import { PostgresStore } from './postgres-store';

const PAYMENTS = 200;

let server: PostgresServer;
beforeAll(async () => {
  // As a store is before it was first looked at: a plan that is made then is kept.
  server = await PostgresServer.start({ settings: ['autovacuum=off'] });
}, 60_000);
afterAll(() => server.remove());

it('a batch reads the objects that it asks for, and not those beside them, also by a plan that was made on empty tables', async () => {
  const url = await server.store();
  const database = new URL(url).pathname.slice(1);
  const clock = new TestClock(RANDOM_START);
  const store = await PostgresStore.open(url, { auditKey: 'a key', clock });
  const ledger = new StoreLedger(store);
  const steps = Array.from({ length: PAYMENTS }, (_, i): RandomStep[] => [
    { do: 'pay', key: 0, cents: 100, under: undefined },
    { do: 'end', call: 0, as: 'settled' },
    { do: 'refund', key: 0, object: i, cents: 50 },
    { do: 'end', call: 0, as: 'settled' },
  ]).flat();
  await playCalls(steps, ledger, clock);
  await ledger.close();

  const readsOf = async () => {
    const [row] = await server.query(
      database,
      "SELECT idx_scan AS scans, idx_tup_read AS rows FROM pg_stat_user_indexes WHERE indexrelname = 'objects_pkey'",
    );
    return { scans: Number(row?.['scans']), rows: Number(row?.['rows']) };
  };
  // A session tells what it has read when it ends, at the latest.
  let reads = await readsOf();
  await until(
    async () => (reads = await readsOf()).scans >= PAYMENTS,
    () => JSON.stringify(reads),
  );
  // Some for each of its four calls.
  expect(reads.rows).toBeLessThan(20 * PAYMENTS);
});
