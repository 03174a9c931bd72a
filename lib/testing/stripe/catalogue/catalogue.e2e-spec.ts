import Stripe from 'stripe';

import { clientOf, failure } from '../../../../test/support/stripe-client';
import { createStripeVendor } from '../../stripe-vendor';
import type { StripeVendor } from '../../stripe-vendor';

let vendor: StripeVendor;
let stripe: Stripe;

beforeEach(async () => {
  vendor = await createStripeVendor();
  stripe = clientOf(vendor);
});
afterEach(() => vendor.close());

it('a product is made, changed, listed and deleted, unless it has prices', async () => {
  const product = await stripe.products.create({
    default_price_data: { currency: 'usd', unit_amount: 1000 },
    name: 'Book',
  });
  expect(product).toMatchObject({ active: true, name: 'Book', object: 'product' });
  const expanded = await stripe.products.retrieve(product.id, { expand: ['default_price'] });
  expect(expanded.default_price).toMatchObject({ unit_amount: 1000, type: 'one_time' });
  await stripe.products.update(product.id, { active: false, metadata: { a: '1' } });
  expect((await stripe.products.list({ active: false })).data).toMatchObject([
    { id: product.id, metadata: { a: '1' } },
  ]);
  expect(await failure(stripe.products.del(product.id))).toMatchObject({ statusCode: 400 });
  const bare = await stripe.products.create({ name: 'Pen' });
  expect(await stripe.products.del(bare.id)).toMatchObject({ deleted: true });
  expect(await failure(stripe.products.retrieve(bare.id))).toMatchObject({ statusCode: 404 });
});

it('a price shows its tiers and other currencies only where they are asked for', async () => {
  const price = await stripe.prices.create({
    currency: 'usd',
    currency_options: { eur: { unit_amount: 900 } },
    product_data: { name: 'Book' },
    unit_amount: 1000,
  });
  expect(price.currency_options).toBeUndefined();
  const expanded = await stripe.prices.retrieve(price.id, { expand: ['currency_options'] });
  expect(expanded.currency_options).toMatchObject({
    eur: { unit_amount: 900 },
    usd: { unit_amount: 1000 },
  });
  const tiered = await stripe.prices.create({
    billing_scheme: 'tiered',
    currency: 'usd',
    expand: ['tiers'],
    product: price.product as string,
    recurring: { interval: 'month' },
    tiers: [
      { unit_amount: 500, up_to: 10 },
      { flat_amount: 100, up_to: 'inf' },
    ],
    tiers_mode: 'volume',
  });
  expect(tiered.tiers).toMatchObject([
    { unit_amount: 500, up_to: 10 },
    { flat_amount: 100, unit_amount: null, up_to: null },
  ]);
  expect((await stripe.prices.retrieve(tiered.id)).tiers).toBeUndefined();
});

it('a price is found by its lookup key, which another one may take over', async () => {
  const product_data = { name: 'Book' };
  const first = await stripe.prices.create({
    currency: 'usd',
    lookup_key: 'book',
    product_data,
    unit_amount: 1,
  });
  expect(
    await failure(
      stripe.prices.create({ currency: 'usd', lookup_key: 'book', product_data, unit_amount: 2 }),
    ),
  ).toMatchObject({ param: 'lookup_key' });
  const second = await stripe.prices.create({
    currency: 'usd',
    lookup_key: 'book',
    product_data,
    transfer_lookup_key: true,
    unit_amount: 2,
  });
  const { data } = await stripe.prices.list({ lookup_keys: ['book'] });
  expect(data.map(({ id }) => id)).toEqual([second.id]);
  expect((await stripe.prices.retrieve(first.id)).lookup_key).toBeNull();
  await stripe.prices.update(second.id, { active: false });
  expect(
    await failure(
      stripe.checkout.sessions.create({
        line_items: [{ price: second.id, quantity: 1 }],
        mode: 'payment',
        success_url: 'https://shop.example',
      }),
    ),
  ).toMatchObject({ message: expect.stringContaining('inactive') as string });
});

