import Stripe from 'stripe';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerServer } from '../support/broker-server';
import type { IssuedKey } from '../support/broker-process';
import { propertyRuns } from '../support/property-runs';
import { SeededRandom } from '../support/seeded-random';
import { clientOf, failure } from '../support/stripe-client';

const ENDPOINTS = [
  'checkout/sessions',
  'checkout/sessions/*/expire',
  'payment_links',
  'payment_links/*',
  'subscriptions',
  'subscriptions/*',
  'subscription_items',
  'invoices',
  'invoices/*/*',
  'invoiceitems',
  'quotes',
  'quotes/*/*',
]
  .map((path) => `/v1/${path}`)
  .concat('DELETE /v1/subscriptions/*');
const success_url = 'https://shop.example/done';

let vendor: StripeVendor;
let direct: Stripe;
let broker: BrokerServer;
let customer: string;
let product: string;
let ten: string;
let monthly: string;

beforeAll(async () => {
  vendor = await createStripeVendor({ keep: Infinity });
  direct = clientOf(vendor);
  broker = await BrokerServer.start(vendor, {
    rules: {
      documents: { recurring: 'first-period', maxAddedUsd: { adjustable_quantity: 50 } },
    },
  });
  product = (await direct.products.create({ name: 'Pen' })).id;
  ten = (await direct.prices.create({ currency: 'usd', product, unit_amount: 1_000 })).id;
  const terms = { currency: 'usd', product, unit_amount: 1_000 };
  monthly = (await direct.prices.create({ ...terms, recurring: { interval: 'month' } })).id;
  customer = (
    await direct.customers.create({ invoice_settings: { default_payment_method: 'pm_card_visa' } })
  ).id;
});
afterAll(() => vendor.close());

/** The official client with a vault key, and what that key has spent and held, in US dollars. */
async function keyed(cap: number, more: readonly string[] = []) {
  const key: IssuedKey = await broker.issue({
    daily_usd_cap: cap,
    allowed_endpoints: [...ENDPOINTS, ...more],
  });
  const stripe = clientOf(
    { port: Number(new URL(broker.url).port), secretKey: key.token },
    key.token,
    {
      httpClient: Stripe.createFetchHttpClient((url: string | URL | Request, init?: RequestInit) =>
        fetch(String(url instanceof Request ? url.url : url).replace('/v1/', '/stripe/v1/'), init),
      ),
    },
  );
  return {
    stripe,
    key,
    async spent(): Promise<number> {
      const { spent, held } = await broker.money(key);
      expect(held).toBe(0);
      return spent;
    },
  };
}

type Client = Awaited<ReturnType<typeof keyed>>['stripe'];

const session = (stripe: Client, quantity: number, price = ten) =>
  stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ price, quantity }],
    success_url,
  });

const DOCUMENTS: [what: string, make: (stripe: Client, quantity: number) => Promise<unknown>][] = [
  ['a checkout session', (stripe, quantity) => session(stripe, quantity)],
  [
    'a payment link',
    (stripe, quantity) =>
      stripe.paymentLinks.create({
        line_items: [{ price: ten, quantity: 1 }],
        restrictions: { completed_sessions: { limit: quantity } },
      }),
  ],
  [
    'a subscription',
    (stripe, quantity) =>
      stripe.subscriptions.create({ customer, items: [{ price: monthly, quantity }] }),
  ],
  [
    'an invoice',
    async (stripe, quantity) => {
      const invoice = await stripe.invoices.create({ customer, auto_advance: false });
      await stripe.invoiceItems.create({
        customer,
        invoice: invoice.id,
        pricing: { price: ten },
        quantity,
      });
      await stripe.invoices.finalizeInvoice(invoice.id);
      return stripe.invoices.pay(invoice.id);
    },
  ],
  [
    'a quote',
    async (stripe, quantity) => {
      const quote = await stripe.quotes.create({
        customer,
        line_items: [{ price: ten, quantity }],
      });
      await stripe.quotes.finalizeQuote(quote.id);
      return stripe.quotes.accept(quote.id);
    },
  ],
];

