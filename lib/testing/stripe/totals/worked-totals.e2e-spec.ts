import Stripe from 'stripe';

import { propertyRuns } from '../../../../test/support/property-runs';
import { SeededRandom } from '../../../../test/support/seeded-random';
import { clientOf } from '../../../../test/support/stripe-client';
import { createStripeVendor } from '../../stripe-vendor';
import type { StripeVendor } from '../../stripe-vendor';

let vendor: StripeVendor;
let stripe: Stripe;
let product: string;
let customer: string;

beforeAll(async () => {
  vendor = await createStripeVendor({ keep: Infinity });
  stripe = clientOf(vendor);
  product = (await stripe.products.create({ name: 'Font' })).id;
  customer = (
    await stripe.customers.create({ invoice_settings: { default_payment_method: 'pm_card_visa' } })
  ).id;
});
afterAll(() => vendor.close());

const decimal = (digits: string) => Stripe.Decimal.from(digits);

async function firstInvoice(
  price: Omit<Stripe.PriceCreateParams, 'currency' | 'product'>,
  quantity: number,
): Promise<number> {
  const made = await stripe.prices.create({
    currency: 'usd',
    product,
    recurring: { interval: 'month' },
    ...price,
  });
  const before = vendor.book.total('usd', 'charge');
  const subscription = await stripe.subscriptions.create({
    customer,
    expand: ['latest_invoice'],
    items: [{ price: made.id, quantity }],
  });
  const { total } = subscription.latest_invoice as Stripe.Invoice;
  expect(vendor.book.total('usd', 'charge') - before).toBe(total);
  return total;
}

const TIERED = 'https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing';
const DECIMALS = 'https://docs.stripe.com/billing/subscriptions/decimal-amounts';
const TRANSFORMED = 'https://docs.stripe.com/billing/subscriptions/quantity-transformation';

/** 1–5: 7 USD, 6–10: 6.50 USD, 11 and up: 6 USD. */
const FONTS: Pick<Stripe.PriceCreateParams, 'billing_scheme' | 'tiers'> = {
  billing_scheme: 'tiered',
  tiers: [
    { unit_amount: 700, up_to: 5 },
    { unit_amount: 650, up_to: 10 },
    { unit_amount: 600, up_to: 'inf' },
  ],
};
/** The same with a flat amount in each tier. */
const FLAT: typeof FONTS = {
  billing_scheme: 'tiered',
  tiers: [
    { flat_amount: 1000, unit_amount: 500, up_to: 5 },
    { flat_amount: 2000, unit_amount: 400, up_to: 10 },
    { flat_amount: 3000, unit_amount: 300, up_to: 'inf' },
  ],
};

describe('what a quantity of a price comes to', () => {
  it.each<[string, Omit<Stripe.PriceCreateParams, 'currency' | 'product'>, number, number]>([
    [`${TIERED}#volume-based-pricing`, { ...FONTS, tiers_mode: 'volume' }, 1, 700],
    [`${TIERED}#volume-based-pricing`, { ...FONTS, tiers_mode: 'volume' }, 5, 3500],
    [`${TIERED}#volume-based-pricing`, { ...FONTS, tiers_mode: 'volume' }, 6, 3900],
    [`${TIERED}#volume-based-pricing`, { ...FONTS, tiers_mode: 'volume' }, 20, 12_000],
    [`${TIERED}#volume-based-pricing`, { ...FONTS, tiers_mode: 'volume' }, 25, 15_000],
    [`${TIERED}#graduated-pricing`, { ...FONTS, tiers_mode: 'graduated' }, 1, 700],
    [`${TIERED}#graduated-pricing`, { ...FONTS, tiers_mode: 'graduated' }, 5, 3500],
    [`${TIERED}#graduated-pricing`, { ...FONTS, tiers_mode: 'graduated' }, 6, 4150],
    [`${TIERED}#graduated-pricing`, { ...FONTS, tiers_mode: 'graduated' }, 20, 12_750],
    [`${TIERED}#graduated-pricing`, { ...FONTS, tiers_mode: 'graduated' }, 25, 15_750],
    // Flat amounts: one for volume, one for each tier that is reached for graduated.
    [TIERED, { ...FLAT, tiers_mode: 'volume' }, 12, 3000 + 12 * 300],
    [TIERED, { ...FLAT, tiers_mode: 'graduated' }, 12, 3500 + 4000 + 3600],
    [TIERED, { ...FLAT, tiers_mode: 'graduated' }, 0, 1000],
    [DECIMALS, { unit_amount_decimal: decimal('0.05') }, 30, 2],
    [DECIMALS, { unit_amount_decimal: decimal('105.5') }, 1, 106],
    [
      TRANSFORMED,
      { transform_quantity: { divide_by: 5, round: 'up' }, unit_amount: 1000 },
      1,
      1000,
    ],
    [
      TRANSFORMED,
      { transform_quantity: { divide_by: 5, round: 'up' }, unit_amount: 1000 },
      5,
      1000,
    ],
    [
      TRANSFORMED,
      { transform_quantity: { divide_by: 5, round: 'up' }, unit_amount: 1000 },
      6,
      2000,
    ],
    [
      TRANSFORMED,
      { transform_quantity: { divide_by: 5, round: 'down' }, unit_amount: 1000 },
      9,
      1000,
    ],
  ])('%s: %j × %i is %i', async (_page, price, quantity, total) => {
    expect(await firstInvoice(price, quantity)).toBe(total);
  });
});

const INCLUSIVE =
  'https://support.stripe.com/questions/inclusive-and-exclusive-tax-options-in-the-tax-rate-api-and-stripe-tax';
const ROUNDING = 'https://support.stripe.com/questions/rounding-rules-for-stripe-fees';
const COUPONS = 'https://docs.stripe.com/api/coupons/object';

