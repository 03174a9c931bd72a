import { AskingLedger, DOLLAR, START, dollars } from '../../../../test/support/asking-ledger';
import { keyRecord } from '../../../../test/support/key-record';
import type { Price } from '../../pricing/price';
import { MemoryStore } from '../memory/memory-store';

const key = keyRecord('k', { capMicros: 1_000 * DOLLAR, createdAt: START });

it('an item that is on two lines of a bill has been counted once', async () => {
  const on = new AskingLedger(async (clock) => new MemoryStore({ clock }));
  await on.begin();
  await on.ledger.issue(key);
  const item = { id: 'ii_1', aliases: [], amount: 10_000, currency: 'usd' };
  const made = await on.admitted(key, { price: dollars(100) });
  await on.end(made, { ending: 'settled', object: item });
  const line = { id: 'ii_1', micros: 100 * DOLLAR };
  const bill: Price = { ...(dollars(200) as Price & { kind: 'amount' }), takesUp: [line, line] };
  const call = await on.admitted(key, { price: bill });
  expect(call.micros).toBe(100 * DOLLAR);
  await on.end(call, {
    ending: 'settled',
    object: { id: 'in_1', aliases: [], amount: 20_000, currency: 'usd' },
    reportedMicros: 200 * DOLLAR,
    takenUp: ['ii_1', 'ii_1'],
  });
  expect((await on.ledger.key('k'))?.balance.spent).toBe(200 * DOLLAR);
  await on.ledger.close();
});