describe.each(DOCUMENTS)('%s through the official client', (_what, make) => {
  it('passes up to the cap, and is counted once', async () => {
    const { stripe, spent } = await keyed(30);
    await make(stripe, 3);
    expect(await spent()).toBe(30);
  });

  it('is refused above the cap, and nothing is charged', async () => {
    const { stripe, spent } = await keyed(29.99);
    const before = vendor.book.total('usd');
    const error = await failure(make(stripe, 3));
    expect(error.code).toBe('cap_exhausted');
    expect(await spent()).toBe(0);
    expect(vendor.book.total('usd')).toBe(before);
  });
});

it.each([
  ['does not say what a bill comes to whose price its key may not read', [], undefined, 'more'],
  ['says what a bill comes to whose price its key may read', ['GET /v1/prices/*'], 30, '$30.00'],
])('a refusal %s', async (_what, more, requested, needs) => {
  const { stripe } = await keyed(20, more);
  const { raw } = await failure(session(stripe, 3));
  const refusal = raw as { requested_usd?: number; message: string };
  expect(refusal.requested_usd).toBe(requested);
  expect(refusal.message).toMatch(`This call needs ${needs},`);
});

it('of two changes of one bill at once one is refused, for a moment', async () => {
  const { stripe, spent } = await keyed(100);
  const { id, items } = await stripe.subscriptions.create({
    customer,
    items: [{ price: monthly }],
  });
  const change = (quantity: number) =>
    stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, price: monthly, quantity }],
      proration_behavior: 'none',
    });
  const outcomes = await Promise.allSettled([change(2), change(3)]);
  const refused = outcomes.filter((each) => each.status === 'rejected');
  expect(refused.map(({ reason }) => [reason.statusCode, reason.code])).toEqual([
    [503, 'overloaded'],
  ]);
  const before = await spent();
  await change(1);
  expect(await spent()).toBe(before + 10);
});

it('an unpaid session that is expired gives its hold back', async () => {
  const { stripe, spent } = await keyed(30);
  const { id } = await session(stripe, 3);
  expect((await failure(session(stripe, 1))).code).toBe('cap_exhausted');
  await stripe.checkout.sessions.expire(id);
  expect(await spent()).toBe(0);
  await session(stripe, 2);
  expect(await spent()).toBe(20);
});

it('an invoice that is voided gives its hold back, and one of a subscription does not', async () => {
  const { stripe, spent } = await keyed(30);
  const invoice = await stripe.invoices.create({ customer, auto_advance: false });
  await stripe.invoiceItems.create({
    customer,
    invoice: invoice.id,
    amount: 1_500,
    currency: 'usd',
  });
  await stripe.invoices.finalizeInvoice(invoice.id);
  expect(await spent()).toBe(15);
  await stripe.invoices.voidInvoice(invoice.id);
  expect(await spent()).toBe(0);
});

it('an item that waits is held until the next bill takes it', async () => {
  const { stripe, spent } = await keyed(100);
  const waiting = (await direct.customers.create()).id;
  await stripe.invoiceItems.create({ customer: waiting, amount: 700, currency: 'usd' });
  expect(await spent()).toBe(7);
});

describe('an item that waited is counted once', () => {
  const payer = async () => {
    const settings = { invoice_settings: { default_payment_method: 'pm_card_visa' } };
    const { id } = await direct.customers.create(settings);
    return { customer: id, currency: 'usd' };
  };

  it('by the invoice that takes it up, with what else is on it, and as it is paid', async () => {
    const { stripe, spent } = await keyed(100);
    const who = await payer();
    await stripe.invoiceItems.create({ ...who, amount: 700 });
    await direct.invoiceItems.create({ ...who, amount: 300 });
    const invoice = await stripe.invoices.create({
      ...who,
      pending_invoice_items_behavior: 'include',
    });
    expect(invoice.total).toBe(1_000);
    expect(await spent()).toBe(10);
    await direct.invoiceItems.create({ ...who, invoice: invoice.id, amount: 50 });
    await stripe.invoices.finalizeInvoice(invoice.id);
    await stripe.invoices.pay(invoice.id);
    expect(await spent()).toBe(10.5);
  });

  it('by a subscription, and its part of a later bill is counted again by none', async () => {
    const { stripe, spent } = await keyed(100);
    const who = await payer();
    await stripe.invoiceItems.create({ ...who, amount: 700 });
    const items = [{ price: monthly }];
    const { latest_invoice } = await stripe.subscriptions.create({
      ...who,
      items,
      expand: ['latest_invoice'],
    });
    expect((latest_invoice as Stripe.Invoice).total).toBe(1_700);
    expect(await spent()).toBe(17);
    await stripe.subscriptions.create({ ...who, items });
    expect(await spent()).toBe(27);
  });

  it('and the limit of one call is asked for all that the bill charges', async () => {
    const { stripe, key } = await keyed(100);
    const who = await payer();
    await stripe.invoiceItems.create({ ...who, amount: 700 });
    await stripe.invoiceItems.create({ ...who, amount: 700 });
    const { id } = await stripe.invoices.create({
      ...who,
      pending_invoice_items_behavior: 'include',
    });
    const limited = await broker.issue({
      daily_usd_cap: 100,
      allowed_endpoints: ENDPOINTS,
      limits: { per_call_usd: 10 },
    });
    expect(limited.id).not.toBe(key.id);
    const pay = `/v1/invoices/${id}/pay`;
    const refused = await broker.call(limited.token, 'POST', pay, {});
    expect([refused.status, refused.body.code]).toEqual([403, 'limit_exceeded']);
  });
});

