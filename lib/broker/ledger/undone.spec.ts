import { auditRowOf } from '../audit/audit-entry';
import type { KeyRecord } from '../keys/key';
import type { Subject } from '../keys/subject';
import { microsOf, rateOf } from '../pricing/currency';
import type { Rate, Rates } from '../pricing/currency';
import type { Outcome, Price } from '../pricing/price';
import { MemoryStore } from './memory/memory-store';
import type { AdmittedCall, Decision } from './records';
import { StoreLedger } from './store-ledger';
import { sweepNow } from '../../../test/support/sweep-now';
import { TestClock } from '../../../test/support/test-clock';
import { DAILY } from '../../../test/support/daily';

const CENT = 10_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1, 12);
const U: Subject = { tenant_id: 't', user_id: 'u' };

let clock: TestClock;
let store: MemoryStore;
let ledger: StoreLedger;
let ids: number;
beforeEach(() => {
  clock = new TestClock(START);
  store = new MemoryStore({ clock });
  ledger = new StoreLedger(store);
  ids = 0;
});
afterEach(() => ledger.close());

async function issue(cents: number, subject = U, more: Partial<KeyRecord> = {}) {
  const id = `vk_${++ids}`;
  const key: KeyRecord = {
    id,
    tokenHash: id,
    label: id,
    vendor: 'stripe',
    capMicros: cents * CENT,
    allowedEndpoints: ['/v1/refunds'],
    subject,
    budgets: {},
    createdAt: clock.instant,
    expiresAt: clock.instant + DAY,
    ...more,
  };
  await ledger.issue(key);
  return key;
}

function ask(key: KeyRecord, price: Price, { account = '', under = '' } = {}): Promise<Decision> {
  const callId = `call_${++ids}`;
  const audit = { ...auditRowOf('refusal', clock.instant, key), call_id: callId };
  const operation = { keyHash: under, fingerprint: JSON.stringify([key.subject, price.kind]) };
  return ledger.admit({
    callId,
    key,
    account,
    price,
    audit,
    ...(under === '' ? {} : { operation }),
  });
}

async function admit(...asked: Parameters<typeof ask>): Promise<AdmittedCall> {
  const decision = await ask(...asked);
  if (!decision.admitted) throw decision.refusal;
  return decision.call;
}

const end = (call: AdmittedCall, outcome: Outcome) => ledger.end({ call, outcome, audit: {} });

const rates = (eur: number): Rates => new Map([['eur', rateOf(eur) as Rate]]);

interface Payment {
  cents: number;
  currency?: string;
  /** What one cent comes to, in micro-dollars. */
  micros?: number;
  account?: string;
  hasDestination?: boolean;
}

/** A payment that is made, and captured; gives its PaymentIntent's id. */
async function pay(key: KeyRecord, payment: Payment): Promise<string> {
  const { cents, currency = 'usd', micros = CENT, account = '', hasDestination } = payment;
  const total = Math.ceil(cents * micros);
  const price: Price = { kind: 'amount', micros: total, amount: cents, currency };
  const call = await admit(key, price, { account });
  const object = {
    id: `pi_${ids}`,
    aliases: [`ch_${ids}`],
    amount: cents,
    currency,
    isFinal: true,
    ...(hasDestination === true ? { hasDestination } : {}),
  };
  await end(call, { ending: 'settled', object, reportedMicros: total });
  return object.id;
}

const refundOf = (objectId: string, amount?: number, more: object = {}): Price => ({
  kind: 'refund',
  objectId,
  ...(amount === undefined ? {} : { amount }),
  canUndo: true,
  ...more,
});

/** A refund that the vendor executes as it was asked for. */
async function refund(
  key: KeyRecord,
  objectId: string,
  amount?: number,
  more: Partial<Extract<Price, { kind: 'refund' }>> = {},
) {
  const call = await admit(key, refundOf(objectId, amount, more));
  const moved = amount ?? call.addedAmount ?? 0;
  const currency = more.rates === undefined ? 'usd' : 'eur';
  await end(call, {
    ending: 'settled',
    reportedMicros: microsOf(moved, currency, more.rates ?? new Map()) ?? 0,
    settledAmount: { amount: moved, currency },
  });
  return call;
}

/** What counts under a key, in cents. */
async function money({ id }: KeyRecord) {
  const { spent, held, undone } = (await ledger.key(id))!.balance;
  return { spent: spent / CENT, held: held / CENT, undone: undone / CENT };
}

const cap = (call: Promise<unknown>) =>
  expect(call).rejects.toMatchObject({ status: 429, code: 'cap_exhausted' });

