import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { inspect } from 'node:util';

import Stripe from 'stripe';

import { createStripeVendor } from './stripe-vendor';
import type { StripeVendor } from './stripe-vendor';

let vendor: StripeVendor;
let stripe: Stripe;

function sdk(config: Partial<ConstructorParameters<typeof Stripe>[1]> = {}): Stripe {
  return new Stripe(vendor.secretKey, {
    host: '127.0.0.1',
    port: vendor.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    ...config,
  });
}

beforeEach(async () => {
  vendor = await createStripeVendor();
  stripe = sdk();
});

afterEach(() => vendor.close());

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  json: {
    id?: string;
    error?: Record<string, unknown>;
    [field: string]: unknown;
  };
}

function call(
  method: string,
  path: string,
  form?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port: vendor.port,
        method,
        path,
        agent: false,
        headers: {
          authorization: `Bearer ${vendor.secretKey}`,
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          let json: Answer['json'] = {};
          try {
            json = JSON.parse(body) as Answer['json'];
          } catch {
            // Not every scripted body is JSON.
          }
          resolve({ status: response.statusCode!, headers: response.headers, body, json });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(form);
  });
}

const charge = (
  key?: string,
  form = 'amount=1200&currency=usd&confirm=true&allowed_payment_method_types[0]=card&payment_method=pm_card_visa',
) => call('POST', '/v1/payment_intents', form, key === undefined ? {} : { 'idempotency-key': key });

const paid = {
  currency: 'usd',
  confirm: true,
  payment_method: 'pm_card_visa',
  allowed_payment_method_types: ['card'],
};

async function failure(
  work: Promise<unknown>,
): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  return error;
}