it.each<[string, object, string]>([
  ['no amount', {}, 'unit_amount'],
  ['two amounts', { unit_amount: 1, unit_amount_decimal: '1' }, 'unit_amount'],
  ['an amount below 0', { unit_amount: -1 }, 'unit_amount'],
  ['13 decimal places', { unit_amount_decimal: '0.1234567890123' }, 'unit_amount_decimal'],
  [
    'tiers without a mode',
    { billing_scheme: 'tiered', tiers: [{ unit_amount: 1, up_to: 'inf' }] },
    'tiers_mode',
  ],
  [
    'tiers without an end',
    { billing_scheme: 'tiered', tiers: [{ unit_amount: 1, up_to: 5 }], tiers_mode: 'volume' },
    'tiers',
  ],
  ['a currency that there is not', { currency: 'xxx', unit_amount: 1 }, 'currency'],
  ['a name that Stripe does not have', { unit_amount: 1, amount: 1 }, 'amount'],
  [
    'a nested name that Stripe does not have',
    { recurring: { interval: 'month', count: 1 }, unit_amount: 1 },
    'recurring[count]',
  ],
  ['both a product and its data', { product: 'prod_x', unit_amount: 1 }, 'product'],
])('a price with %s is refused', async (_, given, param) => {
  const params = { currency: 'usd', product_data: { name: 'Book' }, ...given };
  expect(await failure(stripe.rawRequest('POST', '/v1/prices', params))).toMatchObject({
    param,
    statusCode: 400,
  });
});

it('a coupon takes off a percentage or an amount, never both, until it is used up', async () => {
  expect(await failure(stripe.coupons.create({ amount_off: 5 }))).toMatchObject({
    param: 'currency',
  });
  expect(
    await failure(stripe.coupons.create({ amount_off: 5, currency: 'usd', percent_off: 5 })),
  ).toMatchObject({ param: 'percent_off' });
  const coupon = await stripe.coupons.create({ max_redemptions: 1, percent_off: 12.5 });
  expect(coupon).toMatchObject({ duration: 'once', percent_off: 12.5, valid: true });
  const session = (discount: Stripe.Checkout.SessionCreateParams.Discount) =>
    stripe.checkout.sessions.create({
      discounts: [discount],
      line_items: [
        {
          price_data: { currency: 'usd', product_data: { name: 'B' }, unit_amount: 1000 },
          quantity: 1,
        },
      ],
      mode: 'payment',
      success_url: 'https://shop.example',
    });
  const code = await stripe.promotionCodes.create({
    code: 'SPRING',
    promotion: { coupon: coupon.id, type: 'coupon' },
  });
  expect(await session({ promotion_code: code.id })).toMatchObject({
    amount_subtotal: 1000,
    amount_total: 875,
    total_details: { amount_discount: 125 },
  });
  expect((await stripe.coupons.retrieve(coupon.id)).valid).toBe(false);
  expect(await failure(session({ coupon: coupon.id }))).toMatchObject({ code: 'coupon_expired' });
  expect((await stripe.promotionCodes.list({ code: 'SPRING' })).data).toHaveLength(1);
});

it('a coupon for certain products takes nothing off the others', async () => {
  const [one, other] = await Promise.all([
    stripe.products.create({ name: 'A' }),
    stripe.products.create({ name: 'B' }),
  ]);
  const coupon = await stripe.coupons.create({
    applies_to: { products: [one.id] },
    percent_off: 50,
  });
  const line = (product: string) => ({
    price_data: { currency: 'usd', product, unit_amount: 1000 },
    quantity: 1,
  });
  const { amount_total } = await stripe.checkout.sessions.create({
    discounts: [{ coupon: coupon.id }],
    line_items: [line(one.id), line(other.id)],
    mode: 'payment',
    success_url: 'https://shop.example',
  });
  expect(amount_total).toBe(1500);
});

it('a tax rate that is archived is added to nothing more', async () => {
  const rate = await stripe.taxRates.create({
    display_name: 'VAT',
    inclusive: true,
    percentage: 19,
  });
  await stripe.taxRates.update(rate.id, { active: false });
  expect((await stripe.taxRates.list({ active: false })).data).toHaveLength(1);
  const customer = await stripe.customers.create();
  expect(
    await failure(stripe.invoices.create({ customer: customer.id, default_tax_rates: [rate.id] })),
  ).toMatchObject({ param: 'default_tax_rates[0]' });
});
