import type { KeyRecord } from '../../../keys/key';
import { MemoryStore } from '../../../ledger/memory/memory-store';
import { StoreLedger } from '../../../ledger/store-ledger';
import type { Price } from '../../../pricing/price';
import { BrokerRefusal } from '../../../refusal';
import { stripe } from '../stripe';

const CENT = 10_000;
const KEY: KeyRecord = {
  id: 'vk_1',
  tokenHash: 'hash',
  label: 'k',
  vendor: 'stripe',
  capMicros: 10_000 * CENT,
  allowedEndpoints: ['/v1/invoices'],
  subject: { user_id: 'u1' },
  budgets: {},
  createdAt: 0,
  expiresAt: 1e15,
};

type Answer = Record<string, unknown>;

/** One account's ledger, and what its calls are answered. */
class Account {
  readonly ledger = new StoreLedger(new MemoryStore());
  #calls = 0;

  async call(
    call: string,
    price: Price,
    answer: Answer,
    status = 200,
  ): Promise<{ requested: number }> {
    const callId = `call_${++this.#calls}`;
    const [method = '', path = ''] = call.split(' ');
    const decision = await this.ledger.admit({
      callId,
      key: KEY,
      account: '',
      price,
      audit: { at: 'then', event: 'refusal', call_id: callId, key_id: KEY.id },
    });
    if (!decision.admitted) throw decision.refusal;
    const sent = { method, segments: path.split('/'), parameters: [], decimals: new Set<string>() };
    const outcome = stripe.outcome(price, sent, status, answer);
    await this.ledger.end({ call: decision.call, outcome, audit: {} });
    return { requested: decision.call.micros / CENT };
  }

  /** What is spent and held, in cents. */
  async spent(): Promise<number> {
    const { spent, held } = (await this.ledger.key(KEY.id))!.balance;
    expect(held).toBe(0);
    return spent / CENT;
  }
}

async function account(): Promise<Account> {
  const made = new Account();
  await made.ledger.issue(KEY);
  return made;
}

const usd = (amount: number) => ({ micros: amount * CENT, amount, currency: 'usd' });
const made = (amount: number): Price => ({ kind: 'amount', ...usd(amount) });
const total = (objectId: string, amount: number): Price => ({
  kind: 'total',
  objectId,
  ...usd(amount),
});
const more = (objectId: string, amount: number): Price => ({
  kind: 'addition',
  objectId,
  ...usd(amount),
});
const refund = (objectId: string): Price => ({ kind: 'refund', objectId });
const undo = (objectId: string, amount: number): Price => ({
  kind: 'refund',
  objectId,
  amount,
  canUndo: true,
});

const session = (fields: Answer = {}): Answer => ({
  id: 'cs_1',
  object: 'checkout.session',
  currency: 'usd',
  amount_total: 1_000,
  status: 'open',
  payment_status: 'unpaid',
  mode: 'payment',
  payment_intent: null,
  ...fields,
});
const invoice = (fields: Answer = {}): Answer => ({
  id: 'in_1',
  object: 'invoice',
  currency: 'usd',
  status: 'draft',
  total: 0,
  amount_due: 0,
  amount_paid: 0,
  parent: null,
  ...fields,
});

describe('a checkout session', () => {
  const SESSION = 'POST checkout/sessions';
  const EXPIRE = 'POST checkout/sessions/cs_1/expire';
  const expire: Price = { kind: 'cancel', objectId: 'cs_1' };

  it('is priced as a cancel by its id, where it is expired', () => {
    const call = { method: 'POST', parameters: [], decimals: new Set<string>() };
    const segments = ['checkout', 'sessions', 'cs_1', 'expire'];
    expect(stripe.price({ ...call, segments })).toEqual(expire);
    expect(stripe.price({ ...call, segments: ['invoices', 'in_1', 'void'] })).toEqual({
      kind: 'cancel',
      objectId: 'in_1',
    });
  });

  it('settles the larger of what was held and what the vendor says', async () => {
    const books = await account();
    await books.call(SESSION, made(1_000), session({ id: 'cs_1', amount_total: 900 }));
    expect(await books.spent()).toBe(1_000);
    await books.call(SESSION, made(1_000), session({ id: 'cs_2', amount_total: 1_300 }));
    expect(await books.spent()).toBe(2_300);
  });

  it('gives back what it held, once the vendor says that it is expired and unpaid', async () => {
    const books = await account();
    await books.call(SESSION, made(1_000), session());
    await books.call(EXPIRE, expire, session({ status: 'expired' }));
    expect(await books.spent()).toBe(0);
  });

  it.each([
    ['is still open', session()],
    ['is paid', session({ status: 'expired', payment_status: 'paid' })],
    [
      'can be recovered',
      session({ status: 'expired', after_expiration: { recovery: { enabled: true } } }),
    ],
    ['is another', session({ id: 'cs_2', status: 'expired' })],
    ['is not shown', { id: 'cs_1' }],
  ])('gives nothing back where the answer shows one that %s', async (_what, answer) => {
    const books = await account();
    await books.call(SESSION, made(1_000), session());
    await books.call(EXPIRE, expire, answer);
    expect(await books.spent()).toBe(1_000);
  });

  it('gives nothing back where Stripe refuses to expire it', async () => {
    const books = await account();
    await books.call(SESSION, made(1_000), session());
    await books.call(EXPIRE, expire, { error: { type: 'invalid_request_error' } }, 400);
    expect(await books.spent()).toBe(1_000);
  });

  it('holds what another total adds to it, and nothing within it', async () => {
    const books = await account();
    await books.call(SESSION, made(1_000), session());
    const changed = 'POST checkout/sessions/cs_1';
    expect(await books.call(changed, total('cs_1', 700), session({ amount_total: 700 }))).toEqual({
      requested: 0,
    });
    expect(
      await books.call(changed, total('cs_1', 1_500), session({ amount_total: 1_500 })),
    ).toEqual({ requested: 500 });
    expect(await books.spent()).toBe(1_500);
  });

  it('is known by its payment, where an answer names it, so that a refund finds it', async () => {
    const books = await account();
    const paid = { payment_intent: { id: 'pi_1', latest_charge: 'ch_1' }, payment_status: 'paid' };
    await books.call(SESSION, made(1_000), session(paid));
    for (const id of ['pi_1', 'ch_1']) {
      expect(await books.call('POST refunds', refund(id), {})).toEqual({ requested: 1_000 });
    }
  });
});