describe('PaymentIntents', () => {
  it('a confirmed one is charged at once', async () => {
    const customer = await stripe.customers.create({ email: 'ada@example.test' });
    const intent = await stripe.paymentIntents.create({
      ...paid,
      amount: 1200,
      currency: 'USD',
      customer: customer.id,
      description: 'a book',
      metadata: { order: '7' },
    });
    expect(intent).toMatchObject({
      id: expect.stringMatching(/^pi_[A-Za-z0-9]{24}$/) as string,
      object: 'payment_intent',
      status: 'succeeded',
      amount: 1200,
      amount_received: 1200,
      amount_capturable: 0,
      currency: 'usd',
      customer: customer.id,
      description: 'a book',
      metadata: { order: '7' },
      latest_charge: expect.stringMatching(/^ch_[A-Za-z0-9]{24}$/) as string,
      payment_method: expect.stringMatching(/^pm_[A-Za-z0-9]{24}$/) as string,
    });
    expect(intent.client_secret).toContain(`${intent.id}_secret_`);
    expect(vendor.book.executed).toEqual([
      {
        kind: 'charge',
        amount: 1200,
        currency: 'usd',
        id: intent.latest_charge,
        paymentIntent: intent.id,
        customer: customer.id,
        metadata: { order: '7' },
        idempotencyKey: vendor.calls('POST /v1/payment_intents')[0]!.idempotencyKey,
        call: 2,
      },
    ]);
  });

  it('one created without confirming moves nothing until it is confirmed', async () => {
    const bare = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      allowed_payment_method_types: ['card'],
    });
    expect(bare.status).toBe('requires_payment_method');
    const withCard = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      payment_method: 'pm_card_mastercard',
      allowed_payment_method_types: ['card'],
    });
    expect(withCard.status).toBe('requires_confirmation');
    expect(vendor.book.executed).toEqual([]);

    const refused = await failure(stripe.paymentIntents.confirm(bare.id));
    expect(refused).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    const mismatch = await failure(
      stripe.paymentIntents.confirm(withCard.id, { amount_to_confirm: 400 }),
    );
    expect(mismatch).toMatchObject({ statusCode: 400, param: 'amount_to_confirm' });

    const confirmed = await stripe.paymentIntents.confirm(bare.id, {
      payment_method: 'pm_card_visa',
      amount_to_confirm: 500,
    });
    expect(confirmed.status).toBe('succeeded');
    expect((await stripe.paymentIntents.confirm(withCard.id)).status).toBe('succeeded');
    expect(vendor.book.total('USD')).toBe(1000);

    const again = await failure(stripe.paymentIntents.confirm(bare.id));
    expect(again).toMatchObject({
      code: 'payment_intent_unexpected_state',
      payment_intent: { id: bare.id },
    });
  });

  const RETURN_URL = 'https://shop.example/done';
  const BOTH_WAYS = { enabled: true, allow_redirects: 'always' } as const;
  const NO_REDIRECTS = { enabled: true, allow_redirects: 'never' } as const;
  const mustReturn = {
    statusCode: 400,
    type: 'StripeInvalidRequestError',
    message: expect.stringContaining('you must provide a `return_url`') as string,
  };

  it('one that may redirect is not confirmed without a page to come back to', async () => {
    const { allowed_payment_method_types: _, ...automatic } = { ...paid, amount: 500 };
    for (const given of [{}, { automatic_payment_methods: { enabled: true } }]) {
      const refused = await failure(stripe.paymentIntents.create({ ...automatic, ...given }));
      expect(refused).toMatchObject(mustReturn);
      expect(refused.code).toBeUndefined();
    }
    const { id } = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      payment_method: 'pm_card_visa',
    });
    const unconfirmed = await failure(stripe.paymentIntents.confirm(id));
    expect(unconfirmed).toMatchObject({ ...mustReturn, payment_intent: { id } });
    expect(vendor.book.executed).toEqual([]);

    const sound = [
      stripe.paymentIntents.create({ ...automatic, return_url: RETURN_URL }),
      stripe.paymentIntents.create({ ...automatic, automatic_payment_methods: NO_REDIRECTS }),
      stripe.paymentIntents.create({
        ...automatic,
        automatic_payment_methods: { enabled: false },
      }),
      stripe.paymentIntents.confirm(id, { return_url: RETURN_URL }),
    ];
    for (const { status } of await Promise.all(sound)) expect(status).toBe('succeeded');
    expect(vendor.book.total('usd')).toBe(2000);
  });

  it('shows its payment methods as they were given', async () => {
    const shown = async (given: Partial<Stripe.PaymentIntentCreateParams>) => {
      const intent = await stripe.paymentIntents.create({ amount: 500, currency: 'usd', ...given });
      return (await stripe.paymentIntents.retrieve(intent.id)).automatic_payment_methods;
    };
    expect(await shown({})).toEqual(BOTH_WAYS);
    expect(await shown({ automatic_payment_methods: { enabled: true } })).toEqual(BOTH_WAYS);
    expect(await shown({ automatic_payment_methods: NO_REDIRECTS })).toEqual(NO_REDIRECTS);
    expect(await shown({ automatic_payment_methods: { enabled: false } })).toEqual({
      enabled: false,
    });
    expect(await shown({ allowed_payment_method_types: ['card'] })).toBeNull();
  });

  it('takes what the API takes in the version of the call', async () => {
    const form = 'amount=500&currency=usd&payment_method=pm_card_visa&confirm=true';
    const types = `${form}&payment_method_types[0]=card`;
    const post = async (version: string, sent: string) =>
      (await call('POST', '/v1/payment_intents', sent, { 'stripe-version': version })).json;
    expect(await post('2026-08-26.dahlia', types)).toMatchObject({ status: 'succeeded' });
    expect(await post('2026-09-30.endive', types)).toMatchObject({
      error: { code: 'payment_method_types_no_longer_supported', param: 'payment_method_types' },
    });
    expect(await post('2022-11-15', form)).toMatchObject({
      status: 'succeeded',
      automatic_payment_methods: null,
    });
    expect(await post('2023-08-16', form)).toMatchObject({
      error: { message: mustReturn.message },
    });
  });

  it.each<[string, string, string]>([
    [
      'automatic_payment_methods[enabled]=true&allowed_payment_method_types[0]=card',
      'automatic_payment_methods',
      'You may only specify one of these parameters: automatic_payment_methods, allowed_payment_method_types.',
    ],
    [
      'automatic_payment_methods[enabled]=true&confirmation_method=automatic',
      'automatic_payment_methods',
      'You may only specify one of these parameters: automatic_payment_methods, confirmation_method.',
    ],
    [
      'confirm=true&payment_method=pm_card_visa&payment_method_types[0]=card',
      'payment_method_types',
      'no longer supported in this API version',
    ],
    ['off_session=true', 'off_session', 'unless `confirm` is set to true.'],
    ['return_url=https%3A%2F%2Fshop.example', 'return_url', 'unless `confirm` is set to true.'],
    [
      'error_on_requires_action=true',
      'error_on_requires_action',
      'unless `confirm` is set to true.',
    ],
    ['return_url=shop&confirm=true', 'return_url', 'Not a valid URL'],
    ['automatic_payment_methods=true', 'automatic_payment_methods', 'Invalid object'],
    [
      'automatic_payment_methods[allow_redirects]=never',
      'automatic_payment_methods[enabled]',
      'Missing required param: automatic_payment_methods[enabled].',
    ],
    [
      'automatic_payment_methods[enabled]=true&automatic_payment_methods[redirect]=never',
      'automatic_payment_methods[redirect]',
      'Received unknown parameter: automatic_payment_methods[redirect]',
    ],
    [
      'automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=no',
      'automatic_payment_methods[allow_redirects]',
      'must be one of always, never',
    ],
  ])('refuses %s', async (form, param, message) => {
    const answer = await charge(undefined, `amount=500&currency=usd&${form}`);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      error: {
        type: 'invalid_request_error',
        param,
        message: expect.stringContaining(message) as string,
      },
    });
    expect(vendor.book.executed).toEqual([]);
  });

  it('a manual one is authorized, captured in part, and then done', async () => {
    const intent = await stripe.paymentIntents.create({
      ...paid,
      amount: 1000,
      capture_method: 'manual',
      metadata: { order: '8' },
    });
    expect(intent).toMatchObject({
      status: 'requires_capture',
      amount_capturable: 1000,
      amount_received: 0,
    });
    expect(vendor.book.total('usd')).toBe(0);
    expect(vendor.book.total('usd', 'authorization')).toBe(1000);

    const tooMuch = await failure(
      stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1001 }),
    );
    expect(tooMuch).toMatchObject({ code: 'amount_too_large', param: 'amount_to_capture' });

    const captured = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 700 });
    expect(captured).toMatchObject({
      status: 'succeeded',
      amount: 1000,
      amount_capturable: 0,
      amount_received: 700,
    });
    expect(await stripe.charges.retrieve(captured.latest_charge as string)).toMatchObject({
      captured: true,
      amount_captured: 700,
    });
    expect(vendor.book.total('usd')).toBe(700);
    expect(vendor.book.executed.at(-1)).toMatchObject({
      kind: 'capture',
      amount: 700,
      paymentIntent: intent.id,
      metadata: { order: '8' },
    });
    expect(await failure(stripe.paymentIntents.capture(intent.id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
  });

  it('a capture that is not the final one leaves the rest capturable', async () => {
    const { id } = await stripe.paymentIntents.create({
      ...paid,
      amount: 1000,
      capture_method: 'manual',
    });
    const first = await stripe.paymentIntents.capture(id, {
      amount_to_capture: 300,
      final_capture: false,
    });
    expect(first).toMatchObject({
      status: 'requires_capture',
      amount_capturable: 700,
      amount_received: 300,
    });
    const last = await stripe.paymentIntents.capture(id);
    expect(last).toMatchObject({
      status: 'succeeded',
      amount_capturable: 0,
      amount_received: 1000,
    });
    expect(vendor.book.total('usd', 'capture')).toBe(1000);
  });

  it('one that has not succeeded can be canceled, once', async () => {
    const { id } = await stripe.paymentIntents.create({
      ...paid,
      amount: 1000,
      capture_method: 'manual',
    });
    const canceled = await stripe.paymentIntents.cancel(id, { cancellation_reason: 'duplicate' });
    expect(canceled).toMatchObject({
      status: 'canceled',
      amount_capturable: 0,
      cancellation_reason: 'duplicate',
      canceled_at: expect.any(Number) as number,
    });
    expect(await failure(stripe.paymentIntents.cancel(id))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
    expect(vendor.book.total('usd')).toBe(0);
  });

  it.each([
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
  ])('%s declines with the object that stays behind', async (payment_method, code, decline) => {
    const error = await failure(
      stripe.paymentIntents.create({ ...paid, amount: 900, payment_method }),
    );
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({
      statusCode: 402,
      code,
      decline_code: decline,
      charge: expect.stringMatching(/^ch_/) as string,
      payment_intent: {
        status: 'requires_payment_method',
        payment_method: null,
        amount_received: 0,
        latest_charge: error.charge,
        last_payment_error: { code, type: 'card_error' },
      },
    });
    expect(vendor.book.executed).toEqual([]);
    expect(vendor.book.entries[0]).toMatchObject({ status: 402, executed: true });

    const { id } = error.payment_intent!;
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
    expect(await stripe.charges.retrieve(error.charge!)).toMatchObject({
      status: 'failed',
      paid: false,
      failure_code: code,
      payment_intent: id,
    });
    const retried = await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    expect(retried).toMatchObject({ status: 'succeeded', last_payment_error: null });
  });

  it('a card that wants its holder is declined off session, and asks for an action otherwise', async () => {
    const order = { ...paid, amount: 900, payment_method: 'pm_card_authenticationRequired' };
    const error = await failure(stripe.paymentIntents.create({ ...order, off_session: true }));
    expect(error).toMatchObject({ statusCode: 402, code: 'authentication_required' });
    expect((await stripe.paymentIntents.create(order)).status).toBe('requires_action');
    expect(vendor.book.executed).toEqual([]);
  });

  it('lists come newest first, in pages', async () => {
    const ids: string[] = [];
    for (let amount = 1; amount <= 23; amount += 1) {
      ids.unshift((await stripe.paymentIntents.create({ amount, currency: 'usd' })).id);
    }
    const first = await stripe.paymentIntents.list();
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 10));
    expect(first).toMatchObject({ object: 'list', has_more: true, url: '/v1/payment_intents' });

    const last = await stripe.paymentIntents.list({ limit: 10, starting_after: ids[19]! });
    expect(last.data.map(({ id }) => id)).toEqual(ids.slice(20));
    expect(last.has_more).toBe(false);
    const before = await stripe.paymentIntents.list({ limit: 3, ending_before: ids[10]! });
    expect(before.data.map(({ id }) => id)).toEqual(ids.slice(7, 10));
    expect(before.has_more).toBe(true);

    const all: string[] = [];
    for await (const { id } of stripe.paymentIntents.list({ limit: 7 })) all.push(id);
    expect(all).toEqual(ids);
    expect((await stripe.paymentIntents.list({ created: { gt: 4_000_000_000 } })).data).toEqual([]);
    expect(await failure(stripe.paymentIntents.list({ limit: 101 }))).toMatchObject({
      statusCode: 400,
      param: 'limit',
    });
  });

  it('expand shows the object in place of its id, and a wrong one is refused before anything moves', async () => {
    const { id: customer } = await stripe.customers.create();
    const intent = await stripe.paymentIntents.create({
      ...paid,
      amount: 100,
      customer,
      expand: ['latest_charge.balance_transaction', 'customer'],
    });
    expect(intent.latest_charge).toMatchObject({
      object: 'charge',
      balance_transaction: { object: 'balance_transaction', amount: 100 },
    });
    expect(intent.customer).toMatchObject({ id: customer, object: 'customer' });
    expect((await stripe.paymentIntents.retrieve(intent.id)).customer).toBe(customer);
    const listed = await stripe.paymentIntents.list({ expand: ['data.latest_charge'] });
    expect(listed.data[0]!.latest_charge).toMatchObject({ object: 'charge' });

    const error = await failure(
      stripe.paymentIntents.create({ ...paid, amount: 100, expand: ['nonsense'] }),
    );
    expect(error.statusCode).toBe(400);
    expect(vendor.book.total('usd')).toBe(100);
  });
});

