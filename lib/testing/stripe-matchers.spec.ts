import Stripe from 'stripe';
import './jest';
import { createStripeVendor } from './stripe-vendor';
import type { StripeVendor } from './stripe-vendor';

const PAID = {
  currency: 'usd',
  confirm: true,
  payment_method: 'pm_card_visa',
  allowed_payment_method_types: ['card'],
};

describe('the matchers over an offline Stripe', () => {
  let vendor: StripeVendor;
  let stripe: Stripe;

  beforeAll(async () => {
    vendor = await createStripeVendor();
    stripe = new Stripe(vendor.secretKey, {
      host: '127.0.0.1',
      port: vendor.port,
      protocol: 'http',
      maxNetworkRetries: 0,
    });
  });
  beforeEach(() => vendor.reset());
  afterAll(() => vendor.close());

  function charge(amount: number, params: Partial<Stripe.PaymentIntentCreateParams> = {}) {
    return stripe.paymentIntents.create({ ...PAID, amount, ...params });
  }

  describe('toHaveCharged', () => {
    it('finds a charge by what it is asked for, and by nothing else', async () => {
      const { id: customer } = await stripe.customers.create({ name: 'Ada' });
      const intent = await charge(1200, { customer, metadata: { order: '7', by: 'agent' } });

      expect(vendor).toHaveCharged();
      expect(vendor).toHaveCharged({ amount: 1200, currency: 'USD', times: 1 });
      expect(vendor).toHaveCharged({ customer, paymentIntent: intent.id, metadata: { order: 7 } });
      expect(vendor).toHaveCharged({
        amount: expect.any(Number),
        customer: expect.stringMatching(/^cus_/),
        metadata: { by: expect.stringContaining('agent') },
      });
      expect(vendor).not.toHaveCharged({ amount: 1201 });
      expect(vendor).not.toHaveCharged({ currency: 'eur' });
      expect(vendor).not.toHaveCharged({ customer: null });
      expect(vendor).not.toHaveCharged({ metadata: { order: '8' } });
      expect(vendor).not.toHaveCharged({ metadata: { toString: 'x' } });
      expect(vendor).not.toHaveCharged({ amount: 1200, times: 2 });
    });

    it('counts what was executed: no decline, no replay, no authorization before its capture', async () => {
      vendor.next('POST /v1/payment_intents', { decline: 'insufficient_funds' });
      await expect(charge(500)).rejects.toMatchObject({ decline_code: 'insufficient_funds' });
      expect(vendor).not.toHaveCharged();

      const { id } = await charge(700, { capture_method: 'manual' });
      expect(vendor).not.toHaveCharged();
      await stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'once' });
      await stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'once' });
      expect(vendor).toHaveCharged({ amount: 700, times: 1 });
    });

    it('says what was executed instead', async () => {
      const { id } = await charge(1000, { metadata: { order: '7' } });
      expect(() => expect(vendor).toHaveCharged({ amount: 1200, times: 2 })).toThrow(
        [
          'expect(vendor).toHaveCharged({ amount: 1200, times: 2 })',
          '',
          'Times: 0',
          'The vendor has executed:',
          `  charge 1000 usd {"paymentIntent":"${id}","metadata":{"order":"7"}}`,
        ].join('\n'),
      );
      expect(() =>
        expect(vendor).not.toHaveCharged({ currency: expect.stringMatching(/usd/) }),
      ).toThrow('expect(vendor).not.toHaveCharged({ currency: StringMatching</usd/> })');
    });

    it('says what was received where nothing was executed', async () => {
      const fails = () => expect(vendor).toHaveCharged();
      expect(fails).toThrow('executed no movement of money.\n\nThe vendor has received no call.');

      await stripe.paymentIntents.create({ amount: 900, currency: 'usd' });
      expect(fails).toThrow(
        [
          'The vendor has received:',
          '  POST /v1/payment_intents {"amount":"900","currency":"usd"} → 200',
          'A PaymentIntent moves money only once it is confirmed.',
        ].join('\n'),
      );
    });

    it('shows the latest twenty of many, and no secret', async () => {
      for (let amount = 101; amount <= 121; amount += 1) await charge(amount);
      const fails = () => expect(vendor).toHaveCharged({ amount: 1 });
      expect(fails).toThrow(/ {2}… 1 before these\n {2}charge 102 /);
      expect(fails).not.toThrow(vendor.secretKey);
    });
  });

  describe('toHaveRefunded', () => {
    it('finds what was paid back, and no charge', async () => {
      const { id: payment_intent } = await charge(1200);
      expect(vendor).not.toHaveRefunded();
      await stripe.refunds.create({ payment_intent, amount: 300 });
      expect(vendor).toHaveRefunded({ amount: 300, paymentIntent: payment_intent, times: 1 });
      expect(vendor).not.toHaveRefunded({ amount: 1200 });
      expect(vendor).not.toHaveCharged({ amount: 300 });
    });
  });

  describe('toHaveReceived', () => {
    it('finds a call by method, path and parameters, whatever became of it', async () => {
      vendor.next('POST /v1/payment_intents', { status: 500 });
      await expect(
        charge(1200, {
          metadata: { order: '7' },
          expand: ['latest_charge', 'customer'],
          amount_details: { tax: { total_tax_amount: 3 } },
        }),
      ).rejects.toMatchObject({ statusCode: 500 });

      expect(vendor).toHaveReceived('POST /v1/payment_intents');
      expect(vendor).toHaveReceived('POST /v1/*', { amount: 1200, confirm: true });
      expect(vendor).toHaveReceived(({ path }) => path.startsWith('/v1/payment'), {
        amount_details: { tax: { total_tax_amount: 3 } },
        customer: undefined,
        metadata: { order: expect.stringMatching(/^\d$/) },
        expand: ['latest_charge', 'customer'],
      });
      expect(vendor).not.toHaveReceived('GET /v1/payment_intents');
      expect(vendor).not.toHaveReceived('/v1/payment_intents', { amount: 1201 });
      expect(vendor).not.toHaveReceived('/v1/payment_intents', { amount: undefined });
      expect(vendor).not.toHaveReceived('/v1/payment_intents', { expand: ['customer'] });
      expect(vendor).not.toHaveReceived('/v1/payment_intents', { metadata: 'order' });
      expect(vendor).not.toHaveReceived('/v1/payment_intents', { amount: { value: 1200 } });
    });

    it('says what was received instead', async () => {
      await stripe.customers.create({ name: 'Ada' });
      expect(() => expect(vendor).toHaveReceived('POST /v1/refunds', { amount: 1 })).toThrow(
        [
          "expect(vendor).toHaveReceived('POST /v1/refunds', { amount: 1 })",
          '',
          'The vendor has received:',
          '  POST /v1/customers {"name":"Ada"} → 200',
        ].join('\n'),
      );
      expect(() => expect(vendor).not.toHaveReceived('/v1/customers')).toThrow(
        "expect(vendor).not.toHaveReceived('/v1/customers')\n\nThe vendor has received:",
      );
    });

    it('a pattern that matches nothing is a fault, under .not too', () => {
      expect(() => expect(vendor).not.toHaveReceived('payment_intents')).toThrow(TypeError);
    });
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['sk_test', "'sk_test'"],
    [new Map(), 'an object of Map'],
    [Object.create(null), 'an object of no class'],
    [Promise.resolve(), 'a promise: await createStripeVendor() first'],
  ])('%p is no vendor, and that is a fault under .not too', (received, named) => {
    const fault = `such as app.get(StripeVendor), and was given ${named}.`;
    expect(() => expect(received).toHaveCharged()).toThrow(fault);
    expect(() => expect(received).not.toHaveRefunded()).toThrow(fault);
    expect(() => expect(received).not.toHaveReceived('*')).toThrow(fault);
  });

  it('a misspelt field, or no count, is a fault under .not too', () => {
    const misspelt = { ammount: 1200 } as object;
    expect(() => expect(vendor).not.toHaveCharged(misspelt)).toThrow('knows no "ammount"');
    expect(() => expect(vendor).not.toHaveCharged({ times: 0 })).toThrow('for none there is .not');
  });
});

it('what a book has forgotten is not counted as if it had never been', async () => {
  const small = await createStripeVendor({ keep: 1 });
  const client = new Stripe(small.secretKey, {
    host: '127.0.0.1',
    port: small.port,
    protocol: 'http',
  });
  try {
    for (const amount of [100, 200]) await client.paymentIntents.create({ ...PAID, amount });
    expect(small).toHaveCharged({ amount: 200 });
    expect(() => expect(small).toHaveCharged({ times: 1 })).toThrow('larger `keep`');
    expect(() => expect(small).not.toHaveCharged({ amount: 100 })).toThrow('larger `keep`');
    expect(() => expect(small).not.toHaveReceived('GET /v1/charges')).toThrow('larger `keep`');
  } finally {
    await small.close();
  }
});
