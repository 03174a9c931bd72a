import fc from 'fast-check';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, send } from '../support/broker-process';
import { propertyRuns } from '../support/property-runs';

const PAYMENT =
  'amount=100&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';
const ENDPOINTS = [
  '/v1/payment_intents',
  '/v1/payment_intents/*',
  '/v1/payment_intents/*/*',
  '/v1/refunds',
];

let vendor: StripeVendor;
let broker: BrokerProcess;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({ vendor, env: { VAULT_KEY_VENDOR_TIMEOUT: '600ms' } });
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const counted = async (id: string, by = broker) => {
  const { spent, held } = await by.money({ id });
  return Math.round((spent + held) * 100);
};

describe('whatever bytes come', () => {
  it('the broker lives, answers in its own shape, and counts every cent that moved', async () => {
    const { id, token } = await broker.issue({ daily_usd_cap: 1_000 });
    const good = Buffer.from(
      `POST /stripe/v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${PAYMENT.length}\r\n\r\n${PAYMENT}`,
    );
    const edit = fc.record({
      at: fc.nat(good.length - 1),
      remove: fc.nat(3),
      insert: fc.oneof(
        fc.constantFrom(
          '\r\n',
          '\n',
          '\0',
          ' ',
          ':',
          '\r\n\r\n',
          'Transfer-Encoding: chunked\r\n',
          '0\r\n\r\n',
          '&amount=9',
          '/',
          '%',
          '1',
        ),
        fc.string({ maxLength: 4 }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        let bytes = good;
        for (const { at, remove, insert } of edits) {
          bytes = Buffer.concat([
            bytes.subarray(0, at),
            Buffer.from(insert),
            bytes.subarray(at + remove),
          ]);
        }
        const socket = connect(Number(new URL(broker.url).port), '127.0.0.1');
        socket.on('error', () => {});
        socket.resume();
        socket.end(bytes);
        await once(socket, 'close');
      }),
      { numRuns: propertyRuns(400) },
    );
    expect((await send(broker.url, 'GET', '/healthz')).status).toBe(200);
    expect(await counted(id)).toBeGreaterThanOrEqual(vendor.book.total('usd'));
    const refusals = /^vault-key-broker: refused a request from 127\.0\.0\.1: \d{3} \w+.*\n/gm;
    expect(broker.output.replaceAll(refusals, '')).toMatch(/^vault-key-broker listening on \S+\n$/);
  });
});

describe('money and time', () => {
  it('a call that waited too long for a connection is not sent after it was given up', async () => {
    // Each has all the connections that one key may have.
    const stuck = await Promise.all(
      ['u1', 'u2', 'u3', 'u4'].map((user_id) => broker.issue({ subject: { user_id } })),
    );
    const { id, token } = await broker.issue({ daily_usd_cap: 1_000 });
    const hung = vendor.next('GET /v1/payment_intents', { hang: true }, { times: 256 });
    // On a busy machine one may wait too long for its connection: it asks again.
    const hang = async (key: { token: string }): Promise<void> => {
      let answer;
      do answer = await broker.call(key.token, 'GET', '/v1/payment_intents');
      while (answer.body.code === 'overloaded');
    };
    const waiting = stuck.flatMap((key) => Array.from({ length: 64 }, () => hang(key)));
    // Or one was given up before it reached the vendor: nothing below needs the last of them.
    await Promise.race([hung.arrived, Promise.all(waiting)]);
    const charges = await Promise.all(
      Array.from({ length: 40 }, () =>
        broker.call(token, 'POST', '/v1/payment_intents', { body: PAYMENT }),
      ),
    );
    await Promise.all(waiting);
    const unsent = charges.filter(({ body }) => body.code === 'overloaded').length;
    const sent = charges.filter(({ status }) => status === 200).length;
    expect(vendor.book.total('usd')).toBeLessThanOrEqual((40 - unsent) * 100);
    expect(vendor.book.total('usd')).toBeGreaterThanOrEqual(sent * 100);
    expect(await counted(id)).toBeGreaterThanOrEqual(vendor.book.total('usd'));
    expect(await counted(id)).toBeLessThanOrEqual((40 - unsent) * 100);
  });
});

describe('money and order', () => {
  // Of its own: a call that was given up before may still be executed, and would count here.
  let vendor: StripeVendor;
  let broker: BrokerProcess;
  beforeAll(async () => {
    vendor = await createStripeVendor();
    broker = await BrokerProcess.start({ vendor });
  });
  afterAll(() => vendor.close());

  it('no order of creates, confirms, captures, cancels, refunds and faults moves a cent past the cap', async () => {
    const step = fc.record({
      what: fc.constantFrom(
        'create',
        'pay',
        'authorize',
        'declined',
        'confirm',
        'capture',
        'partial',
        'more',
        'cancel',
        'refund',
        'replay',
      ),
      cents: fc.integer({ min: 50, max: 400 }),
      which: fc.nat(5),
      fault: fc.constantFrom(
        undefined,
        undefined,
        undefined,
        'decline' as const,
        500 as const,
        'reset' as const,
        'truncate' as const,
      ),
      together: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 100, max: 900 }),
        fc.array(step, { minLength: 4, maxLength: 14 }),
        async (cap, steps) => {
          vendor.reset();
          const { id, token } = await broker.issue({
            daily_usd_cap: cap / 100,
            allowed_endpoints: ENDPOINTS,
          });
          const post = (path: string, body: string, headers = {}) =>
            broker.call(token, 'POST', `/v1/${path}`, { body, headers }).then(
              ({ body: answer }) => {
                const found = answer?.id ?? answer?.error?.payment_intent?.id;
                if (typeof found === 'string' && found.startsWith('pi_')) ids.push(found);
              },
              () => {},
            );
          const ids: string[] = [];
          let running: Promise<void>[] = [];
          for (const { what, cents, which, fault, together } of steps) {
            if (fault === 'decline') vendor.next('*', { decline: 'generic_decline' });
            else if (fault === 'reset') vendor.next('*', { reset: 'after' });
            else if (fault === 'truncate') vendor.next('*', { truncate: true });
            else if (fault !== undefined)
              vendor.next('*', { status: fault, at: 'after', saved: false });
            const on = `payment_intents/${ids[which % Math.max(1, ids.length)] ?? 'pi_none'}`;
            const visa = 'payment_method=pm_card_visa&allowed_payment_method_types[0]=card';
            const create = (more: string, headers = {}) =>
              post('payment_intents', `amount=${cents}&currency=usd&${more}`, headers);
            const calls: Record<typeof what, () => Promise<void>> = {
              create: () => create(visa),
              pay: () => create(`${visa}&confirm=true`),
              authorize: () => create(`${visa}&confirm=true&capture_method=manual`),
              declined: () =>
                create(
                  'payment_method=pm_card_chargeDeclined&allowed_payment_method_types[0]=card&confirm=true',
                ),
              confirm: () => post(`${on}/confirm`, visa),
              capture: () => post(`${on}/capture`, ''),
              partial: () => post(`${on}/capture`, `amount_to_capture=${cents}`),
              more: () => post(`${on}/capture`, `amount_to_capture=${cents}&final_capture=false`),
              cancel: () => post(`${on}/cancel`, ''),
              refund: () =>
                post(
                  'refunds',
                  `payment_intent=${on.slice('payment_intents/'.length)}&amount=${cents}`,
                ),
              // The vendor forgets its keys with each run, so each run has its own.
              replay: () =>
                create(`${visa}&confirm=true`, { 'idempotency-key': `${id}-${which}-${cents}` }),
            };
            running.push(calls[what]());
            if (!together) {
              await Promise.all(running);
              running = [];
            }
          }
          await Promise.all(running);
          const moved = vendor.book.total('usd');
          expect(moved).toBeLessThanOrEqual(cap);
          expect(await counted(id, broker)).toBeGreaterThanOrEqual(moved);
        },
      ),
      { numRuns: propertyRuns(120), interruptAfterTimeLimit: 20_000 },
    );
  });
});