describe('a mistake is taken back', () => {
  it('at the cap, once: what is left of a payment that was refunded is nothing', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 100 });
    await refund(key, payment, 100);
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 100 });
    await cap(refund(key, payment, 100));
    await cap(refund(key, payment));
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 100 });
  });

  it('in parts, by the ids of the PaymentIntent and of its charge, by another key of the user', async () => {
    const payment = await pay(await issue(100), { cents: 100 });
    const key = await issue(100);
    await refund(key, payment, 30);
    await refund(key, payment.replace('pi', 'ch'), 50);
    await refund(key, payment, 40);
    expect(await money(key)).toEqual({ spent: 20, held: 0, undone: 100 });
  });

  it('up to the cap, also where it is the sum of several payments’ refunds; the rest is spend', async () => {
    const first = await pay(await issue(100), { cents: 100 });
    const second = await pay(await issue(100), { cents: 100 });
    const key = await issue(150);
    await refund(key, first);
    await refund(key, second);
    expect(await money(key)).toEqual({ spent: 50, held: 0, undone: 150 });
    const other = await pay(await issue(200), { cents: 200 });
    await cap(refund(key, other, 101));
    await refund(key, other, 100);
    expect(await money(key)).toEqual({ spent: 150, held: 0, undone: 150 });
  });

  it('with nothing under a cap of 0, of the key, of a key above it or of a budget', async () => {
    const paid = await issue(100);
    const payment = await pay(paid, { cents: 100 });
    const none = await issue(0);
    await cap(refund(none, payment));
    await cap(refund(await issue(100, U, { parentId: none.id }), payment));
    await cap(refund(await issue(100, U, { budgets: { tool: { day: 0 } } }), payment));
    await ledger.putBudget({
      scope: 'vendor',
      tenant: undefined,
      user: undefined,
      id: 'stripe',
      ...DAILY,
      capMicros: 0,
    });
    await cap(refund(paid, payment));
  });

  it('under a cap in shadow mode as under none, and what that would have refused is recorded', async () => {
    const payment = await pay(await issue(100), { cents: 100 });
    const budgets = { user: { week: 30 * CENT } };
    const key = await issue(100, U, { budgets, budgetsMode: 'shadow' });
    const call = await refund(key, payment);
    expect(await money(key)).toEqual({ spent: 0, held: 0, undone: 100 });
    // It would have undone 30 of it, and 70 as spend beside the 100 would have been too much.
    expect(JSON.parse(call.audit.would_refuse ?? 'null')).toEqual([
      'user',
      'week',
      'app',
      30 * CENT,
    ]);
    const other = await issue(100, { ...U, user_id: 'v' }, { budgets, budgetsMode: 'shadow' });
    const small = await pay(other, { cents: 20 });
    expect((await refund(other, small)).audit.would_refuse ?? null).toBeNull();
  });

  it('and says in its refusal what it would have taken back', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 60 });
    await expect(refund(key, payment, 160)).rejects.toMatchObject({
      message: expect.stringContaining('needs $1.00 beside $0.60 that it takes back') as string,
      fields: { requested_usd: 1, takes_back_usd: 0.6, remaining_usd: 0.4 },
    });
  });

  it('on the day of the refund, under its own budgets', async () => {
    const paid = await issue(100, U, { budgets: { user: { day: 100 * CENT } } });
    const payment = await pay(paid, { cents: 100 });
    clock.instant += DAY;
    const key = await issue(100, U, { budgets: { user: { day: 100 * CENT } } });
    await refund(key, payment);
    const [, user] = await ledger.capsOver(key.id);
    expect(user?.balance).toEqual({ spent: 0, held: 0, undone: 100 * CENT });
    expect(await money(paid)).toEqual({ spent: 100, held: 0, undone: 0 });
  });
});