interface Case {
  amounts: number[];
  coupons?: Stripe.CouponCreateParams[];
  taxes?: { inclusive: boolean; percentage: number }[];
}

async function invoiceOf({ amounts, coupons = [], taxes = [] }: Case): Promise<Stripe.Invoice> {
  const rates = await Promise.all(
    taxes.map((tax) => stripe.taxRates.create({ display_name: 'Tax', ...tax })),
  );
  const made = [];
  for (const coupon of coupons) made.push((await stripe.coupons.create(coupon)).id);
  const { id } = await stripe.invoices.create({
    customer,
    default_tax_rates: rates.map((rate) => rate.id),
    discounts: made.map((coupon) => ({ coupon })),
  });
  return stripe.invoices.addLines(id, { lines: amounts.map((amount) => ({ amount })) });
}

describe('what an invoice comes to', () => {
  it.each<[string, Case, number, number]>([
    [INCLUSIVE, { amounts: [60_000], taxes: [{ inclusive: true, percentage: 10 }] }, 60_000, 5455],
    [INCLUSIVE, { amounts: [60_000], taxes: [{ inclusive: false, percentage: 10 }] }, 66_000, 6000],
    [ROUNDING, { amounts: [43, 484], taxes: [{ inclusive: false, percentage: 15 }] }, 606, 79],
    [COUPONS, { amounts: [1000, 2000], coupons: [{ percent_off: 25 }] }, 2250, 0],
    [COUPONS, { amounts: [1000, 2000], coupons: [{ amount_off: 500, currency: 'usd' }] }, 2500, 0],
    [COUPONS, { amounts: [300], coupons: [{ amount_off: 500, currency: 'usd' }] }, 0, 0],
    // Two coupons, in their order: 10 % of 1,000, then 1 USD; and the other way about.
    [
      COUPONS,
      { amounts: [1000], coupons: [{ percent_off: 10 }, { amount_off: 100, currency: 'usd' }] },
      800,
      0,
    ],
    [
      COUPONS,
      { amounts: [1000], coupons: [{ amount_off: 100, currency: 'usd' }, { percent_off: 10 }] },
      810,
      0,
    ],
    // Taxes are on what is left after discounts.
    [
      COUPONS,
      {
        amounts: [1000],
        coupons: [{ percent_off: 50 }],
        taxes: [{ inclusive: false, percentage: 20 }],
      },
      600,
      100,
    ],
    [
      COUPONS,
      {
        amounts: [1200],
        coupons: [{ percent_off: 50 }],
        taxes: [{ inclusive: true, percentage: 20 }],
      },
      600,
      100,
    ],
    // Two rates: each on the amount, each rounded.
    [
      ROUNDING,
      {
        amounts: [999],
        taxes: [
          { inclusive: false, percentage: 5 },
          { inclusive: false, percentage: 9.975 },
        ],
      },
      999 + 50 + 100,
      150,
    ],
    [INCLUSIVE, { amounts: [0], taxes: [{ inclusive: true, percentage: 10 }] }, 0, 0],
  ])('%s: %j is %i, %i of it tax', async (_page, given, total, tax) => {
    const invoice = await invoiceOf(given);
    expect(invoice.total).toBe(total);
    expect(invoice.total_taxes!.reduce((sum, { amount }) => sum + amount, 0)).toBe(tax);
    expect(invoice.subtotal).toBe(given.amounts.reduce((sum, amount) => sum + amount, 0));
  });
});

/** Half up, of two whole numbers, neither below 0: another arithmetic than the vendor's. */
const nearest = (numerator: bigint, denominator: bigint) =>
  (numerator + denominator / 2n) / denominator;

it('random carts come to what a plain computation says', async () => {
  for (let seed = 1; seed <= propertyRuns(200); seed += 1) {
    const random = new SeededRandom(seed);
    const taxed = random.chance(0.5);
    let total = 0n;
    const line_items: Stripe.Checkout.SessionCreateParams.LineItem[] = [];
    for (let index = random.int(1, 6); index > 0; index -= 1) {
      const thousandths = BigInt(random.int(0, 5_000_000));
      const quantity = random.int(1, 50);
      const amount = nearest(thousandths * BigInt(quantity), 1000n);
      const tax_rates: string[] = [];
      let onTop = 0n;
      if (taxed && random.chance(0.7)) {
        const hundredths = random.int(0, 2500);
        const inclusive = random.chance(0.3);
        const percentage = hundredths / 100;
        const rate = await stripe.taxRates.create({ display_name: 'Tax', inclusive, percentage });
        tax_rates.push(rate.id);
        if (!inclusive) onTop = nearest(amount * BigInt(hundredths), 10_000n);
      }
      total += amount + onTop;
      const digits = `${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, '0')}`;
      line_items.push({
        price_data: { currency: 'usd', product, unit_amount_decimal: decimal(digits) },
        quantity,
        ...(tax_rates.length > 0 ? { tax_rates } : {}),
      });
    }
    const discounts = [];
    if (!taxed && random.chance(0.5)) {
      const hundredths = random.int(1, 10_000);
      const coupon = await stripe.coupons.create({ percent_off: hundredths / 100 });
      discounts.push({ coupon: coupon.id });
      total -= nearest(total * BigInt(hundredths), 10_000n);
    }
    const session = await stripe.checkout.sessions.create({
      discounts,
      line_items,
      mode: 'payment',
      success_url: 'https://shop.example/done',
    });
    expect([seed, session.amount_total]).toEqual([seed, Number(total)]);
    const before = vendor.book.total('usd', 'charge');
    vendor.completeCheckout(session.id);
    expect([seed, vendor.book.total('usd', 'charge') - before]).toEqual([seed, Number(total)]);
  }
});