describe('charges', () => {
  it('are made from a token, or from a customer with a card', async () => {
    const direct = await stripe.charges.create({
      amount: 300,
      currency: 'usd',
      source: 'tok_visa',
    });
    expect(direct).toMatchObject({ status: 'succeeded', paid: true, captured: true });

    const customer = await stripe.customers.create({ source: 'tok_mastercard' });
    expect(customer.default_source).toMatch(/^card_/);
    const own = await stripe.charges.create({
      amount: 200,
      currency: 'usd',
      customer: customer.id,
    });
    expect(own.payment_method_details?.card?.brand).toBe('mastercard');
    expect(vendor.book.total('usd', 'charge')).toBe(500);

    expect((await stripe.charges.retrieve(own.id)).id).toBe(own.id);
    const list = await stripe.charges.list({ customer: customer.id });
    expect(list.data.map(({ id }) => id)).toEqual([own.id]);
    const cardless = await stripe.customers.create();
    expect(
      await failure(stripe.charges.create({ amount: 200, currency: 'usd', customer: cardless.id })),
    ).toMatchObject({ statusCode: 402, code: 'missing' });
  });

  it('are authorized first and captured later', async () => {
    const order = { amount: 300, currency: 'usd', source: 'tok_visa', capture: false };
    const { id } = await stripe.charges.create(order);
    expect(vendor.book.total('usd')).toBe(0);
    expect(await stripe.charges.capture(id, { amount: 250 })).toMatchObject({
      captured: true,
      amount_captured: 250,
    });
    expect(vendor.book.total('usd')).toBe(250);
    expect(await failure(stripe.charges.capture(id))).toMatchObject({
      code: 'charge_already_captured',
    });
  });

  it('a declined token leaves a failed charge', async () => {
    const error = await failure(
      stripe.charges.create({ amount: 300, currency: 'usd', source: 'tok_chargeDeclined' }),
    );
    expect(error).toMatchObject({ statusCode: 402, decline_code: 'generic_decline' });
    expect((await stripe.charges.retrieve(error.charge!)).status).toBe('failed');
    expect(vendor.book.executed).toEqual([]);
  });
});