describe('an invoice', () => {
  it('holds each of its lines once: when it is added, not when the bill is finalized and paid', async () => {
    const books = await account();
    const ADD = 'POST invoiceitems';
    const item = { object: 'invoiceitem', id: 'ii_1', invoice: 'in_1', amount: 400 };
    await books.call('POST invoices', { kind: 'free' }, invoice());
    await books.call(ADD, more('in_1', 400), item);
    await books.call(ADD, more('in_1', 300), { ...item, id: 'ii_2', amount: 300 });
    const open = invoice({ status: 'open', total: 700, amount_due: 700 });
    expect(await books.call('POST invoices/in_1/finalize', total('in_1', 700), open)).toEqual({
      requested: 0,
    });
    expect(await books.call('POST invoices/in_1/pay', total('in_1', 700), open)).toEqual({
      requested: 0,
    });
    expect(await books.spent()).toBe(700);
  });

  it('that was made elsewhere holds all of it when it is finalized, and only the line that is added', async () => {
    const books = await account();
    expect(
      await books.call('POST invoices/in_1/add_lines', more('in_1', 50), invoice({ total: 5_050 })),
    ).toEqual({ requested: 50 });
    expect(await books.spent()).toBe(50);
    const open = invoice({ status: 'open', total: 5_050, amount_due: 5_050 });
    expect(await books.call('POST invoices/in_1/finalize', total('in_1', 5_050), open)).toEqual({
      requested: 5_000,
    });
    expect(await books.spent()).toBe(5_050);
  });

  it('settles a line at what the vendor says it came to, where that is more', async () => {
    const books = await account();
    const item = { object: 'invoiceitem', id: 'ii_1', invoice: 'in_1', amount: 450 };
    await books.call('POST invoiceitems', more('in_1', 400), item);
    expect(await books.spent()).toBe(450);
  });

  const VOID = 'POST invoices/in_1/void';
  const takeBack: Price = { kind: 'cancel', objectId: 'in_1' };

  it('gives back what it held once the vendor says that it is void, but what was paid of it', async () => {
    const books = await account();
    await books.call('POST invoices', made(900), invoice({ total: 900, amount_due: 900 }));
    await books.call(VOID, takeBack, invoice({ status: 'void', total: 900, amount_paid: 200 }));
    expect(await books.spent()).toBe(200);
  });

  it.each([
    ['is open', invoice({ status: 'open', total: 900 })],
    [
      'is one of a subscription, whose money is counted as a whole',
      invoice({ status: 'void', total: 900, parent: { type: 'subscription_details' } }),
    ],
    ['does not say what was paid', invoice({ status: 'void', amount_paid: null })],
  ])('gives nothing back where the answer shows one that %s', async (_what, answer) => {
    const books = await account();
    await books.call('POST invoices', made(900), invoice({ total: 900, amount_due: 900 }));
    await books.call(VOID, takeBack, answer);
    expect(await books.spent()).toBe(900);
  });
});

