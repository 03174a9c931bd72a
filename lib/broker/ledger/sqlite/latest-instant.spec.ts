import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  EDGE,
  anInstant,
  cappedKey,
  charge,
  passedCaps,
} from '../../../../test/support/clock-edges';
import { propertyRuns } from '../../../../test/support/property-runs';
import { TestClock } from '../../../../test/support/test-clock';
import { SqliteLedger } from './sqlite-ledger';

const CENT = 10_000;
const DAY = 86_400_000;
const MOST_BEHIND = 300_000;

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vault-key-instant-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const newFile = () => join(folder, `${++files}.db`);

it('a restart with a clock of before midnight goes on in the day, the week and the month that had begun', async () => {
  const file = newFile();
  const key = cappedKey({ week: 10 * CENT, month: 10 * CENT });
  const before = new SqliteLedger(file, { clock: new TestClock(EDGE + DAY - 100) });
  await before.issue(key);
  await before.close();
  const then = new SqliteLedger(file, { clock: new TestClock(EDGE + DAY + 50) });
  expect(await charge(then, key, 6)).toMatchObject({ admitted: true });
  await then.close();
  const clock = new TestClock(EDGE + DAY - 50);
  const after = new SqliteLedger(file, { clock });
  expect(await charge(after, key, 6)).toMatchObject({ admitted: false });
  clock.instant += 1_000;
  expect(after.now()).toBe(EDGE + DAY + 1_050);
  await after.close();
});

it('an hour is written down with the first decision in it', async () => {
  const file = newFile();
  const clock = new TestClock(EDGE - 100);
  const key = cappedKey({ week: 10 * CENT });
  const ledger = new SqliteLedger(file, { clock });
  await ledger.issue(key);
  clock.instant = EDGE + 50;
  await charge(ledger, key, 6);
  await ledger.close();
  const again = new SqliteLedger(file, { clock: new TestClock(EDGE - 50) });
  expect(again.now()).toBe(EDGE + 50);
  await again.close();
});

it('no cap is passed by a store that is started again with clocks that are a little behind, or ahead', async () => {
  const life = fc.record({
    at: anInstant,
    behind: fc.constantFrom(0, 100, MOST_BEHIND),
    calls: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 5 }), async (lives) => {
      const file = newFile();
      const key = cappedKey();
      let latest = -Infinity;
      for (const [i, { at, behind, calls }] of lives.entries()) {
        const clock = new TestClock(Math.max(at, latest - behind));
        const ledger = new SqliteLedger(file, { clock });
        if (i === 0) await ledger.issue(key);
        for (let call = 0; call < calls; call++) {
          await charge(ledger, key);
          clock.instant += 40;
        }
        latest = Math.max(latest, ledger.now());
        if (i === lives.length - 1) expect(await passedCaps(ledger)).toEqual([]);
        await ledger.close();
      }
    }),
    { numRuns: propertyRuns(30) },
  );
});
