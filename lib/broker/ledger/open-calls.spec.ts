import fc from 'fast-check';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { propertyRuns } from '../../../test/support/property-runs';
import { TestClock } from '../../../test/support/test-clock';
import { TestDisk } from '../../../test/support/test-disk';
import { turns } from '../../../test/support/turns';
import { dayOf } from '../budgets/budget';
import type { KeyRecord } from '../keys/key';
import type { Price } from '../pricing/price';
import type { AdmittedCall } from './records';
import { closeStore } from './sqlite/open-store';
import { openConnection } from './sqlite/sqlite-driver';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import { SqliteStore } from './sqlite/sqlite-store';
import { StoreLedger } from './store-ledger';
import { DAILY } from '../../../test/support/daily';

const CENT = 10_000;
const DAY_MS = 86_400_000;
const START = Date.parse('2026-01-01T12:00:00Z');
const USER = { scope: 'user', tenant: '', user: '', id: 'u' } as const;
const KEY: KeyRecord = {
  id: 'k',
  tokenHash: 'hash',
  label: 'k',
  vendor: 'stripe',
  capMicros: 1e6 * CENT,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: START,
  expiresAt: START + 100 * DAY_MS,
};
const PRICES = {
  payment: { kind: 'amount', micros: 5 * CENT, amount: 5, currency: 'usd' },
  free: { kind: 'free' },
  read: { kind: 'free' },
  retry: { kind: 'amount', micros: 5 * CENT, amount: 5, currency: 'usd' },
} satisfies Record<string, Price>;
type Kind = keyof typeof PRICES;

const folder = mkdtempSync(join(tmpdir(), 'vault-key-open-calls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);

/** What a kill at this moment would leave. */
function copyOf(file: string): string {
  const copy = newFile();
  for (const end of ['', '-wal', '.audit-key']) {
    if (existsSync(file + end)) copyFileSync(file + end, copy + end);
  }
  return copy;
}

let clock: TestClock;
let disk: TestDisk;
let file: string;
let ledger: StoreLedger;
let calls: number;
beforeEach(open);
afterEach(() => {
  jest.restoreAllMocks();
  return ledger.close();
});

/** A ledger on a file that its thread writes. */
async function open(): Promise<void> {
  clock = new TestClock(START);
  disk = new TestDisk();
  file = newFile();
  calls = 0;
  const store = new SqliteStore(file, { driver: disk.driver, clock });
  (await store.copy()).end();
  ledger = new StoreLedger(store);
  await ledger.issue(KEY);
}

async function ask(kind: Kind, on: Pick<StoreLedger, 'admit'> = ledger): Promise<AdmittedCall> {
  const callId = `call_${++calls}`;
  const decision = await on.admit({
    callId,
    key: KEY,
    account: '',
    price: PRICES[kind],
    isRead: kind === 'read',
    ...(kind === 'retry' ? { operation: { keyHash: 'same', fingerprint: 'same' } } : {}),
    audit: { at: 'then', event: 'refusal', call_id: callId, key_id: KEY.id, ...KEY.subject },
  });
  if (!decision.admitted) throw decision.refusal;
  return decision.call;
}

const end = (call: AdmittedCall, ending: 'settled' | 'released' | 'unknown' = 'settled') =>
  ledger.end({ call, outcome: { ending }, audit: {} });
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'admitted',
    ({ code }: { code: string }) => code,
  );

type Step =
  | { do: 'ask'; kind: Kind }
  | { do: 'end'; call: number; as: 'settled' | 'released' | 'unknown' }
  | { do: 'disk'; is: 'slow' | 'well' | 'full' | 'failing' }
  | { do: 'turns' | 'checkpoint' | 'hurry' | 'tomorrow' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      kind: fc.constantFrom<Kind>('payment', 'free', 'read', 'retry'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      call: fc.nat(5),
      as: fc.constantFrom('settled' as const, 'released' as const, 'unknown' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('disk' as const),
      is: fc.constantFrom('slow' as const, 'well' as const, 'full' as const, 'failing' as const),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'turns' as const,
        'turns' as const,
        'checkpoint' as const,
        'hurry' as const,
        'tomorrow' as const,
      ),
    }),
  },
);

