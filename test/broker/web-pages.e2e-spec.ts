import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess } from '../support/broker-process';
import { rawRequest } from '../support/raw-http';

let vendor: StripeVendor;
let broker: BrokerProcess;
let port: number;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({ vendor });
  port = Number(new URL(broker.url).port);
});
afterAll(() => vendor.close());

const FOREIGN = { host: 'evil.example', origin: 'https://evil.example' };

it.each([
  ['GET', '/v1/keys'],
  ['POST', '/v1/keys'],
  ['POST', '/v1/brakes'],
  ['GET', '/v1/audit'],
  ['GET', '/metrics'],
  ['POST', '/stripe/v1/payment_intents'],
])('a page of another name is answered 401 by %s %s, for it has no token', async (method, path) => {
  const { status } = await rawRequest(port, method, path, FOREIGN);
  expect(status).toBe(401);
});

it('what it may ask without a token shows nothing of the broker', async () => {
  const alive = await rawRequest(port, 'GET', '/healthz', FOREIGN);
  const ready = await rawRequest(port, 'GET', '/readyz', FOREIGN);
  expect([alive.status, ready.status]).toEqual([200, 200]);
  expect(alive.body + ready.body).not.toContain(broker.token);
});

it.each(['/v1/keys', '/stripe/v1/payment_intents', '/healthz'])(
  'no browser is allowed to send a token of its own to %s, or to read an answer',
  async (path) => {
    const answer = await rawRequest(port, 'OPTIONS', path, {
      ...FOREIGN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const allowed = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'));
    expect(allowed).toEqual([]);
  },
);