describe('a refund of what somebody else was charged is spend', () => {
  const somebody: [string, Subject, Subject][] = [
    ['another user', U, { tenant_id: 't', user_id: 'v' }],
    ['the user of that name in another tenant', U, { tenant_id: 's', user_id: 'u' }],
    ['the user of that name without a tenant', U, { user_id: 'u' }],
    ['a tenant’s user of that name', { user_id: 'u' }, U],
    ['a tenant alone', { tenant_id: 't' }, { tenant_id: 't' }],
    ['nobody', {}, {}],
    ['anybody', { user_id: 'anon' }, { user_id: 'anon' }],
    [
      'anybody in a tenant',
      { tenant_id: 't', user_id: 'anon' },
      { tenant_id: 't', user_id: 'anon' },
    ],
  ];
  it.each(somebody)('%s', async (_, payer, subject) => {
    const payment = await pay(await issue(100, payer), { cents: 100 });
    const key = await issue(100, subject);
    await refund(key, payment, 40);
    expect(await money(key)).toEqual({ spent: 40, held: 0, undone: 0 });
    await cap(refund(key, payment, 61));
  });

  it('but not of a user where no tenant is used', async () => {
    const key = await issue(100, { user_id: 'u', run_id: 'r', tool: 'x' });
    const payment = await pay(await issue(100, { user_id: 'u' }), { cents: 100 });
    await refund(key, payment);
    expect(await money(key)).toEqual({ spent: 0, held: 0, undone: 100 });
  });

  it('and counts against what is left to be undone', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 100 });
    await refund(await issue(100, { user_id: 'v' }), payment, 70);
    await cap(refund(key, payment, 31));
    await refund(key, payment);
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 30 });
  });

  it('also for the share of a payment that somebody else has paid for', async () => {
    const first = await issue(100);
    const call = await admit(first, {
      kind: 'amount',
      micros: 100 * CENT,
      amount: 100,
      currency: 'usd',
    });
    const object = { id: 'pi_1', aliases: ['ch_1'], amount: 100, currency: 'usd' };
    await end(call, { ending: 'settled', object });
    const second = await issue(200, { user_id: 'v' });
    const raised = await admit(second, { kind: 'change', objectId: 'pi_1', amount: 300 });
    await end(raised, { ending: 'settled', object: { ...object, amount: 300 } });
    const key = await issue(300);
    await refund(key, 'ch_1', 250);
    expect(await money(key)).toEqual({ spent: 150, held: 0, undone: 100 });
  });

  it('and so is that of another connected account’s payment of the same id', async () => {
    const key = await issue(200);
    const payment = await pay(key, { cents: 100, account: 'acct_1' });
    const other = ask(key, refundOf(payment, 100), { account: 'acct_2' });
    expect(await other).toMatchObject({ admitted: false, refusal: { code: 'amount_unknown' } });
    await admit(key, refundOf(payment, 100), { account: 'acct_1' });
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 100 });
  });
});

describe('what a refund says', () => {
  it('is on the list, else it is spend', async () => {
    const key = await issue(200);
    const payment = await pay(key, { cents: 100 });
    await refund(key, payment, 100, { canUndo: false });
    expect(await money(key)).toEqual({ spent: 200, held: 0, undone: 0 });
  });

  it('takes back what went to a connected account, else it is spend', async () => {
    const key = await issue(200);
    const payment = await pay(key, { cents: 100, hasDestination: true });
    await refund(key, payment, 60);
    expect(await money(key)).toEqual({ spent: 160, held: 0, undone: 0 });
    await refund(key, payment.replace('pi', 'ch'), 40, { reversesTransfer: true });
    expect(await money(key)).toEqual({ spent: 160, held: 0, undone: 40 });
  });

  it('names no amount: it is sent with what is left, again and again under one Idempotency-Key', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 100 });
    await refund(key, payment, 40);
    const under = 'hash';
    const call = await admit(key, refundOf(payment), { under });
    await refund(await issue(100, { user_id: 'v' }), payment, 10);
    const retry = await admit(await issue(100), refundOf(payment), { under });
    expect([call.addedAmount, retry.addedAmount]).toEqual([60, 60]);
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 100 });
  });

  it('names none of a payment of which nothing is left: the vendor is asked for all, as spend', async () => {
    const key = await issue(200);
    const payment = await pay(key, { cents: 100 });
    await refund(key, payment);
    expect((await admit(key, refundOf(payment))).addedAmount).toBe(100);
    expect(await money(key)).toEqual({ spent: 100, held: 100, undone: 100 });
  });
});

describe('what was settled', () => {
  it('is what a capture has left of an authorization', async () => {
    const key = await issue(100);
    const call = await admit(key, {
      kind: 'amount',
      micros: 100 * CENT,
      amount: 100,
      currency: 'usd',
    });
    const object = { id: 'pi_1', aliases: ['ch_1'], amount: 100, currency: 'usd' };
    await end(call, { ending: 'settled', object });
    const capture = await admit(key, { kind: 'exposure', objectId: 'pi_1', amount: 60 });
    await end(capture, {
      ending: 'settled',
      object: { ...object, amount: 60, isFinal: true },
      finalMicros: 60 * CENT,
    });
    await refund(key, 'pi_1', 70);
    expect(await money(key)).toEqual({ spent: 70, held: 0, undone: 60 });
  });

  it('is nothing of a payment that was declined', async () => {
    const key = await issue(100);
    const call = await admit(key, {
      kind: 'amount',
      micros: 100 * CENT,
      amount: 100,
      currency: 'usd',
    });
    const object = { id: 'pi_1', aliases: ['ch_1'], amount: 100, currency: 'usd' };
    await end(call, { ending: 'released', conclusive: true, object });
    await admit(key, refundOf('pi_1'));
    expect(await money(key)).toEqual({ spent: 0, held: 100, undone: 0 });
  });
});

