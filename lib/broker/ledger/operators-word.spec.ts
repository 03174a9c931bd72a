import type { KeyRecord } from '../keys/key';
import type { Outcome, Price } from '../pricing/price';
import type { Ledger } from './ledger';
import { MemoryStore } from './memory/memory-store';
import type { AdmittedCall, Decision } from './records';
import { SqliteLedger } from './sqlite/sqlite-ledger';
import { StoreLedger } from './store-ledger';
import { TestClock } from '../../../test/support/test-clock';

const USD = 1_000_000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1, 22);
const KEY: KeyRecord = {
  id: 'k',
  tokenHash: 'hash',
  label: 'k',
  vendor: 'stripe',
  capMicros: 1_000 * USD,
  allowedEndpoints: ['/v1/payment_intents'],
  subject: { user_id: 'u' },
  budgets: {},
  createdAt: START,
  expiresAt: START + 24 * HOUR,
};
const PAYMENT: Price = { kind: 'amount', micros: 100 * USD, amount: 10_000, currency: 'usd' };
const FEE: Price = { kind: 'fee', micros: 100 * USD };
const CAPTURE: Price = { kind: 'exposure', objectId: 'pi_1', amount: 10_000, currency: 'usd' };
const INTENT = { id: 'pi_1', aliases: [], amount: 10_000, currency: 'usd' };
const EXECUTED: Outcome = { ending: 'settled', object: INTENT, reportedMicros: 100 * USD };

describe.each<[string, (clock: TestClock) => Ledger]>([
  ['in memory', (clock) => new StoreLedger(new MemoryStore({ clock }))],
  ['in SQLite', (clock) => new SqliteLedger(':memory:', { clock })],
])('what an operator says of a hold, %s', (_name, open) => {
  let ledger: Ledger;
  let clock: TestClock;
  let calls: number;
  beforeEach(async () => {
    clock = new TestClock(START);
    ledger = open(clock);
    calls = 0;
    await ledger.issue(KEY);
  });
  afterEach(() => ledger.close());

  function ask(price: Price): Promise<Decision> {
    clock.instant += 1;
    return ledger.admit({
      callId: `call_${++calls}`,
      key: KEY,
      account: '',
      price,
      operation: { keyHash: price.kind, fingerprint: price.kind },
      audit: { at: new Date(clock.now()).toISOString(), event: 'refusal' },
    });
  }
  async function admit(price: Price): Promise<AdmittedCall> {
    const decision = await ask(price);
    if (!decision.admitted) throw decision.refusal;
    return decision.call;
  }
  const end = (call: AdmittedCall, outcome: Outcome) => {
    clock.instant += 1;
    return ledger.end({ call, outcome, audit: {} });
  };
  const settle = (callId: string, usd: number) => {
    clock.instant += 1;
    return ledger.endHold(callId, usd * USD);
  };
  const balance = async () => {
    const found = await ledger.key('k');
    return [found!.balance.spent / USD, found!.balance.held / USD];
  };
  /** A call whose answer was lost, and that an operator has settled. */
  async function settledAt(price: Price, usd: number): Promise<void> {
    const call = await admit(price);
    await end(call, { ending: 'unknown' });
    await settle(call.callId, usd);
  }

  it.each([
    ['payment', PAYMENT],
    ['fee', FEE],
  ])('holds against no later answer: a retry of a %s counts', async (_kind, price) => {
    await settledAt(price, 0);
    await end(await admit(price), { ending: 'settled' });
    expect(await balance()).toEqual([100, 0]);
  });

  it('holds where the retry has moved nothing', async () => {
    await settledAt(PAYMENT, 30);
    const retry = await admit(PAYMENT);
    expect(await balance()).toEqual([0, 100]);
    await end(retry, { ending: 'released' });
    expect(await balance()).toEqual([30, 0]);
    // As often as it is tried.
    await end(await admit(PAYMENT), { ending: 'released' });
    expect(await balance()).toEqual([30, 0]);
  });

  it('holds no more where the outcome of the retry is unknown', async () => {
    await settledAt(PAYMENT, 30);
    await end(await admit(PAYMENT), { ending: 'unknown' });
    expect(await balance()).toEqual([0, 100]);
    await end(await admit(PAYMENT), { ending: 'released' });
    expect(await balance()).toEqual([0, 100]);
  });

  it('is overtaken by the first answer, while other retries are in flight', async () => {
    await settledAt(PAYMENT, 30);
    const retries = [await admit(PAYMENT), await admit(PAYMENT)];
    await end(retries[0]!, EXECUTED);
    expect(await balance()).toEqual([100, 0]);
    retries.push(await admit(PAYMENT));
    expect(await balance()).toEqual([100, 0]);
    for (const retry of retries.slice(1)) await end(retry, { ending: 'released' });
    expect(await balance()).toEqual([100, 0]);
  });

  it('is forgotten once the vendor has given the money back', async () => {
    await end(await admit({ kind: 'free' }), { ending: 'settled', object: INTENT });
    await settledAt(CAPTURE, 100);
    const canceled = { ending: 'settled', object: { ...INTENT, isFinal: true } } as const;
    await end(await admit({ kind: 'cancel', objectId: 'pi_1' }), { ...canceled, finalMicros: 0 });
    expect(await balance()).toEqual([0, 0]);
    await end(await admit(CAPTURE), EXECUTED);
    expect(await balance()).toEqual([0, 0]);
  });

  it('is not taken while one of several calls is in flight, whichever ends in the same moment', async () => {
    const first = await admit(PAYMENT);
    const second = await admit(PAYMENT);
    const ended = end(first, { ending: 'unknown' });
    await expect(ledger.endHold(first.callId, undefined)).rejects.toMatchObject({
      status: 422,
    });
    await ended;
    await end(second, EXECUTED);
    expect(await balance()).toEqual([100, 0]);
  });

  it('is not taken where the answer comes before it is written', async () => {
    const call = await admit(FEE);
    const said = settle(call.callId, 0);
    const ended = end(call, { ending: 'settled' });
    await expect(said).rejects.toMatchObject({ status: 422 });
    await ended;
    expect(await balance()).toEqual([100, 0]);
  });

  it('leaves no room for a retry that no cap has room for, and no day refills it', async () => {
    const rule = { scope: 'user', tenant: undefined, user: undefined, id: 'u' } as const;
    await ledger.putBudget({ ...rule, capMicros: 100 * USD });
    await settledAt(PAYMENT, 0);
    await end(await admit(FEE), { ending: 'settled' });
    clock.instant += 5 * HOUR;
    const decision = await ask(PAYMENT);
    if (decision.admitted) throw new Error('it was admitted');
    expect(decision.refusal).toMatchObject({
      code: 'cap_exhausted',
      message: expect.stringMatching(
        /^An operator has settled the first call of this operation at \$0\.00, so its retry needs another \$100\.00, but \$0\.00 remain of the user's cap of \$100\.00/,
      ),
    });
    expect(decision.refusal.fields).not.toHaveProperty('resets_at');
    const { entries } = await ledger.audit({ event: 'refusal' }, { limit: 1 });
    expect(entries[0]).toMatchObject({ requested_micros: 100 * USD });
  });
});