describe('refunds', () => {
  it('give back part, then the rest, and never more', async () => {
    const intent = await stripe.paymentIntents.create({ ...paid, amount: 1000 });
    const part = await stripe.refunds.create({
      payment_intent: intent.id,
      amount: 400,
      reason: 'requested_by_customer',
      metadata: { ticket: '9' },
    });
    expect(part).toMatchObject({
      object: 'refund',
      amount: 400,
      status: 'succeeded',
      charge: intent.latest_charge,
      payment_intent: intent.id,
      reason: 'requested_by_customer',
    });
    const tooMuch = await failure(
      stripe.refunds.create({ payment_intent: intent.id, amount: 601 }),
    );
    expect(tooMuch).toMatchObject({ statusCode: 400, param: 'amount' });
    const rest = await stripe.refunds.create({ charge: intent.latest_charge as string });
    expect(rest.amount).toBe(600);
    expect(await failure(stripe.refunds.create({ payment_intent: intent.id }))).toMatchObject({
      code: 'charge_already_refunded',
    });

    expect(await stripe.charges.retrieve(intent.latest_charge as string)).toMatchObject({
      amount_refunded: 1000,
      refunded: true,
    });
    expect(vendor.book.total('usd', 'refund')).toBe(1000);
    expect(vendor.book.total('usd')).toBe(2000);
    expect(vendor.book.executed[1]).toMatchObject({ kind: 'refund', metadata: { ticket: '9' } });
    expect((await stripe.refunds.retrieve(part.id)).id).toBe(part.id);
    const list = await stripe.refunds.list({ payment_intent: intent.id });
    expect(list.data.map(({ id }) => id)).toEqual([rest.id, part.id]);
  });

  it('need something that was charged', async () => {
    const { id } = await stripe.paymentIntents.create({ amount: 1000, currency: 'usd' });
    expect((await failure(stripe.refunds.create({ payment_intent: id }))).statusCode).toBe(400);
    expect((await failure(stripe.refunds.create({}))).statusCode).toBe(400);
    expect((await failure(stripe.refunds.create({ charge: 'ch_none' }))).code).toBe(
      'resource_missing',
    );
  });

  it('of an uncaptured charge release it and move nothing', async () => {
    const { id } = await stripe.charges.create({
      amount: 300,
      currency: 'usd',
      source: 'tok_visa',
      capture: false,
    });
    expect((await failure(stripe.refunds.create({ charge: id, amount: 100 }))).statusCode).toBe(
      400,
    );
    expect((await stripe.refunds.create({ charge: id })).amount).toBe(300);
    expect(vendor.book.total('usd')).toBe(0);
  });
});

describe('customers', () => {
  it('are created, changed, listed and deleted', async () => {
    const ada = await stripe.customers.create({
      name: 'Ada',
      email: 'ada@example.test',
      address: { city: 'London', line1: '1 St James’s Square' },
      metadata: { a: '1', b: '2' },
    });
    expect(ada).toMatchObject({
      id: expect.stringMatching(/^cus_/) as string,
      object: 'customer',
      name: 'Ada',
      address: { city: 'London', line1: '1 St James’s Square' },
    });
    const changed = await stripe.customers.update(ada.id, {
      name: '',
      metadata: { a: '', c: '3' },
    });
    expect(changed).toMatchObject({ email: 'ada@example.test', metadata: { b: '2', c: '3' } });
    expect(changed.name).toBeNull();
    const other = await stripe.customers.create({ email: 'bob@example.test' });
    const found = await stripe.customers.list({ email: 'ada@example.test' });
    expect(found.data.map(({ id }) => id)).toEqual([ada.id]);

    expect(await stripe.customers.del(ada.id)).toMatchObject({ id: ada.id, deleted: true });
    expect(await stripe.customers.retrieve(ada.id)).toMatchObject({ id: ada.id, deleted: true });
    expect((await failure(stripe.customers.update(ada.id, { name: 'x' }))).statusCode).toBe(404);
    expect((await stripe.customers.list()).data.map(({ id }) => id)).toEqual([other.id]);
    expect(
      await failure(
        stripe.paymentIntents.create({ amount: 100, currency: 'usd', customer: ada.id }),
      ),
    ).toMatchObject({ statusCode: 400, code: 'resource_missing', param: 'customer' });
    expect(vendor.book.executed).toEqual([]);
  });
});

describe('payouts', () => {
  it('move money, so that a spec can prove a refused one never arrived', async () => {
    const payout = await stripe.payouts.create({ amount: 5000, currency: 'usd' });
    expect(payout).toMatchObject({ object: 'payout', status: 'pending', amount: 5000 });
    expect((await stripe.payouts.retrieve(payout.id)).id).toBe(payout.id);
    expect((await stripe.payouts.list()).data).toHaveLength(1);
    expect(vendor.book.total('usd', 'payout')).toBe(5000);
    expect(vendor.calls('POST /v1/payouts')).toHaveLength(1);
  });
});

