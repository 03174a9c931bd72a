import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerServer } from '../support/broker-server';
import { send } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';

const PAYMENT =
  'amount=2000&currency=usd&payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';

let vendor: StripeVendor;
let broker: BrokerServer;
let key: IssuedKey;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerServer.start(vendor, { store: 'sqlite::memory:' });
  key = await broker.issue({
    daily_usd_cap: 1000,
    subject: { user_id: 'u1' },
    allowed_endpoints: ['/v1/payment_intents', '/v1/payment_intents/*/capture'],
  });
});
afterAll(() => vendor.close());
beforeEach(() => vendor.reset());

const post = (path: string, body: string) => broker.call(key.token, 'POST', path, { body });
const said = (id: string) => broker.api('GET', `/v1/holds/${id}/vendor-object`);

/** A hold of a capture whose answer was lost; the vendor has made it. */
async function lostCapture(): Promise<{ id: string; paymentId: string }> {
  const { body: payment } = await post('/v1/payment_intents', `${PAYMENT}&capture_method=manual`);
  vendor.next('POST /v1/payment_intents/*/capture', { reset: 'after' });
  await post(`/v1/payment_intents/${payment.id}/capture`, '');
  const { holds } = (await broker.api('GET', '/v1/holds?state=unknown')).body;
  const hold = holds.find((each: { object_id: string }) => each.object_id === payment.id);
  return { id: hold.id, paymentId: payment.id };
}

it('is what the vendor says at that moment of the object of a hold, without its secrets', async () => {
  const { id, paymentId } = await lostCapture();
  const { status, body, text } = await said(id);
  expect([status, body]).toEqual([
    200,
    {
      vendor: 'stripe',
      object_id: paymentId,
      found: expect.objectContaining({
        id: paymentId,
        status: 'succeeded',
        amount: 2000,
        amount_received: 2000,
        currency: 'usd',
      }),
    },
  ]);
  expect(text).not.toContain('secret');
});

it('is audited as a look-up for the call of the hold', async () => {
  const { id, paymentId } = await lostCapture();
  await said(id);
  const { entries } = (await broker.api('GET', `/v1/audit?call_id=${id}&event=lookup`)).body;
  expect(entries).toMatchObject([
    {
      event: 'lookup',
      verdict: 'found',
      actor: 'app',
      method: 'GET',
      path: `/v1/payment_intents/${paymentId}`,
      key_id: key.id,
      subject: { user_id: 'u1' },
      vendor_status: 200,
    },
  ]);
  expect((await broker.api('GET', '/v1/audit/verify')).body.ok).toBe(true);
});

it.each([
  ['has no such object', { status: 404 }, 'the vendor has no such object'],
  ['does not answer', { reset: 'before' }, 'the vendor could not be reached'],
] as const)('says so where the vendor %s', async (_, fault, why) => {
  const { id, paymentId } = await lostCapture();
  vendor.next('GET /v1/payment_intents/*', fault);
  const { status, body } = await said(id);
  expect([status, body.found]).toEqual([200, null]);
  expect(body.message).toContain(`${paymentId} could not be read: ${why}`);
  const [entry] = (await broker.api('GET', `/v1/audit?call_id=${id}&event=lookup`)).body.entries;
  expect([entry.verdict, entry.reason]).toEqual(['vendor_unreachable', body.message]);
});

it('is 404 for a hold whose object nobody knows, and for no hold', async () => {
  vendor.next('POST /v1/payment_intents', { reset: 'after' });
  await post('/v1/payment_intents', PAYMENT);
  const { holds } = (await broker.api('GET', '/v1/holds?state=unknown')).body;
  const hold = holds.find((each: { object_id: string | null }) => each.object_id === null);
  const unknown = await said(hold.id);
  expect([unknown.status, unknown.body.error.message]).toEqual([
    404,
    expect.stringContaining('is not known'),
  ]);
  expect((await said('call_none')).status).toBe(404);
});

it('is no matter of an agent', async () => {
  const { id } = await lostCapture();
  const headers = { authorization: `Bearer ${key.token}` };
  const answer = await send(broker.url, 'GET', `/v1/holds/${id}/vendor-object`, { headers });
  expect(answer.status).toBe(401);
});
