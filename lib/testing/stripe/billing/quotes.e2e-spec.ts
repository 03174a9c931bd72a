import Stripe from 'stripe';

import { clientOf, failure } from '../../../../test/support/stripe-client';
import { createStripeVendor } from '../../stripe-vendor';
import type { StripeVendor } from '../../stripe-vendor';

let vendor: StripeVendor;
let stripe: Stripe;
let customer: string;
let product: string;

beforeEach(async () => {
  vendor = await createStripeVendor();
  stripe = clientOf(vendor);
  product = (await stripe.products.create({ name: 'Seat' })).id;
  customer = (
    await stripe.customers.create({ invoice_settings: { default_payment_method: 'pm_card_visa' } })
  ).id;
});
afterEach(() => vendor.close());

const charged = () => vendor.book.total('usd', 'charge');
const recurring = { interval: 'month' } as const;
const once = (unit_amount: number) => ({ price_data: { currency: 'usd', product, unit_amount } });
const monthly = (unit_amount: number, quantity = 1) => ({
  price_data: { currency: 'usd', product, recurring, unit_amount },
  quantity,
});

describe('a quote', () => {
  it('with recurring lines becomes a subscription, charged at once', async () => {
    const quote = await stripe.quotes.create({
      customer,
      line_items: [monthly(1000, 3), once(500)],
    });
    expect(quote).toMatchObject({
      amount_total: 3500,
      computed: { recurring: { amount_total: 3000, interval: 'month' } },
      status: 'draft',
    });
    expect(await failure(stripe.quotes.accept(quote.id))).toMatchObject({ statusCode: 400 });
    expect((await stripe.quotes.finalizeQuote(quote.id)).status).toBe('open');
    expect(charged()).toBe(0);
    const accepted = await stripe.quotes.accept(quote.id, { expand: ['subscription'] });
    expect(accepted).toMatchObject({ status: 'accepted', subscription: { status: 'active' } });
    expect(charged()).toBe(3500);
  });

  it('for one time becomes an invoice that is charged an hour later', async () => {
    const quote = await stripe.quotes.create({ customer, line_items: [once(700)] });
    await stripe.quotes.update(quote.id, { line_items: [once(900)] });
    await stripe.quotes.finalizeQuote(quote.id);
    const { invoice } = await stripe.quotes.accept(quote.id, { expand: ['invoice'] });
    expect(invoice).toMatchObject({ auto_advance: true, status: 'draft', total: 900 });
    expect(charged()).toBe(0);
    vendor.passTime(3601);
    expect(charged()).toBe(900);
  });

  it('that is canceled comes to nothing', async () => {
    const { id } = await stripe.quotes.create({ customer, line_items: [once(700)] });
    expect((await stripe.quotes.cancel(id)).status).toBe('canceled');
    expect(await failure(stripe.quotes.finalizeQuote(id))).toMatchObject({
      code: 'quote_invalid_state',
    });
    expect((await stripe.quotes.list({ status: 'canceled' })).data).toHaveLength(1);
  });
});

describe('a preview', () => {
  it('tells what a change would be billed, and changes nothing', async () => {
    const { id, items } = await stripe.subscriptions.create({
      customer,
      items: [
        { price_data: { currency: 'usd', product, recurring, unit_amount: 1000 }, quantity: 1 },
      ],
    });
    const next = await stripe.invoices.createPreview({ subscription: id });
    expect(next).toMatchObject({ billing_reason: 'upcoming', total: 1000 });
    const details = { items: [{ id: items.data[0]!.id, quantity: 3 }] };
    const preview = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: { ...details, proration_behavior: 'always_invoice' },
    });
    expect(Math.abs(preview.total - 2000)).toBeLessThanOrEqual(1);
    const later = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: details,
    });
    expect(Math.abs(later.total - (2000 + 3000))).toBeLessThanOrEqual(1);
    expect(charged()).toBe(1000);
    expect((await stripe.subscriptions.retrieve(id)).items.data[0]!.quantity).toBe(1);
    expect((await stripe.invoiceItems.list({ pending: true })).data).toEqual([]);
    expect((await stripe.invoices.list()).data).toHaveLength(1);
  });

  it('tells what a new subscription would be billed', async () => {
    const preview = await stripe.invoices.createPreview({
      customer,
      subscription_details: {
        items: [
          { price_data: { currency: 'usd', product, recurring, unit_amount: 1200 }, quantity: 2 },
        ],
      },
    });
    expect(preview).toMatchObject({ amount_due: 2400, total: 2400 });
    expect(await failure(stripe.invoices.createPreview({ customer }))).toMatchObject({
      code: 'invoice_upcoming_none',
    });
  });
});

describe('a credit note', () => {
  async function paid(amount: number) {
    const { id } = await stripe.invoices.create({ customer });
    await stripe.invoices.addLines(id, { lines: [{ amount }] });
    return stripe.invoices.pay(id);
  }

  it('of an invoice that is paid gives back what it says', async () => {
    const invoice = await paid(1000);
    expect(
      await failure(stripe.creditNotes.create({ amount: 300, invoice: invoice.id })),
    ).toMatchObject({
      param: 'amount',
    });
    await stripe.creditNotes.create({ amount: 300, invoice: invoice.id, refund_amount: 300 });
    expect(vendor.book.total('usd', 'refund')).toBe(300);
    await stripe.creditNotes.create({ amount: 200, credit_amount: 200, invoice: invoice.id });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -200 });
    expect(
      await failure(
        stripe.creditNotes.create({ amount: 600, invoice: invoice.id, refund_amount: 600 }),
      ),
    ).toMatchObject({ param: 'amount', statusCode: 400 });
  });

  it('of an invoice that is open lowers what is due', async () => {
    const { id } = await stripe.invoices.create({ customer });
    await stripe.invoices.addLines(id, { lines: [{ amount: 1000 }] });
    await stripe.invoices.finalizeInvoice(id);
    await stripe.creditNotes.create({ amount: 400, invoice: id });
    expect((await stripe.invoices.retrieve(id)).amount_remaining).toBe(600);
    await stripe.invoices.pay(id);
    expect(charged()).toBe(600);
  });
});