it('a change of a subscription is held with a whole period, and its end with nothing', async () => {
  const { stripe, spent } = await keyed(100);
  const { id, items } = await stripe.subscriptions.create({
    customer,
    items: [{ price: monthly }],
  });
  const item = items.data[0]!.id;
  await stripe.subscriptions.update(id, {
    items: [{ id: item, price: monthly, quantity: 3 }],
    proration_behavior: 'always_invoice',
  });
  expect(await spent()).toBe(40);
  await stripe.subscriptions.update(id, { metadata: { a: '1' } });
  await stripe.subscriptions.cancel(id);
  expect(await spent()).toBe(40);
});

it('the end of a subscription bills what waits where the official client asks for that', async () => {
  const { stripe, spent } = await keyed(30);
  const { id } = await stripe.subscriptions.create({ customer, items: [{ price: monthly }] });
  await direct.invoiceItems.create({ customer, amount: 700, currency: 'usd', subscription: id });
  expect(await spent()).toBe(10);
  const ended = await stripe.subscriptions.cancel(id, {
    invoice_now: true,
    cancellation_details: { comment: 'by an agent' },
    expand: ['latest_invoice'],
  });
  expect(ended.status).toBe('canceled');
  expect(await spent()).toBe(17);
});

it('two changes of a link at the same moment come to no more than is held', async () => {
  const { stripe, spent } = await keyed(200);
  const { id } = await stripe.paymentLinks.create({
    line_items: [{ price: ten, quantity: 1 }],
    restrictions: { completed_sessions: { limit: 1 } },
  });
  const line = (await direct.paymentLinks.listLineItems(id)).data[0]!.id;
  const [quantity, limit, cleared] = await Promise.allSettled([
    stripe.paymentLinks.update(id, { line_items: [{ id: line, quantity: 10 }] }),
    stripe.paymentLinks.update(id, { restrictions: { completed_sessions: { limit: 10 } } }),
    stripe.paymentLinks.update(id, { restrictions: '' }),
  ]);
  expect(quantity.status).toBe('fulfilled');
  for (const refused of [limit, cleared]) {
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'amount_unknown' } });
  }
  expect((await direct.paymentLinks.retrieve(id)).restrictions!.completed_sessions.limit).toBe(1);
  expect(await spent()).toBe(110);
});

it('a draft of a quote is not accepted, since its price may change on the way', async () => {
  const { stripe, spent } = await keyed(20);
  const { id } = await stripe.quotes.create({
    customer,
    line_items: [{ price: ten, quantity: 1 }],
  });
  expect((await failure(stripe.quotes.accept(id))).code).toBe('amount_unknown');
  await stripe.quotes.finalizeQuote(id);
  await stripe.quotes.accept(id);
  expect(await spent()).toBe(10);
});