describe('the outcome of a refund', () => {
  it('that the vendor declines gives back what was undone and what was held', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 60 });
    const call = await admit(key, refundOf(payment, 80));
    expect(await money(key)).toEqual({ spent: 60, held: 20, undone: 60 });
    await end(call, { ending: 'released', conclusive: true });
    expect(await money(key)).toEqual({ spent: 60, held: 0, undone: 0 });
    await refund(key, payment);
    expect(await money(key)).toEqual({ spent: 60, held: 0, undone: 60 });
  });

  it('that is unknown keeps counting as undone, and against what is left', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 100 });
    await end(await admit(key, refundOf(payment, 70)), { ending: 'unknown' });
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 70 });
    await cap(refund(key, payment, 31));
    await refund(key, payment, 30);
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 100 });
  });

  it('is spend for all that the vendor reports beyond what was asked for', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 100 });
    const call = await admit(key, refundOf(payment, 40));
    await end(call, {
      ending: 'settled',
      reportedMicros: 90 * CENT,
      settledAmount: { amount: 90, currency: 'usd' },
    });
    expect(await money(key)).toEqual({ spent: 150, held: 0, undone: 40 });
  });

  it('is what an operator says: undone first, then spend', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 60 });
    const call = await admit(key, refundOf(payment, 80), { under: 'hash' });
    await end(call, { ending: 'unknown' });
    expect(await ledger.endHold(call.callId, 50 * CENT)).toMatchObject({
      state: 'settled',
      settledMicros: 0,
      undoneMicros: 50 * CENT,
    });
    expect(await money(key)).toEqual({ spent: 60, held: 0, undone: 50 });
    // The same refund again: what the operator has settled of it is neither held nor undone again.
    const again = await admit(key, refundOf(payment, 80), { under: 'hash' });
    expect(await money(key)).toEqual({ spent: 60, held: 20, undone: 60 });
    await end(again, {
      ending: 'settled',
      reportedMicros: 80 * CENT,
      settledAmount: { amount: 80, currency: 'usd' },
    });
    expect(await money(key)).toEqual({ spent: 80, held: 0, undone: 60 });
    await cap(refund(key, payment, 21));
  });

  it('is more than was asked for where an operator says so, and leaves less to be undone', async () => {
    const key = await issue(200);
    const payment = await pay(key, { cents: 100 });
    const call = await admit(key, refundOf(payment, 40));
    await end(call, { ending: 'unknown' });
    await ledger.endHold(call.callId, 70 * CENT);
    expect(await money(key)).toEqual({ spent: 130, held: 0, undone: 40 });
    await refund(key, payment, 60);
    expect(await money(key)).toEqual({ spent: 160, held: 0, undone: 70 });
  });

  it('is nothing where an operator releases it; the same refund without an amount is sent as before', async () => {
    const key = await issue(120);
    const payment = await pay(key, { cents: 100 });
    const under = 'hash';
    const call = await admit(key, refundOf(payment), { under });
    await end(call, { ending: 'unknown' });
    await ledger.endHold(call.callId, 30 * CENT);
    await refund(await issue(100, { user_id: 'v' }), payment, 20);
    expect((await admit(key, refundOf(payment), { under })).addedAmount).toBe(100);
    expect(await money(key)).toEqual({ spent: 100, held: 20, undone: 80 });
    const other = await pay(await issue(100), { cents: 100 });
    const released = await admit(await issue(100), refundOf(other));
    await end(released, { ending: 'unknown' });
    await ledger.endHold(released.callId, undefined);
    const last = await issue(100);
    await refund(last, other);
    expect(await money(last)).toEqual({ spent: 0, held: 0, undone: 100 });
  });

  it('is in the audit log, row by row', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 60 });
    await refund(key, payment, 80);
    await end(await admit(key, refundOf(payment, 10)), { ending: 'unknown' });
    const { entries } = await ledger.audit({ event: 'call' }, { limit: 10 });
    expect(
      entries.map(({ verdict, requested_micros: asked, settled_micros, undone_micros }) => [
        verdict,
        asked,
        settled_micros,
        undone_micros,
      ]),
    ).toEqual([
      ['unknown', 10 * CENT, 0, null],
      ['settled', 80 * CENT, 20 * CENT, 60 * CENT],
      ['settled', 60 * CENT, 60 * CENT, null],
    ]);
  });
});

