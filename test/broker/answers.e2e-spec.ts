import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess, temporaryFile } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const ENDPOINTS = [1, 2, 3].flatMap((levels) => `/v1${'/*'.repeat(levels)}`);
const SETUP_SECRET = 'seti_1_secret_ok';
const JSON_TYPE = { 'content-type': 'application/json' };

let vendor: RecordingVendor;
let broker: BrokerProcess;
/** A broker behind which browsers confirm payments. */
let confirming: BrokerProcess;
let key: IssuedKey;
let ids = 0;
/** The payment of the test. */
let id: string;
beforeAll(async () => {
  vendor = await RecordingVendor.start();
  const file = temporaryFile('broker.json');
  writeFileSync(file, JSON.stringify({ vendors: { stripe: { clientConfirmation: true } } }));
  const env = { VAULT_KEY_VENDOR_TIMEOUT: '5s' };
  [broker, confirming] = await Promise.all([
    BrokerProcess.start({ vendor, env }),
    BrokerProcess.start({ vendor, env, args: ['--config', file] }),
  ]);
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  id = `pi_${(ids += 1)}`;
  key = await broker.issue({ allowed_endpoints: ENDPOINTS });
});

/** The payment as the vendor shows it. */
const intent = (more = {}, of = id) => ({
  id: of,
  object: 'payment_intent',
  amount: 1000,
  currency: 'usd',
  amount_received: 0,
  status: 'requires_payment_method',
  client_secret: `${of}_secret_of_${of}`,
  ...more,
});
function vendorSays(body: unknown, status = 200, headers = JSON_TYPE): void {
  vendor.respond = (_req, res) => {
    res.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}
const post = (path: string, body = '', by = broker, as = key) =>
  by.call(as.token, 'POST', `/v1/${path}`, body === '' ? {} : { body });
const get = (path: string, by = broker, as = key) => by.call(as.token, 'GET', `/v1/${path}`);

/** Makes the payment, so that its whole amount is spent. */
async function create() {
  vendorSays(intent());
  return post('payment_intents', 'amount=1000&currency=usd');
}
/** The payment exists, and costs nothing: its first confirmation was declined. */
async function decline(by = broker, as = key) {
  vendorSays(
    { error: { type: 'card_error', code: 'card_declined', payment_intent: intent() } },
    402,
  );
  return post('payment_intents', 'amount=1000&currency=usd&confirm=true', by, as);
}

describe('the client_secret of a payment', () => {
  it('is told to the agent that made it, unconfirmed, within its cap, and in later reads', async () => {
    expect((await create()).body).toEqual(intent());
    expect((await get(`payment_intents/${id}`)).body).toEqual(intent());
    vendorSays({ object: 'list', data: [intent()] });
    expect((await get('payment_intents?limit=3')).body.data).toEqual([intent()]);
  });

  it('is not told with a decline, which holds nothing any more', async () => {
    const answer = await decline();
    const { client_secret: _, ...rest } = intent();
    expect([answer.status, answer.body.error.payment_intent]).toEqual([402, rest]);
    expect(answer.headers).toMatchObject({
      'x-vault-key-verdict': 'forwarded',
      'content-length': String(Buffer.byteLength(answer.text)),
    });
    expect((await broker.money(key)).spent).toBe(0);
  });

  it.each([
    ['read by itself', () => get(`payment_intents/${id}`), () => intent()],
    ['in a list', () => get('payment_intents'), () => ({ data: [intent()] })],
    ['in a search', () => get('payment_intents/search?query=a'), () => ({ data: [intent()] })],
    ['in an event', () => get('events/evt_1'), () => ({ data: { object: intent() } })],
    [
      'expanded in a charge',
      () => get('charges/ch_1?expand[]=payment_intent'),
      () => ({ id: 'ch_1', payment_intent: intent() }),
    ],
    [
      'expanded in a refund, by escapes',
      () => get('refunds?e%78pand%5B0%5D=data.payment_intent'),
      () => ({ data: [{ id: 're_1', payment_intent: intent() }] }),
    ],
    [
      'of an invoice, by another name',
      () => get('invoices/in_1?expand[]=confirmation_secret'),
      () => ({
        confirmation_secret: { type: 'payment_intent', client_secret: intent().client_secret },
      }),
    ],
    [
      'in the answer to a change',
      () => post(`payment_intents/${id}`, 'description=x'),
      () => intent(),
    ],
    [
      'in the answer to a call that costs nothing',
      () => post('charges/ch_1', 'expand[]=payment_intent'),
      () => ({ payment_intent: intent() }),
    ],
    [
      'of a form nobody knows',
      () => get(`payment_intents/${id}`),
      () => intent({ client_secret: 'x' }),
    ],
    [
      'in an address',
      () => get(`payment_intents/${id}`),
      () => intent({ next_action: { url: `https://x.test/?s=${intent().client_secret}` } }),
    ],
  ])('whose amount is neither held nor spent is not told: %s', async (_where, call, body) => {
    await decline();
    vendorSays(body());
    const answer = await call();
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([200, 'forwarded']);
    expect(answer.text).not.toContain('_secret_');
    expect(answer.text).not.toContain('client_secret');
    expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(answer.text)));
  });

  it('of a payment that this ledger does not know is not told, and what else there is goes on', async () => {
    await create();
    const foreign = intent({}, 'pi_foreign');
    vendorSays({
      data: [intent(), foreign, { object: 'setup_intent', client_secret: SETUP_SECRET }],
    });
    const { client_secret: _, ...rest } = foreign;
    expect((await get('payment_intents')).body.data).toEqual([
      intent(),
      rest,
      { object: 'setup_intent', client_secret: SETUP_SECRET },
    ]);
  });

  it('of a payment that costs more by now than is held for it is not told', async () => {
    await create();
    vendorSays(intent({ amount: 1001 }));
    expect((await get(`payment_intents/${id}`)).body.client_secret).toBeUndefined();
    vendorSays(intent({ currency: 'kwd' }));
    expect((await get(`payment_intents/${id}`)).body.client_secret).toBeUndefined();
  });

  it('is told by a confirmation that holds its amount again', async () => {
    await decline();
    vendorSays(intent({ status: 'requires_action' }));
    const answer = await post(`payment_intents/${id}/confirm`, 'payment_method=pm_1');
    expect(answer.body.client_secret).toBe(intent().client_secret);
    expect((await broker.money(key)).spent).toBe(10);
  });

  it('is withheld with an answer that cannot be looked through', async () => {
    await decline();
    for (const body of [`${JSON.stringify(intent())},`, JSON.stringify(intent()).slice(0, -1)]) {
      vendorSays(body);
      const answer = await get(`payment_intents/${id}`);
      expect([answer.status, answer.body.code]).toEqual([502, 'vendor_answer_withheld']);
      expect(answer.text).not.toContain('_secret_');
    }
    vendorSays({ data: [intent({ description: 'x'.repeat(1_048_576) })] });
    const large = await get('payment_intents');
    expect([large.status, large.body.code]).toEqual([502, 'vendor_answer_withheld']);
    expect(large.body.error.message).toContain('limit');
  });

  it('is not told by an answer that was cut short, which has no clean end', async () => {
    await decline();
    vendor.respond = (_req, res) => {
      res.writeHead(200, { ...JSON_TYPE, 'content-length': '5000' });
      res.write(JSON.stringify(intent()), () => res.destroy());
    };
    await expect(get(`payment_intents/${id}`)).rejects.toThrow(/aborted|hang up|reset/);
  });

  it('is taken from no setup: it costs nothing', async () => {
    vendorSays({ object: 'setup_intent', client_secret: SETUP_SECRET });
    expect((await post('setup_intents', 'usage=off_session')).body.client_secret).toBe(
      SETUP_SECRET,
    );
    expect((await get('setup_intents/seti_1')).body.client_secret).toBe(SETUP_SECRET);
  });
});

