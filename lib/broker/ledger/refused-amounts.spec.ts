import { AskingLedger, DOLLAR, START, dollars } from '../../../test/support/asking-ledger';
import { keyRecord } from '../../../test/support/key-record';
import type { Price } from '../pricing/price';
import type { Admission } from './records';
import { MemoryStore } from './memory/memory-store';

let on: AskingLedger;
beforeEach(async () => {
  on = new AskingLedger(async (clock) => new MemoryStore({ clock }));
  await on.begin();
});
afterEach(() => on.ledger.close());

const key = keyRecord('k', { capMicros: 10 * DOLLAR, createdAt: START });

/** The code of a call's refusal, and the micro-dollars that its audit row says it asked for. */
async function refusal(price: Price, operation?: Admission['operation']) {
  const admission = on.admission(key, { price });
  await on.ledger.admit({ ...admission, ...(operation === undefined ? {} : { operation }) });
  const { entries } = await on.ledger.audit({ event: 'refusal' }, { limit: 1 });
  return [entries[0]?.verdict, entries[0]?.requested_micros];
}

describe('what a refused call had asked for', () => {
  beforeEach(() => on.ledger.issue(key));

  it('is counted where a brake stops it', async () => {
    await on.ledger.putBrake({ id: 'brk_1', scope: 'all', target: '', reason: 'enough' });
    expect(await refusal(dollars(7))).toEqual(['braked', 7 * DOLLAR]);
  });

  it('is counted where its Idempotency-Key was another call', async () => {
    await on.admitted(key, { price: dollars(2), under: 'one' });
    const other = { keyHash: 'one', fingerprint: 'another' };
    expect(await refusal(dollars(5), other)).toEqual(['idempotency_key_reused', 5 * DOLLAR]);
  });

  it('is not known of a change to what is there already before its object is', async () => {
    await on.ledger.putBrake({ id: 'brk_1', scope: 'all', target: '', reason: 'enough' });
    const capture = { kind: 'exposure', objectId: 'pi_1', amount: 500, currency: 'usd' } as const;
    expect(await refusal(capture)).toEqual(['braked', 0]);
  });
});
