import Stripe from 'stripe';

import { clientOf, failure } from '../../../../test/support/stripe-client';
import { createStripeVendor } from '../../stripe-vendor';
import type { StripeVendor } from '../../stripe-vendor';

let vendor: StripeVendor;
let stripe: Stripe;
let customer: string;

beforeEach(async () => {
  vendor = await createStripeVendor();
  stripe = clientOf(vendor);
  customer = (
    await stripe.customers.create({
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    })
  ).id;
});
afterEach(() => vendor.close());

const charged = () => vendor.book.total('usd', 'charge');

describe('an invoice', () => {
  it('adds up its items, and is charged when it is paid', async () => {
    const price = await stripe.prices.create({
      currency: 'usd',
      product_data: { name: 'Book' },
      unit_amount: 1500,
    });
    const invoice = await stripe.invoices.create({ customer });
    expect(invoice).toMatchObject({ auto_advance: false, status: 'draft', total: 0 });
    await stripe.invoiceItems.create({
      amount: 700,
      currency: 'usd',
      customer,
      invoice: invoice.id,
    });
    await stripe.invoiceItems.create({
      customer,
      invoice: invoice.id,
      pricing: { price: price.id },
      quantity: 2,
    });
    const last = await stripe.invoiceItems.create({
      currency: 'usd',
      customer,
      invoice: invoice.id,
      quantity: 30,
      unit_amount_decimal: Stripe.Decimal.from('0.05'),
    });
    expect(last.amount).toBe(2);
    const draft = await stripe.invoices.addLines(invoice.id, {
      lines: [{ amount: 98, description: 'Postage' }],
    });
    expect(draft).toMatchObject({ amount_due: 3800, subtotal: 3800, total: 3800 });
    const final = await stripe.invoices.finalizeInvoice(invoice.id, { expand: ['payments'] });
    expect(final).toMatchObject({ amount_remaining: 3800, status: 'open' });
    expect(charged()).toBe(0);
    const paid = await stripe.invoices.pay(invoice.id);
    expect(paid).toMatchObject({ amount_paid: 3800, amount_remaining: 0, status: 'paid' });
    const intent = final.payments!.data[0]!.payment.payment_intent as string;
    expect(vendor.book.executed).toMatchObject([
      { kind: 'charge', amount: 3800, customer, paymentIntent: intent },
    ]);
    expect(await failure(stripe.invoices.pay(invoice.id))).toMatchObject({
      message: 'Invoice is already paid',
      statusCode: 400,
    });
    expect(await failure(stripe.invoices.update(invoice.id, { footer: 'late' }))).toMatchObject({
      code: 'invoice_not_editable',
    });
  });

  it('takes the items that wait for its customer where it is told to', async () => {
    await stripe.invoiceItems.create({ amount: 500, currency: 'usd', customer });
    expect((await stripe.invoices.create({ customer })).total).toBe(0);
    const invoice = await stripe.invoices.create({
      customer,
      pending_invoice_items_behavior: 'include',
    });
    expect(invoice.total).toBe(500);
    expect((await stripe.invoiceItems.list({ pending: true })).data).toEqual([]);
    await stripe.invoices.del(invoice.id);
    expect((await stripe.invoiceItems.list({ pending: true })).data).toHaveLength(1);
    expect(await failure(stripe.invoices.retrieve(invoice.id))).toMatchObject({ statusCode: 404 });
  });

  it('follows its items when they are changed and deleted', async () => {
    const invoice = await stripe.invoices.create({ customer });
    const total = async () => (await stripe.invoices.retrieve(invoice.id)).total;
    const item = await stripe.invoiceItems.create({
      amount: 500,
      currency: 'usd',
      customer,
      invoice: invoice.id,
    });
    await stripe.invoiceItems.update(item.id, { amount: 800 });
    expect(await total()).toBe(800);
    await stripe.invoiceItems.del(item.id);
    expect(await total()).toBe(0);
  });

  it('that advances by itself is charged an hour later', async () => {
    await stripe.invoiceItems.create({ amount: 500, currency: 'usd', customer });
    const { id } = await stripe.invoices.create({
      auto_advance: true,
      customer,
      pending_invoice_items_behavior: 'include',
    });
    vendor.passTime(3500);
    expect(charged()).toBe(0);
    vendor.passTime(101);
    expect(charged()).toBe(500);
    expect((await stripe.invoices.retrieve(id)).status).toBe('paid');
  });

  async function open(amount: number, given: Partial<Stripe.InvoiceCreateParams> = {}) {
    const invoice = await stripe.invoices.create({ customer, ...given });
    await stripe.invoices.addLines(invoice.id, { lines: [{ amount }] });
    return stripe.invoices.finalizeInvoice(invoice.id);
  }

  it('that is void or paid elsewhere is charged nothing', async () => {
    const first = await open(900);
    expect((await stripe.invoices.voidInvoice(first.id)).status).toBe('void');
    expect(await failure(stripe.invoices.pay(first.id))).toMatchObject({ statusCode: 400 });
    const second = await open(900);
    expect(await stripe.invoices.pay(second.id, { paid_out_of_band: true })).toMatchObject({
      status: 'paid',
    });
    expect(charged()).toBe(0);
  });

  it('that was given up can still be paid', async () => {
    const { id } = await open(900);
    expect((await stripe.invoices.markUncollectible(id)).status).toBe('uncollectible');
    expect((await stripe.invoices.pay(id)).status).toBe('paid');
    expect(charged()).toBe(900);
  });

  it('stays open where the card is declined', async () => {
    const { id } = await open(900);
    expect(
      await failure(stripe.invoices.pay(id, { payment_method: 'pm_card_visa_chargeDeclined' })),
    ).toMatchObject({ code: 'card_declined', statusCode: 402 });
    expect((await stripe.invoices.retrieve(id)).status).toBe('open');
    await stripe.invoices.pay(id);
    expect(charged()).toBe(900);
  });

  it('is sent only where it is for sending', async () => {
    const mine = await open(900);
    expect(await failure(stripe.invoices.sendInvoice(mine.id))).toMatchObject({ statusCode: 400 });
    const theirs = await open(900, { collection_method: 'send_invoice', days_until_due: 30 });
    expect((await stripe.invoices.sendInvoice(theirs.id)).status).toBe('open');
    expect(charged()).toBe(0);
  });

  it("uses up its customer's credit, and adds their debt", async () => {
    await stripe.customers.update(customer, { balance: -400 });
    const first = await open(900);
    expect(first).toMatchObject({
      amount_due: 500,
      ending_balance: 0,
      starting_balance: -400,
      total: 900,
    });
    await stripe.invoices.pay(first.id);
    await stripe.customers.update(customer, { balance: 250 });
    const second = await open(900);
    expect(second.amount_due).toBe(1150);
    await stripe.invoices.pay(second.id);
    expect(charged()).toBe(500 + 1150);
    await stripe.customers.update(customer, { balance: -5000 });
    expect(await open(900)).toMatchObject({ amount_due: 0, ending_balance: -4100, status: 'paid' });
    expect(charged()).toBe(1650);
  });
});

// https://support.stripe.com/questions/rounding-rules-for-stripe-fees: 0.43 and 4.84 USD, 15 % of each.
it('taxes are rounded line by line', async () => {
  const rate = await stripe.taxRates.create({
    display_name: 'VAT',
    inclusive: false,
    percentage: 15,
  });
  const invoice = await stripe.invoices.create({ customer, default_tax_rates: [rate.id] });
  const taxed = await stripe.invoices.addLines(invoice.id, {
    lines: [{ amount: 43 }, { amount: 484 }],
  });
  expect(taxed).toMatchObject({
    subtotal: 527,
    total: 606,
    total_taxes: [{ amount: 79, tax_behavior: 'exclusive', taxable_amount: 527 }],
  });
  expect(taxed.lines.data.map((line) => line.taxes![0]!.amount)).toEqual([6, 73]);
});