describe('where browsers confirm payments', () => {
  it('every client_secret is told, and a decline keeps its hold until the payment is cancelled', async () => {
    const as = await confirming.issue({ allowed_endpoints: ENDPOINTS });
    const declined = await decline(confirming, as);
    expect(declined.body.error.payment_intent).toEqual(intent());
    expect(await confirming.money(as)).toEqual({ spent: 10, held: 0, remaining: 90 });
    vendorSays(intent());
    expect((await get(`payment_intents/${id}`, confirming, as)).body).toEqual(intent());
    vendorSays({ error: { code: 'card_declined', payment_intent: intent() } }, 402);
    await post(`payment_intents/${id}/confirm`, 'payment_method=pm_1', confirming, as);
    expect((await confirming.money(as)).spent).toBe(10);
    vendorSays(intent({ status: 'canceled' }));
    await post(`payment_intents/${id}/cancel`, '', confirming, as);
    expect((await confirming.money(as)).spent).toBe(0);
  });

  it('a decline that leaves nothing open holds nothing', async () => {
    const as = await confirming.issue({ allowed_endpoints: ENDPOINTS });
    vendorSays({ error: { payment_intent: intent({ status: 'canceled' }) } }, 402);
    await post('payment_intents', 'amount=1000&currency=usd&confirm=true', confirming, as);
    vendorSays({ error: { code: 'card_declined', charge: 'ch_1' } }, 402);
    await post('charges', 'amount=1000&currency=usd&source=tok_x', confirming, as);
    expect((await confirming.money(as)).spent).toBe(0);
  });
});