it('the audit log says that later periods are not held', async () => {
  const { stripe, key } = await keyed(100);
  await stripe.subscriptions.create({ customer, items: [{ price: monthly }] });
  const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}&event=call`);
  const [row] = (body as { entries: { path: string; reason: string }[] }).entries;
  expect(row).toMatchObject({
    path: '/v1/subscriptions',
    reason: expect.stringContaining('later periods') as string,
  });
});

it('what the settings do not allow is refused, and says how an operator can allow it', async () => {
  const { stripe, spent } = await keyed(1_000);
  const error = await failure(
    stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ price: ten, quantity: 1 }],
      automatic_tax: { enabled: true },
      success_url,
    }),
  );
  expect(error.code).toBe('parameter_not_allowed');
  expect(error.message).toContain('vendors.stripe.documents');
  expect(await spent()).toBe(0);
});

it.each([
  ['an unknown price', () => 'price_none', 'amount_unknown'],
  [
    'a price that is not active',
    async () => {
      const { id } = await direct.prices.create({ currency: 'usd', product, unit_amount: 1 });
      await direct.prices.update(id, { active: false });
      return id;
    },
    'amount_unknown',
  ],
  [
    'a price in a currency without a rate',
    async () => (await direct.prices.create({ currency: 'eur', product, unit_amount: 1 })).id,
    'currency_not_priced',
  ],
])('%s is refused', async (_what, price, code) => {
  const { stripe, spent } = await keyed(1_000);
  expect((await failure(session(stripe, 1, await price()))).code).toBe(code);
  expect(await spent()).toBe(0);
});

describe('of random carts the hold', () => {
  const random = new SeededRandom(20_261_128);
  const below = (end: number): number => random.int(0, end - 1);
  const pick = <T>(...from: readonly T[]): T => from[below(from.length)]!;
  const cents = (): string => {
    const whole = String(below(20_000));
    return pick(whole, `${whole}.${String(below(1_000_000)).padStart(6, '0')}`);
  };

  /** A price of any form that Stripe has for a quantity that is given. */
  async function anyPrice(recurring: boolean): Promise<string> {
    const about = {
      currency: 'usd',
      product,
      ...(recurring ? { recurring: { interval: 'month' as const } } : {}),
    };
    const decimal = (text: string) => Stripe.Decimal.from(text);
    switch (pick('unit', 'unit', 'tiers', 'packs')) {
      case 'tiers': {
        const tier = (up_to: number | 'inf') => ({
          up_to,
          unit_amount: below(5_000),
          flat_amount: below(3_000),
        });
        const made = await direct.prices.create({
          ...about,
          recurring: { interval: 'month' },
          billing_scheme: 'tiered',
          tiers_mode: pick('volume', 'graduated'),
          tiers: [tier(3), tier(9), tier('inf')],
        });
        return made.id;
      }
      case 'packs': {
        const transform_quantity = {
          divide_by: 2 + below(5),
          round: pick('up' as const, 'down' as const),
        };
        const made = await direct.prices.create({
          ...about,
          unit_amount: 100 + below(2_000),
          transform_quantity,
        });
        return made.id;
      }
      default:
        return (await direct.prices.create({ ...about, unit_amount_decimal: decimal(cents()) })).id;
    }
  }

  const runs =
    propertyRuns(1_000) <= 100 ? propertyRuns(1_000) : Math.min(1_000, propertyRuns(200));

  it.each([
    ['without tax is within a cent of what is charged', false],
    ['with taxes and coupons is never below what is charged', true],
  ])('%s', async (_what, adjusts) => {
    let { stripe, spent } = await keyed(1_000_000);
    const rates = await Promise.all(
      [{ inclusive: false }, { inclusive: false }, { inclusive: true }].map(({ inclusive }) =>
        direct.taxRates.create({
          display_name: 'VAT',
          inclusive,
          percentage: Number(`${below(25)}.${below(10_000)}`),
        }),
      ),
    );
    const coupon = await direct.coupons.create({ percent_off: 15, duration: 'once' });
    let before = 0;
    for (let run = 0; run < runs; run++) {
      // A thousand carts come to more than one key may spend.
      if (run % 200 === 199) {
        ({ stripe, spent } = await keyed(1_000_000));
        before = 0;
      }
      const items = await Promise.all(
        Array.from({ length: 1 + below(3) }, async () => ({
          price: await anyPrice(true),
          quantity: 1 + below(15),
          ...(adjusts ? { tax_rates: [pick(...rates).id] } : {}),
        })),
      );
      const made = await stripe.subscriptions.create({
        customer,
        items,
        ...(adjusts && pick(true, false) ? { discounts: [{ coupon: coupon.id }] } : {}),
      });
      const { total } = await direct.invoices.retrieve(made.latest_invoice as string);
      const after = await spent();
      const held = Math.round((after - before) * 100);
      before = after;
      expect([run, held >= total]).toEqual([run, true]);
      if (!adjusts) expect([run, held - total <= 1]).toEqual([run, true]);
    }
  });
});