describe('what Stripe refuses', () => {
  const create = (form: string) => call('POST', '/v1/payment_intents', form);

  it.each([
    ['amount=100', 'parameter_missing', 'currency'],
    ['currency=usd', 'parameter_missing', 'amount'],
    ['amount=100&currency=usd&colour=red', 'parameter_unknown', 'colour'],
    ['amount=100&currency=usd&colour[a]=red', 'parameter_unknown', 'colour'],
    ['amount=1.5&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['amount=ten&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['amount=1e3&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['amount=0&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['amount=-5&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['amount=&currency=usd', 'parameter_invalid_empty', 'amount'],
    ['amount=100000000&currency=usd', 'amount_too_large', 'amount'],
    ['amount[0]=100&currency=usd', undefined, 'amount'],
    ['amount=100&currency=xxx', undefined, 'currency'],
    ['amount=100&currency=usd&confirm=yes', undefined, 'confirm'],
    ['amount=100&currency=usd&capture_method=later', undefined, 'capture_method'],
    ['amount=100&currency=usd&metadata=x', undefined, 'metadata'],
    ['amount=100&currency=usd&metadata[a][b]=x', undefined, 'metadata[a]'],
  ])('the form %s', async (form, code, param) => {
    const { status, json } = await create(form);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ type: 'invalid_request_error', param });
    expect(json.error!['code']).toBe(code);
    expect(vendor.book.entries[0]).toMatchObject({ status: 400, executed: false });
    expect(vendor.book.executed).toEqual([]);
  });

  it.each(['amount=%zz', 'a]b=1', 'a[b=1', 'amount=1&amount[x]=2'])(
    'the broken form %s',
    async (form) => {
      expect((await create(form)).status).toBe(400);
    },
  );

  it('a payment method, a token or an object it does not know', async () => {
    const pm = await create('amount=100&currency=usd&payment_method=pm_none');
    expect(pm.status).toBe(400);
    expect(pm.json.error).toMatchObject({ code: 'resource_missing', param: 'payment_method' });
    const intent = await call('GET', '/v1/payment_intents/pi_none');
    expect(intent.status).toBe(404);
    expect(intent.json.error).toMatchObject({
      code: 'resource_missing',
      message: "No such payment_intent: 'pi_none'",
    });
    const token = await call('POST', '/v1/charges', 'amount=1&currency=usd&source=tok_none');
    expect(token.json.error).toMatchObject({ code: 'resource_missing', param: 'source' });
  });

  it('a JSON body', async () => {
    const { status, json } = await call(
      'POST',
      '/v1/payment_intents',
      '{"amount":100,"currency":"usd"}',
      { 'content-type': 'application/json' },
    );
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ type: 'invalid_request_error' });
  });

  it.each([
    ['POST', '/v1/transfers'],
    ['GET', '/v1/payment_intents/'],
    ['GET', '/v1/payment_intents/pi_1/capture'],
    ['PUT', '/v1/payment_intents'],
    ['GET', '/'],
    ['POST', '/v1//payment_intents'],
    ['POST', '/v1/payment_intents/%2e%2e/refunds'],
    ['GET', '/v1/payment_intents/a/b/c'],
  ])('%s %s, which is no endpoint here', async (method, path) => {
    const { status, json } = await call(method, path);
    expect(status).toBe(404);
    expect(json.error).toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringContaining(`Unrecognized request URL (${method}: ${path})`) as string,
    });
  });

  it('a call with no key or a wrong one, of which it shows only the end', async () => {
    const none = await call('GET', '/v1/charges', undefined, { authorization: '' });
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toBe('Basic realm="Stripe"');
    const wrong = await call('GET', '/v1/charges', undefined, {
      authorization: 'Bearer sk_test_veryverysecretABCD',
    });
    expect(wrong.status).toBe(401);
    expect(wrong.json.error).toMatchObject({
      message: 'Invalid API Key provided: sk_test_****ABCD',
    });
    expect(inspect(vendor.book.entries)).not.toContain('veryverysecret');
    expect(vendor.book.entries.map(({ keyLast4 }) => keyLast4)).toEqual([undefined, 'ABCD']);

    const basic = Buffer.from(`${vendor.secretKey}:`).toString('base64');
    const taken = await call('GET', '/v1/charges', undefined, { authorization: `Basic ${basic}` });
    expect(taken.status).toBe(200);
  });

  it("another account's name", async () => {
    const { status, json } = await call('GET', '/v1/charges', undefined, {
      'stripe-account': 'acct_1',
    });
    expect(status).toBe(403);
    expect(json.error).toMatchObject({ code: 'account_invalid' });
  });
});

describe('headers', () => {
  it('say what Stripe says', async () => {
    const { headers, json } = await call(
      'POST',
      '/v1/customers',
      'metadata[a]=1&preferred_locales[0]=en&preferred_locales[]=de&name=A+%26+B',
      { 'idempotency-key': 'k1', 'stripe-version': '2020-08-27' },
    );
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'request-id': expect.stringMatching(/^req_/) as string,
      'idempotency-key': 'k1',
      'stripe-version': '2020-08-27',
    });
    expect(headers['idempotent-replayed']).toBeUndefined();
    expect(json).toMatchObject({
      name: 'A & B',
      metadata: { a: '1' },
      preferred_locales: ['en', 'de'],
    });
    expect(vendor.book.entries[0]).toMatchObject({
      sequence: 1,
      method: 'POST',
      path: '/v1/customers',
      params: { metadata: { a: '1' }, preferred_locales: ['en', 'de'], name: 'A & B' },
      idempotencyKey: 'k1',
      keyLast4: 'line',
      requestId: headers['request-id'],
      status: 200,
      executed: true,
      replayed: false,
    });
    expect(vendor.book.entries[0]!.headerNames).toEqual(
      expect.arrayContaining(['authorization', 'stripe-version']),
    );
  });
});