it('after a kill each call has one row, and the rows of a day add up to its balance, whatever batches failed', async () => {
  const play = async (steps: readonly Step[]) => {
    await ledger.close();
    await open();
    const flights: AdmittedCall[] = [];
    const written = new Set<string>();
    const told = new Map<string, string>();
    const under: Promise<unknown>[] = [];
    const days = [dayOf(START)];
    for (const each of steps) {
      switch (each.do) {
        case 'ask':
          under.push(
            ask(each.kind).then(
              (call) => {
                flights.push(call);
                if (each.kind !== 'read') written.add(call.callId);
              },
              () => {},
            ),
          );
          break;
        case 'end': {
          const [call] = flights.splice(each.call % Math.max(1, flights.length), 1);
          if (call === undefined) break;
          under.push(end(call, each.as).then(() => told.set(call.callId, each.as)));
          break;
        }
        case 'disk':
          disk.isFull = each.is === 'full';
          if (each.is === 'slow') disk.slowDown();
          else if (each.is === 'well') disk.catchUp();
          else if (each.is === 'failing') disk.failNext(2);
          break;
        case 'turns':
          await turns();
          break;
        case 'checkpoint':
          under.push(ledger.holds({}, { limit: 1 }).catch(() => {}));
          break;
        case 'hurry':
          ledger.hurry();
          break;
        case 'tomorrow':
          clock.instant += DAY_MS;
          days.push(dayOf(clock.instant));
      }
    }
    disk.failNext(0);
    disk.isFull = false;
    disk.catchUp();
    await Promise.all(under);
    const areAllWritten = (await ledger.figures()).keptSettlements === 0;

    const killed = copyOf(file);
    const again = new SqliteLedger(killed, { clock });
    const { entries } = await again.audit({}, { limit: 1_000 });
    const rows = entries.filter(({ event }) => event === 'call');
    const verdicts = new Map(rows.map(({ call_id: id, verdict }) => [id, verdict]));
    expect(verdicts.size).toBe(rows.length);
    for (const id of written) {
      expect([...verdicts.keys()]).toContain(id);
      const ending = told.get(id);
      if (areAllWritten && ending !== undefined) expect(verdicts.get(id)).toBe(ending);
    }
    for (const day of days) {
      const sum = entries
        .filter((row) => row.day === day)
        .reduce((total, row) => total + (row.settled_micros ?? 0), 0);
      clock.instant = Date.parse(day) + DAY_MS / 2;
      const cap = await again.capUnder({ ...USER, ...DAILY, capMicros: 1 });
      expect([day, sum]).toEqual([day, cap?.balance.spent]);
    }
    clock.instant = START + days.length * DAY_MS;
    expect(await again.verifyAudit()).toMatchObject({ ok: true });
    await again.close();
    const third = new SqliteLedger(killed, { clock });
    expect((await third.audit({}, { limit: 1_000 })).entries).toHaveLength(entries.length);
    await third.close();
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), play), {
    numRuns: propertyRuns(40),
    endOnFailure: true,
  });
});

describe('a call that only reads', () => {
  it('waits for no write, and has a row that a lost batch does not lose', async () => {
    disk.slowDown();
    const payment = codeOf(ask('payment'));
    await turns();
    const read = await ask('read');
    const ended = end(read);
    disk.failNext(1);
    disk.catchUp();
    await ended;
    expect(await payment).toBe('store_unavailable');
    const { entries } = await ledger.audit({ call_id: read.callId }, { limit: 10 });
    expect(entries).toMatchObject([{ event: 'call', verdict: 'settled' }]);
  });

  it('does not pass a brake whose lift is not written', async () => {
    await ledger.putBrake({ id: 'b', scope: 'user', target: 'u', reason: 'a test' });
    disk.slowDown();
    const lifted = codeOf(ledger.liftBrake('b'));
    await turns();
    const read = codeOf(ask('read'));
    await turns();
    disk.isFull = true;
    disk.catchUp();
    expect(await lifted).toBe('store_unavailable');
    disk.isFull = false;
    expect(['braked', 'store_unavailable']).toContain(await read);
    expect(await codeOf(ask('read'))).toBe('braked');
  });

  it('is refused while nothing can be written', async () => {
    disk.isFull = true;
    expect(await codeOf(ask('payment'))).toBe('store_unavailable');
    expect(await codeOf(ask('read'))).toBe('store_unavailable');
    disk.isFull = false;
    expect(await codeOf(ask('read'))).toBe('admitted');
    expect(await codeOf(ask('read'))).toBe('admitted');
  });

  it('waits like any other once a write takes longer than a second', async () => {
    disk.slowDown();
    const payment = ask('payment');
    await turns();
    await ask('read');
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + 1_100);
    let isTold = false;
    const read = ask('read').then(() => (isTold = true));
    await turns();
    expect(isTold).toBe(false);
    disk.catchUp();
    await Promise.all([payment, read]);
  });
});

it('while the log takes no row every call is refused, and the store says so', async () => {
  await ledger.close();
  const connection = openConnection(file);
  connection.exec(`CREATE TRIGGER no_rows BEFORE INSERT ON audit
    WHEN NOT EXISTS (SELECT 1 FROM leases) BEGIN SELECT RAISE(FAIL, 'full'); END`);
  closeStore(connection);
  const lines: string[] = [];
  ledger = new SqliteLedger(file, { clock, log: (line) => lines.push(line) });
  await end(await ask('payment'));
  for (const kind of ['payment', 'read'] as const) {
    expect(await codeOf(ask(kind))).toBe('audit_unavailable');
  }
  expect(await codeOf(ledger.state())).toBe('audit_unavailable');
  expect(await codeOf(ledger.state())).toBe('audit_unavailable');
  expect(lines.filter((line) => line.includes('can be written again'))).toEqual([]);
  await ledger.beginLease('lease', 1_000);
  await ledger.issue({ ...KEY, id: 'k2', tokenHash: 'another' });
  while ((await ledger.figures()).keptSettlements > 0) await turns();
  expect(await codeOf(ask('payment'))).toBe('admitted');
  await ledger.state();
  expect(lines.filter((line) => line.includes('can be written again'))).toHaveLength(1);
});