describe('a subscription', () => {
  const subscription = (fields: Answer = {}): Answer => ({
    id: 'sub_1',
    object: 'subscription',
    currency: 'usd',
    latest_invoice: 'in_1',
    ...fields,
  });

  it('holds its first period once, though its first invoice is paid by a call of its own', async () => {
    const books = await account();
    await books.call('POST subscriptions', made(1_000), subscription());
    const paid = invoice({ status: 'paid', total: 1_000 });
    expect(await books.call('POST invoices/in_1/pay', total('in_1', 1_000), paid)).toEqual({
      requested: 0,
    });
  });

  it('is not given back by the cancel of a payment of its first invoice', async () => {
    const books = await account();
    const payment = { payment: { payment_intent: 'pi_1' }, status: 'open' };
    const latest = invoice({ status: 'open', total: 1_000, payments: { data: [payment] } });
    await books.call('POST subscriptions', made(1_000), subscription({ latest_invoice: latest }));
    const canceled = { id: 'pi_1', object: 'payment_intent', amount: 1_000, currency: 'usd' };
    await books.call(
      'POST payment_intents/pi_1/cancel',
      { kind: 'cancel', objectId: 'pi_1' },
      { ...canceled, status: 'canceled', amount_received: 0 },
    );
    expect(await books.spent()).toBe(1_000);
  });

  it('settles what its first invoice says, where that is more', async () => {
    const books = await account();
    const latest = invoice({ status: 'open', total: 1_200, amount_due: 1_250 });
    await books.call('POST subscriptions', made(1_000), subscription({ latest_invoice: latest }));
    expect(await books.spent()).toBe(1_250);
  });

  it('holds every change, and every later invoice that a call pays', async () => {
    const books = await account();
    await books.call('POST subscriptions', made(1_000), subscription());
    const changed = subscription({ latest_invoice: 'in_2' });
    await books.call('POST subscriptions/sub_1', more('sub_1', 600), changed);
    const paid = invoice({ id: 'in_2', status: 'paid', total: 800 });
    expect(await books.call('POST invoices/in_2/pay', total('in_2', 800), paid)).toEqual({
      requested: 800,
    });
    expect(await books.spent()).toBe(2_400);
  });
});

it('what comes to more than the cap is refused before it is sent', async () => {
  const books = await account();
  await books.call('POST payment_links', made(9_000), {
    id: 'plink_1',
    object: 'payment_link',
    currency: 'usd',
  });
  const refused = books.call('POST quotes/qt_1/accept', total('qt_1', 1_001), {});
  await expect(refused).rejects.toBeInstanceOf(BrokerRefusal);
  await expect(refused).rejects.toMatchObject({ code: 'cap_exhausted' });
  expect(await books.spent()).toBe(9_000);
});

it('a changed item settles what the vendor says that it came to beyond what it was', async () => {
  const books = await account();
  const price: Price = { kind: 'addition', objectId: 'in_1', ...usd(500), amountBefore: 1_000 };
  const item = { object: 'invoiceitem', id: 'ii_1', invoice: 'in_1' };
  await books.call('POST invoiceitems/ii_1', price, { ...item, amount: 1_500 });
  expect(await books.spent()).toBe(500);
  await books.call('POST invoiceitems/ii_1', price, { ...item, amount: 1_900 });
  expect(await books.spent()).toBe(1_400);
});

describe('a refund without reverse_transfer', () => {
  const intent = { id: 'pi_1', latest_charge: 'ch_1', transfer_data: null, on_behalf_of: null };
  const paid = (fields: Answer = {}): Answer =>
    session({ payment_intent: intent, payment_status: 'paid', ...fields });
  const first = invoice({
    status: 'paid',
    total: 1_000,
    payments: { data: [{ status: 'paid', payment: { payment_intent: 'pi_1' } }] },
  });
  const subscription = {
    id: 'sub_1',
    object: 'subscription',
    currency: 'usd',
    transfer_data: null,
  };

  it('is undone spend where the answer shows that the money stays', async () => {
    const books = await account();
    await books.call('POST checkout/sessions', made(1_000), paid());
    expect(await books.call('POST refunds', undo('pi_1', 1_000), {})).toEqual({ requested: 0 });
  });

  it.each<[what: string, answer: Answer]>([
    ['goes on', paid({ payment_intent: { ...intent, transfer_data: { destination: 'acct_1' } } })],
    ['is another account’s', paid({ payment_intent: { ...intent, on_behalf_of: 'acct_1' } })],
    ['is not shown', paid({ payment_intent: 'pi_1' })],
    [
      'of a subscription goes on',
      { ...subscription, transfer_data: { destination: 'acct_1' }, latest_invoice: first },
    ],
    [
      'of its invoice goes on',
      {
        ...subscription,
        latest_invoice: { ...first, transfer_data: { destination: 'acct_1' } },
      },
    ],
  ])('is spend where the money %s', async (_what, answer) => {
    const books = await account();
    await books.call('POST checkout/sessions', made(1_000), answer);
    expect(await books.call('POST refunds', undo('pi_1', 1_000), {})).toEqual({ requested: 1_000 });
  });
});