describe('Idempotency-Key', () => {
  it('the same request gets the same answer again, and the money moves once', async () => {
    const first = await charge('k1');
    const second = await charge(
      'k1',
      'payment_method=pm_card_visa&currency=usd&allowed_payment_method_types[0]=card&confirm=true&amount=1200',
    );
    expect(second.body).toBe(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.headers['original-request']).toBe(first.headers['request-id']);
    expect(second.headers['request-id']).not.toBe(first.headers['request-id']);
    expect(vendor.book.total('usd')).toBe(1200);
    expect(vendor.book.entries.map(({ executed, replayed }) => [executed, replayed])).toEqual([
      [true, false],
      [false, true],
    ]);
    expect((await charge('k2')).json.id).not.toBe(first.json.id);
  });

  it('a decline is replayed too', async () => {
    const form =
      'amount=100&currency=usd&confirm=true&allowed_payment_method_types[0]=card&payment_method=pm_card_chargeDeclined';
    const first = await charge('k1', form);
    const second = await charge('k1', form);
    expect([first.status, second.status]).toEqual([402, 402]);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.body).toBe(first.body);
  });

  it('another request under the key is refused', async () => {
    await charge('k1');
    const other = await charge('k1', 'amount=1300&currency=usd');
    expect(other.status).toBe(400);
    expect(other.json.error).toMatchObject({ type: 'idempotency_error' });
    const elsewhere = await call('POST', '/v1/customers', '', { 'idempotency-key': 'k1' });
    expect(elsewhere.json.error).toMatchObject({ type: 'idempotency_error' });
    expect(vendor.book.total('usd')).toBe(1200);
  });

  it('what failed before it executed leaves the key free', async () => {
    expect((await charge('k1', 'amount=x&currency=usd')).status).toBe(400);
    expect((await charge('k1')).status).toBe(200);
    vendor.next('POST /v1/payment_intents', { status: 429 });
    expect((await charge('k2')).status).toBe(429);
    expect((await charge('k2')).status).toBe(200);
    const wrongKey = { authorization: 'Bearer sk_test_wrong', 'idempotency-key': 'k3' };
    expect((await call('POST', '/v1/customers', '', wrongKey)).status).toBe(401);
    expect((await call('POST', '/v1/customers', '', { 'idempotency-key': 'k3' })).status).toBe(200);
  });

  it('a second call while the first still runs gets a 409', async () => {
    const held = vendor.hold('POST /v1/payment_intents', { at: 'before' });
    const first = charge('k1');
    await held.arrived;
    const second = await charge('k1');
    expect(second.status).toBe(409);
    expect(second.json.error).toMatchObject({ code: 'idempotency_key_in_use' });
    expect(vendor.book.executed).toEqual([]);
    held.release();
    expect((await first).status).toBe(200);
    expect((await charge('k1')).headers['idempotent-replayed']).toBe('true');
    expect(vendor.book.total('usd')).toBe(1200);
  });

  it('is ignored on a GET, and has at most 255 characters', async () => {
    const key = { 'idempotency-key': 'k1' };
    await call('GET', '/v1/charges', undefined, key);
    const second = await call('GET', '/v1/charges?limit=2', undefined, key);
    expect(second.status).toBe(200);
    expect((await charge('k'.repeat(256))).status).toBe(400);
  });

  it('makes the SDK’s own retries safe', async () => {
    const patient = sdk({ maxNetworkRetries: 2 });
    vendor.next('POST /v1/payment_intents', { reset: 'after' });
    const intent = await patient.paymentIntents.create({ ...paid, amount: 1200 });
    expect(intent.status).toBe('succeeded');
    expect(vendor.book.total('usd')).toBe(1200);
    const [first, second] = vendor.calls('POST /v1/payment_intents');
    expect(first!.idempotencyKey).toBe(second!.idempotencyKey);
    expect(first).toMatchObject({ executed: true, status: undefined, answer: 'cut' });
    expect(second).toMatchObject({ executed: false, replayed: true, status: 200 });
  });
});

