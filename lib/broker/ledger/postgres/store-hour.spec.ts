import fc from 'fast-check';
import {
  EDGE,
  anInstant,
  cappedKey,
  charge,
  passedCaps,
} from '../../../../test/support/clock-edges';
import { PostgresServer } from '../../../../test/support/postgres-server';
import { propertyRuns } from '../../../../test/support/property-runs';
import { TestClock } from '../../../../test/support/test-clock';
import { until } from '../../../../test/support/until';
import type { AdmittedCall } from '../records';
import { StoreLedger } from '../store-ledger';
import { PostgresStore } from './postgres-store';

const CENT = 10_000;
const DAY = 86_400_000;

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
}, 60_000);
afterAll(() => server.remove());

/** Two instances on one store, each with its own view of the clock. */
async function pairOf(...instants: [number, number]) {
  const url = await server.database();
  const clocks = instants.map((instant) => new TestClock(instant));
  const ledgers: StoreLedger[] = [];
  for (const clock of clocks) {
    ledgers.push(new StoreLedger(await PostgresStore.open(url, { auditKey: 'a key', clock })));
  }
  const close = async () => void (await Promise.all(ledgers.map((each) => each.close())));
  const query = (text: string) => server.query(new URL(url).pathname.slice(1), text);
  return { ledgers, clocks, close, query };
}

it.each([
  ['24h', EDGE],
  ['week', EDGE + DAY],
  ['month', EDGE + DAY],
] as const)(
  'one %s is one for two instances, of which one sees its edge 100 ms before the other',
  async (period, edge) => {
    const { ledgers, close } = await pairOf(edge + 50, edge - 50);
    const [ahead, behind] = ledgers as [StoreLedger, StoreLedger];
    const key = cappedKey({ [period]: 10 * CENT });
    await ahead.issue(key);
    expect(await charge(ahead, key, 6)).toMatchObject({ admitted: true });
    expect(await charge(behind, key, 6)).toMatchObject({
      admitted: false,
      refusal: { code: 'cap_exhausted' },
    });
    expect(await charge(behind, key, 4)).toMatchObject({ admitted: true });
    await close();
  },
);

it('an hour that has begun in the store is the hour of an instance that starts with an earlier clock', async () => {
  const { ledgers, clocks, close } = await pairOf(EDGE + 50, EDGE - 50);
  const [ahead, behind] = ledgers as [StoreLedger, StoreLedger];
  const key = cappedKey({ week: 10 * CENT });
  await ahead.issue(key);
  await charge(behind, key, 6);
  clocks[1]!.instant = EDGE - 7 * DAY;
  await charge(behind, key, 1);
  const { entries } = await ahead.holds({}, { limit: 10 });
  expect(entries.map(({ createdAt }) => createdAt)).toEqual([EDGE, EDGE]);
  await close();
});

it('days that are over are read as one line each, and count as before', async () => {
  const { ledgers, clocks, close, query } = await pairOf(EDGE, EDGE);
  const [one, other] = ledgers as [StoreLedger, StoreLedger];
  const key = cappedKey({ month: 31 * CENT });
  await one.issue(key);
  const calls: AdmittedCall[] = [];
  for (let hour = 0; hour < 15; hour++) {
    for (const [i, clock] of clocks.entries()) {
      clock.instant = EDGE + hour * 3_600_000;
      const decision = await charge(ledgers[i]!, key, 1);
      if (decision.admitted) calls.push(decision.call);
    }
  }
  const linesOf = async (day: string) => {
    const [row] = await query(
      `SELECT count(*)::int AS lines FROM vault_key.balances WHERE name LIKE '["user"%@${day}'`,
    );
    return row?.['lines'];
  };
  expect(await linesOf('2026-06-01')).toBeGreaterThan(8);
  // The day before may still be told apart by the hour.
  clocks[0]!.instant = EDGE + DAY;
  expect(await charge(one, key, 2)).toMatchObject({ admitted: false });
  expect(await linesOf('2026-06-01')).toBeGreaterThan(8);
  clocks[0]!.instant = EDGE + 2 * DAY;
  await until(
    async () => {
      expect(await charge(one, key, 2)).toMatchObject({ admitted: false });
      return (await linesOf('2026-06-01')) === 1;
    },
    () => 'the lines are as many as before',
  );
  await one.end({ call: calls[0]!, outcome: { ending: 'released' }, audit: {} });
  clocks[1]!.instant = EDGE + 2 * DAY;
  expect(await charge(other, key, 3)).toMatchObject({ admitted: false });
  expect(await charge(other, key, 2)).toMatchObject({ admitted: true });
  await close();
});

it('no cap is passed by two instances whose clocks jump both ways', async () => {
  const round = fc.record({
    sets: fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), anInstant), { maxLength: 2 }),
    calls: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 3, maxLength: 10 }), async (rounds) => {
      const { ledgers, clocks, close } = await pairOf(EDGE - 50, EDGE - 50);
      const key = cappedKey();
      await ledgers[0]!.issue(key);
      for (const { sets, calls } of rounds) {
        for (const [who, instant] of sets) clocks[who]!.instant = instant;
        await Promise.all(calls.map((who) => charge(ledgers[who]!, key)));
      }
      expect(await passedCaps(ledgers[0]!)).toEqual([]);
      await close();
    }),
    { numRuns: propertyRuns(24) },
  );
});