describe('an error that shows the account’s secret', () => {
  const shows = (text: string) => ({ error: { message: `Bearer ${text} is bad` } });
  it.each([400, 402, 403, 404, 409, 429])('is replaced, its status %i kept', async (status) => {
    const escaped = JSON.stringify(shows(vendor.secretKey)).replace('sk_test', '\\u0073k_test');
    for (const body of [
      JSON.stringify(shows(vendor.secretKey)),
      escaped,
      `<html>${vendor.secretKey}`,
    ]) {
      vendorSays(body, status);
      const answer = await post('customers', 'email=a');
      expect([answer.status, answer.body.code]).toEqual([status, 'vendor_answer_withheld']);
      expect(answer.headers['x-vault-key-verdict']).toBe('vendor_answer_withheld');
      expect(answer.text).not.toContain(vendor.secretKey);
      expect(answer.text).not.toContain('k_test_recording');
    }
  });

  it('is relayed without the end of a restricted key that Stripe names', async () => {
    const message = "The provided key 'rk_live_****KZ3o' lacks the permission rak_charge_read.";
    vendorSays({ error: { type: 'invalid_request_error', message } }, 403);
    const answer = await post('customers', 'email=a');
    expect([answer.status, answer.body.error.type]).toEqual([403, 'invalid_request_error']);
    expect(answer.body.error.message).toBe(
      "The provided key 'the broker's secret key' lacks the permission rak_charge_read.",
    );
  });

  it('is replaced where the vendor failed, and what became of the call is unknown', async () => {
    vendorSays(shows(vendor.secretKey), 500);
    const answer = await post('payment_intents', 'amount=1000&currency=usd');
    expect([answer.status, answer.body.code]).toEqual([502, 'vendor_outcome_unknown']);
    expect(answer.text).not.toContain(vendor.secretKey);
    expect((await broker.money(key)).held).toBe(10);
  });

  it('is replaced where it is too long to be looked through, and not a byte sooner', async () => {
    vendorSays('x'.repeat(65_536), 400, { 'content-type': 'text/plain' });
    expect((await post('customers', 'email=a')).text).toHaveLength(65_536);
    vendorSays(`${'x'.repeat(65_537)}${vendor.secretKey}`, 400);
    const answer = await post('customers', 'email=a');
    expect([answer.status, answer.body.code]).toEqual([400, 'vendor_answer_withheld']);
    expect(answer.text).not.toContain(vendor.secretKey);
  });

  it('any other goes on byte for byte', async () => {
    for (const [body, status] of [
      ['{ "error" : {"message":"no", "amount": 1.50, "x": 12345678901234567890} }', 400],
      ['not JSON', 404],
      ['', 429],
    ] as const) {
      vendorSays(body, status);
      const answer = await post('customers', 'email=a');
      expect([answer.status, answer.text]).toEqual([status, body]);
      expect(answer.headers['x-vault-key-verdict']).toBe('forwarded');
    }
  });
});

describe('the offline Stripe’s own declines and payments', () => {
  it('tell the secret while the amount is held, and not after a decline', async () => {
    const stripe = await createStripeVendor();
    const own = await BrokerProcess.start({ vendor: stripe });
    const as = await own.issue({ allowed_endpoints: ENDPOINTS });
    const made = await post('payment_intents', 'amount=500&currency=usd', own, as);
    expect(made.body.client_secret).toContain('_secret_');
    const read = await get(`payment_intents/${made.body.id}`, own, as);
    expect(read.body).toEqual(made.body);
    const declined = await post(
      'payment_intents',
      'amount=500&currency=usd&payment_method=pm_card_chargeDeclined&confirm=true&return_url=https://x.test',
      own,
      as,
    );
    const { id: open } = declined.body.error.payment_intent;
    expect([declined.status, declined.text.includes('client_secret')]).toEqual([402, false]);
    expect((await get(`payment_intents/${open}`, own, as)).body.client_secret).toBeUndefined();
    await own.kill('SIGTERM');
    await stripe.close();
  });
});

describe('an answer that is compressed although none was asked for', () => {
  const compressed = (body: unknown, status: number) => {
    vendor.respond = (_req, res) => {
      res.writeHead(status, { ...JSON_TYPE, 'content-encoding': 'gzip' });
      res.end(gzipSync(JSON.stringify(body)));
    };
  };

  it('is withheld where it would be looked through, and its money is settled as ever', async () => {
    await decline();
    compressed(intent(), 200);
    const read = await get(`payment_intents/${id}`);
    expect([read.status, read.body.code]).toEqual([502, 'vendor_answer_withheld']);
    expect(read.body.error.message).toContain('content-encoding gzip');

    compressed({ error: { message: vendor.secretKey } }, 400);
    const refused = await post('payment_intents', 'amount=1000&currency=usd');
    expect([refused.status, refused.body.code]).toEqual([400, 'vendor_answer_withheld']);
    expect(await broker.money(key)).toMatchObject({ spent: 0, held: 0 });
  });

  it('is relayed as it comes where it shows no payment', async () => {
    compressed({ id: 'cus_1' }, 200);
    const { status, headers } = await get('customers/cus_1');
    expect([status, headers['content-encoding']]).toEqual([200, 'gzip']);
  });
});