describe('scripted faults', () => {
  it('answer in place of the endpoint, as often as asked, and only where they match', async () => {
    const script = vendor.next(
      'POST /v1/payment_intents/*/capture',
      { status: 429, headers: { 'Retry-After': '7' } },
      { times: 2 },
    );
    const { id } = await stripe.paymentIntents.create({
      ...paid,
      amount: 100,
      capture_method: 'manual',
    });
    const capture = () => call('POST', `/v1/payment_intents/${id}/capture`);
    const limited = await capture();
    expect(limited.status).toBe(429);
    expect(limited.headers['retry-after']).toBe('7');
    expect(limited.json.error).toMatchObject({ code: 'rate_limit' });
    await capture();
    expect((await script.arrived).map(({ status }) => status)).toEqual([429, 429]);
    expect((await capture()).status).toBe(200);
  });

  it('give any status, headers and body', async () => {
    vendor.next('*', { status: 302, headers: { location: 'https://elsewhere.test/' } });
    const moved = await charge();
    expect(moved.status).toBe(302);
    expect(moved.headers.location).toBe('https://elsewhere.test/');
    vendor.next((made) => made.path.startsWith('/v1/charges'), {
      status: 200,
      body: '<html>',
      headers: { 'Content-Type': 'text/html' },
    });
    const html = await call('GET', '/v1/charges');
    expect(html.body).toBe('<html>');
    expect(html.headers['content-type']).toBe('text/html');
    vendor.next('GET /v1/charges', { status: 401, body: { error: { message: 'no' } } });
    expect((await call('GET', '/v1/charges')).json.error).toEqual({ message: 'no' });
    expect(vendor.book.executed).toEqual([]);
  });

  it('a 500 is stored under its key, as Stripe stores it, unless told otherwise', async () => {
    vendor.next('*', { status: 500 });
    const first = await charge('k1');
    expect(first.status).toBe(500);
    expect(first.headers['stripe-should-retry']).toBe('false');
    const second = await charge('k1');
    expect(second.status).toBe(500);
    expect(second.headers['idempotent-replayed']).toBe('true');
    vendor.next('*', { status: 500 });
    const keyless = await call('GET', '/v1/charges');
    expect(keyless.headers['stripe-should-retry']).toBeUndefined();
    vendor.next('*', { status: 500, saved: false });
    expect((await charge('k2')).status).toBe(500);
    expect((await charge('k2')).status).toBe(200);
    expect(vendor.book.total('usd')).toBe(1200);
  });

  it('a failure after the money has moved is overcome by the key', async () => {
    vendor.next('*', { status: 502, at: 'after' });
    expect((await charge('k1')).status).toBe(502);
    expect(vendor.book.total('usd')).toBe(1200);
    const retried = await charge('k1');
    expect(retried.status).toBe(200);
    expect(retried.headers['idempotent-replayed']).toBe('true');
    expect(vendor.book.total('usd')).toBe(1200);
  });

  it.each([
    ['before', 0],
    ['after', 1200],
  ] as const)('a connection reset %s executing has moved %i', async (reset, moved) => {
    vendor.next('*', { reset });
    await expect(charge('k1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(vendor.book.total('usd')).toBe(moved);
    expect((await charge('k1')).status).toBe(200);
    expect(vendor.book.total('usd')).toBe(1200);
  });

  it.each([
    ['before', 0],
    [true, 1200],
  ] as const)(
    'a call that hangs (%s) has moved %i, and ends with its client',
    async (hang, moved) => {
      const script = vendor.next('*', { hang });
      const outgoing = httpRequest({
        host: '127.0.0.1',
        port: vendor.port,
        method: 'POST',
        path: '/v1/payment_intents',
        headers: { authorization: `Bearer ${vendor.secretKey}`, 'idempotency-key': 'k1' },
      });
      const failed = once(outgoing, 'error').catch((error: unknown) => error);
      outgoing.end(
        'amount=1200&currency=usd&confirm=true&allowed_payment_method_types[0]=card&payment_method=pm_card_visa',
      );
      const [hung] = await script.arrived;
      expect(vendor.book.total('usd')).toBe(moved);
      expect(hung).toMatchObject({ status: undefined, answer: 'pending' });
      outgoing.destroy();
      await failed;
      while (hung!.answer === 'pending') await new Promise(setImmediate);
      expect((await charge('k1')).status).toBe(200);
      expect(vendor.book.total('usd')).toBe(1200);
    },
  );

  it('a held call has executed, and is answered when the test says so', async () => {
    const held = vendor.hold('POST /v1/payment_intents', { times: 2 });
    const answers = [charge(), charge()];
    expect((await held.arrived).map(({ executed }) => executed)).toEqual([true, true]);
    expect(vendor.book.total('usd')).toBe(2400);
    expect((await charge()).status).toBe(200);
    held.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    while (vendor.book.entries.some(({ answer }) => answer === 'pending')) {
      await new Promise(setImmediate);
    }
    expect(vendor.book.entries.every(({ answer }) => answer === 'complete')).toBe(true);
  });

  it('a call held before executing executes at its release, even when its client has gone', async () => {
    const held = vendor.hold('POST /v1/payment_intents', { at: 'before' });
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port: vendor.port,
      method: 'POST',
      path: '/v1/payment_intents',
      headers: { authorization: `Bearer ${vendor.secretKey}` },
    });
    outgoing.on('error', () => undefined);
    outgoing.end(
      'amount=1200&currency=usd&confirm=true&allowed_payment_method_types[0]=card&payment_method=pm_card_visa',
    );
    const [entry] = await held.arrived;
    expect(vendor.book.executed).toEqual([]);
    outgoing.destroy();
    while (entry!.answer === 'pending') await new Promise(setImmediate);
    held.release();
    while (!entry!.executed) await new Promise(setImmediate);
    expect(vendor.book.total('usd')).toBe(1200);
    expect(entry).toMatchObject({ answer: 'cut', status: undefined });
  });

  it('a truncated answer has a sound head and half a body', async () => {
    vendor.next('*', { truncate: true });
    await expect(charge('k1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(vendor.book.entries[0]).toMatchObject({ status: 200, executed: true, answer: 'cut' });
    expect(vendor.book.total('usd')).toBe(1200);
    expect((await charge('k1')).headers['idempotent-replayed']).toBe('true');
  });

  it('a scripted decline beats any card', async () => {
    vendor.next('POST /v1/payment_intents', { decline: 'insufficient_funds' });
    expect(await failure(stripe.paymentIntents.create({ ...paid, amount: 100 }))).toMatchObject({
      statusCode: 402,
      code: 'card_declined',
      decline_code: 'insufficient_funds',
    });
    expect(vendor.book.executed).toEqual([]);
  });

  it('a delayed call is answered late, and then as usual', async () => {
    vendor.next('*', { delayMs: 30 });
    const started = performance.now();
    expect((await charge()).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(29);
  });

  it('a large answer is made while it is read', async () => {
    const bytes = 64 * 1024 * 1024;
    const { id } = await stripe.customers.create({ name: 'Ada' });
    vendor.next('GET /v1/customers/*', { stream: { bytes, chunkBytes: 10_000 } });
    const before = process.memoryUsage();
    const outgoing = httpRequest({
      agent: false,
      host: '127.0.0.1',
      port: vendor.port,
      path: `/v1/customers/${id}`,
      headers: { authorization: `Bearer ${vendor.secretKey}` },
    }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(response.headers['content-length']).toBe(String(bytes));
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(vendor.book.entries.at(-1)!.answer).toBe('pending');
    expect(process.memoryUsage().external - before.external).toBeLessThan(16 * 1024 * 1024);

    let received = 0;
    let tail = '';
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (received === 0) expect(chunk.toString()).toContain(`{"id":"${id}"`);
      received += chunk.length;
      tail = chunk.subarray(-2).toString();
    }
    expect(received).toBe(bytes);
    expect(tail).toBe('"}');

    vendor.next('*', { stream: { bytes: 1000 } });
    const unknown = await call('GET', '/v1/reporting');
    expect(unknown.status).toBe(200);
    expect(unknown.body).toHaveLength(1000);
    expect(unknown.json['padding']).toMatch(/^x+$/);
  });

  it('a reader that goes away cuts a large answer, and the vendor lives on', async () => {
    const script = vendor.next('GET /v1/customers', { stream: { bytes: 100 * 1024 * 1024 } });
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port: vendor.port,
      path: '/v1/customers',
      headers: { authorization: `Bearer ${vendor.secretKey}` },
    }).end();
    outgoing.on('error', () => undefined);
    await once(outgoing, 'response');
    outgoing.destroy();
    const [entry] = await script.arrived;
    while (entry!.answer === 'pending') await new Promise(setImmediate);
    expect(entry!.answer).toBe('cut');
    expect((await charge()).status).toBe(200);
  });

  it('one that is cancelled lets calls pass, and its arrival never comes', async () => {
    const script = vendor.next('*', { status: 500 }, { times: Infinity });
    expect((await charge()).status).toBe(500);
    expect(await script.arrived).toHaveLength(1);
    script.cancel();
    expect((await charge()).status).toBe(200);
    const unmet = vendor.hold('POST /v1/payouts');
    vendor.reset();
    await expect(unmet.arrived).rejects.toThrow('reset before the calls arrived');
  });

  it('one that says nothing is refused when it is written', () => {
    expect(() => vendor.next('payment_intents', { status: 500 })).toThrow(TypeError);
    expect(() => vendor.next('*', { status: 99 })).toThrow('status must be an integer');
    expect(() => vendor.next('*', { status: 500 }, { times: 0 })).toThrow(RangeError);
    expect(() => vendor.next('*', {} as { hang: true })).toThrow('A fault has one of');
    expect(() => vendor.calls('/v1 /x')).toThrow(TypeError);
  });
});

describe('the vendor', () => {
  it('shows its secret to nobody who does not ask for it', async () => {
    const secretKey = 'sk_test_nobodysees1234';
    const other = await createStripeVendor({ secretKey });
    try {
      expect(other.secretKey).toBe(secretKey);
      expect(other.url).toBe(`http://127.0.0.1:${other.port}`);
      const shown = inspect(other, { depth: null, showHidden: true }) + JSON.stringify(other);
      expect(shown).not.toContain(secretKey);
    } finally {
      await other.close();
    }
    await expect(createStripeVendor({ secretKey: '' })).rejects.toThrow(TypeError);
    await expect(createStripeVendor({ port: vendor.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('starts over after a reset, which breaks what is in flight', async () => {
    const { json } = await charge('k1');
    const held = vendor.hold('GET /v1/charges');
    const waiting = call('GET', '/v1/charges');
    await held.arrived;
    vendor.reset();
    await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET' });
    held.release();
    expect(vendor.book.entries).toEqual([]);
    expect(vendor.book.total('usd')).toBe(0);
    expect((await call('GET', `/v1/payment_intents/${json.id}`)).status).toBe(404);
    expect((await charge('k1')).headers['idempotent-replayed']).toBeUndefined();
    expect(vendor.book.executed[0]).toMatchObject({ call: 2 });
  });

  it('closes at once, whatever is open, and as often as it is told', async () => {
    const held = vendor.hold();
    const waiting = charge();
    await held.arrived;
    const closed = vendor.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET' });
    await closed;
    await vendor.close();
    held.release();
    await expect(charge()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('answers many at once, each with its own', async () => {
    const amounts = Array.from({ length: 100 }, (_, index) => index + 1);
    const intents = await Promise.all(
      amounts.map((amount) => stripe.paymentIntents.create({ ...paid, amount })),
    );
    expect(intents.map(({ amount }) => amount)).toEqual(amounts);
    expect(new Set(intents.map(({ id }) => id)).size).toBe(100);
    expect(vendor.book.total('usd')).toBe(5050);
  });
});

describe('a vendor that keeps the latest calls', () => {
  let small: StripeVendor;
  beforeEach(async () => {
    small = await createStripeVendor({ keep: 20 });
  });
  afterEach(() => small.close());

  const client = () =>
    new Stripe(small.secretKey, { host: '127.0.0.1', port: small.port, protocol: 'http' });

  it('holds no more after many calls than after few, and its totals count all', async () => {
    const sdk = client();
    const sizes: number[] = [];
    let last = '';
    for (let made = 1; made <= 200; made += 1) {
      ({ id: last } = await sdk.paymentIntents.create({ ...paid, amount: 100 }));
      if (made % 50 === 0) sizes.push(small.size);
    }
    // Of each charge: a call, a movement, a key, an intent, a charge, a method, a balance transaction.
    expect(sizes).toEqual([140, 140, 140, 140]);
    expect(small.book.total('usd')).toBe(20_000);
    expect(small.book.entries).toHaveLength(20);
    expect(small.book.executed.at(-1)?.paymentIntent).toBe(last);
    expect(small.book.forgotten).toBe(360);

    const listed: string[] = [];
    for await (const { id } of sdk.paymentIntents.list({ limit: 7 })) listed.push(id);
    expect(listed).toHaveLength(20);
    expect(listed[0]).toBe(last);
    expect((await sdk.refunds.create({ payment_intent: last })).amount).toBe(100);
    small.reset();
    expect([small.size, small.book.forgotten, small.book.total('usd')]).toEqual([0, 0, 0]);
  });

  it('keeps 10,000 unless told otherwise, and takes no invalid number', async () => {
    await expect(createStripeVendor({ keep: 0 })).rejects.toThrow('keep must be');
    await expect(createStripeVendor({ keep: Number.NaN })).rejects.toThrow('keep must be');
    expect(vendor.book.forgotten).toBe(0);
  });
});

it.each([
  ['another name for this machine', { host: 'evil.example' }],
  ["another site's page", { origin: 'https://evil.example' }],
  ['a page of this machine', { origin: 'http://localhost:3000' }],
])('a web page gets nothing and leaves no trace: %s', async (_name, headers) => {
  const answer = await call('POST', '/v1/customers', 'name=Eve', headers);
  expect(answer.status).toBe(403);
  expect(vendor.book.entries).toEqual([]);
});