describe('a payment in another currency', () => {
  /** One cent of it comes to so many micro-dollars. */
  const MICROS = 10_912.3;
  const at = (eur: number) => ({ rates: rates(eur) });

  it('is undone whole, in however many parts, though each is rounded up', async () => {
    const key = await issue(100);
    const payment = await pay(key, { cents: 7, currency: 'eur', micros: MICROS });
    const filler = await issue(100);
    await pay(filler, { cents: 100 });
    for (let i = 0; i < 7; i++) await refund(filler, payment, 1, at(1.09123));
    const { spent, undone } = (await ledger.key(filler.id))!.balance;
    // Each of them is 10913 rounded up, and all of them are 76387 rounded up.
    expect([spent, undone]).toEqual([100 * CENT, Math.ceil(7 * MICROS)]);
    await cap(refund(filler, payment, 1, at(1.09123)));
  });

  it('is undone for no more than was settled where the rate has risen', async () => {
    const key = await issue(200);
    const payment = await pay(key, { cents: 100, currency: 'eur' });
    await refund(key, payment, 100, at(1.5));
    expect(await money(key)).toEqual({ spent: 150, held: 0, undone: 100 });
  });

  it('is undone for no more than its minor units where the rate has fallen', async () => {
    const key = await issue(200);
    const payment = await pay(key, { cents: 100, currency: 'eur' });
    await refund(key, payment, 100, at(0.5));
    expect(await money(key)).toEqual({ spent: 100, held: 0, undone: 50 });
    await refund(key, payment, 100, at(0.5));
    expect(await money(key)).toEqual({ spent: 150, held: 0, undone: 50 });
  });

  it('takes no change of the rate for rounding, however small', async () => {
    const key = await issue(300);
    const payment = await pay(key, { cents: 100, currency: 'eur' });
    await refund(key, payment, 50, at(1.5));
    await refund(key, payment, 50, at(1));
    expect(await money(key)).toEqual({ spent: 125, held: 0, undone: 100 });
    const other = await issue(300);
    const next = await pay(other, { cents: 100, currency: 'eur' });
    await refund(other, next, 50, at(1));
    await refund(other, next, 50, at(1.00000002));
    const { spent, undone } = (await ledger.key(other.id))!.balance;
    expect([spent, undone]).toEqual([100 * CENT + 1, 100 * CENT]);
  });

  it('is in minor units for the share that each of several users has paid for', async () => {
    const eur = (amount: number): Price => ({
      kind: 'amount',
      micros: amount * CENT,
      amount,
      currency: 'eur',
    });
    const call = await admit(await issue(100), eur(100));
    const object = { id: 'pi_1', aliases: [], amount: 100, currency: 'eur' };
    await end(call, { ending: 'settled', object });
    const raised = await admit(await issue(200, { user_id: 'v' }), {
      kind: 'change',
      objectId: 'pi_1',
      amount: 300,
      ...at(1),
    });
    await end(raised, { ending: 'settled', object: { ...object, amount: 300 } });
    const key = await issue(300);
    await refund(key, 'pi_1', 200, at(0.5));
    expect(await money(key)).toEqual({ spent: 50, held: 0, undone: 50 });
  });
});

it('a refund stays in the store as long as anything is settled of its payment', async () => {
  const payment = await pay(await issue(100), { cents: 100 });
  const { callId } = await refund(await issue(100), payment, 60);
  clock.instant += 63 * DAY;
  const raised = await admit(await issue(100), {
    kind: 'change',
    objectId: payment,
    amount: 150,
  });
  const object = { id: payment, aliases: [], amount: 150, currency: 'usd' };
  await end(raised, { ending: 'settled', object, reportedMicros: 150 * CENT });
  await sweepNow(store, 2 * DAY);
  await sweepNow(store, 2 * DAY);
  const kept = async () =>
    (await ledger.holds({}, { limit: 10 })).entries.map((hold) => hold.callId);
  expect(await kept()).toEqual([raised.callId, callId]);
  await cap(refund(await issue(9), payment, 10));

  clock.instant += 63 * DAY;
  await sweepNow(store, 2 * DAY);
  await sweepNow(store, 2 * DAY);
  expect(await kept()).toEqual([]);
});
