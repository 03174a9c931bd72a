import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerProcess } from '../support/broker-process';
import type { IssuedKey } from '../support/broker-process';
import { RecordingVendor } from './recording-vendor';

const VISA = 'payment_method=pm_card_visa&allowed_payment_method_types[0]=card';
const ENDPOINTS = [
  '/v1/payment_intents',
  '/v1/payment_intents/*',
  '/v1/payment_intents/*/*',
  '/v1/refunds',
];

let vendor: StripeVendor;
let broker: BrokerProcess;
let key: IssuedKey;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerProcess.start({ vendor });
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  key = await issue(10);
});

const issue = (cap: number, fields = {}) =>
  broker.issue({ daily_usd_cap: cap, allowed_endpoints: ENDPOINTS, ...fields });
const post = (path: string, body = '', as = key) =>
  broker.call(as.token, 'POST', `/v1/${path}`, { body });
const pay = (amount: number, more = '', as = key) =>
  post('payment_intents', `amount=${amount}&currency=usd${more === '' ? '' : `&${more}`}`, as);
/** Creates a PaymentIntent and gives its id. */
async function intent(amount: number, more = '', as = key): Promise<string> {
  const { status, body } = await pay(amount, more, as);
  expect(status).toBe(200);
  return body.id as string;
}
const money = (of = key) => broker.money(of);
const spentAndHeld = async (of = key) => {
  const { spent, held } = await money(of);
  return [spent, held];
};

describe('PaymentIntents', () => {
  it('a create spends its amount, confirmed or not, captured or not', async () => {
    await intent(100);
    await intent(200, `${VISA}&confirm=true`);
    await intent(300, `${VISA}&confirm=true&capture_method=manual`);
    expect(await money()).toEqual({ spent: 6, held: 0, remaining: 4 });
    expect(vendor.book.total('usd')).toBe(200);
  });

  it('the cap is reached to the cent, and what passes it is refused with the sums', async () => {
    await intent(999);
    const answer = await pay(2);
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({
      code: 'cap_exhausted',
      scope: 'key',
      cap_usd: 10,
      spent_usd: 9.99,
      held_usd: 0,
      requested_usd: 0.02,
      remaining_usd: 0.01,
    });
    expect(answer.headers['retry-after']).toBeUndefined();
    const last = await pay(1);
    expect([last.status, last.headers['x-vault-key-remaining-usd']]).toEqual([200, '0']);
    expect((await pay(1)).status).toBe(429);
    expect(vendor.calls()).toHaveLength(2);
  });

  it('a confirm within the exposure costs nothing', async () => {
    const id = await intent(1000, VISA);
    const confirmed = await post(`payment_intents/${id}/confirm`);
    expect([confirmed.status, confirmed.headers['x-vault-key-remaining-usd']]).toEqual([200, '0']);
    expect(await money()).toEqual({ spent: 10, held: 0, remaining: 0 });
    expect(vendor.book.total('usd')).toBe(1000);
  });

  it('a declined create is released, and its confirm holds it again', async () => {
    const declined = await pay(
      1000,
      'payment_method=pm_card_chargeDeclined&allowed_payment_method_types[0]=card&confirm=true',
    );
    expect(declined.status).toBe(402);
    expect(await money()).toEqual({ spent: 0, held: 0, remaining: 10 });
    const { id } = declined.body.error.payment_intent;
    await intent(100);
    const refused = await post(`payment_intents/${id}/confirm`, VISA);
    expect([refused.status, refused.body.code, refused.body.requested_usd]).toEqual([
      429,
      'cap_exhausted',
      10,
    ]);
    const other = await issue(10);
    expect((await post(`payment_intents/${id}/confirm`, VISA, other)).status).toBe(200);
    expect(await money(other)).toEqual({ spent: 10, held: 0, remaining: 0 });
    expect(vendor.book.total('usd')).toBe(1000);
  });

  it('a declined confirm leaves the create’s exposure, so that the next confirm costs nothing', async () => {
    const id = await intent(1000, VISA);
    vendor.next('POST /v1/payment_intents/*/confirm', { decline: 'insufficient_funds' });
    expect((await post(`payment_intents/${id}/confirm`)).status).toBe(402);
    expect(await spentAndHeld()).toEqual([10, 0]);
    expect((await post(`payment_intents/${id}/confirm`, VISA)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([10, 0]);
  });

  it('a partial capture gives the rest back to the key that held it', async () => {
    const id = await intent(1000, `${VISA}&confirm=true&capture_method=manual`);
    const other = await issue(1);
    expect(
      (await post(`payment_intents/${id}/capture`, 'amount_to_capture=250', other)).status,
    ).toBe(200);
    expect(await money()).toEqual({ spent: 2.5, held: 0, remaining: 7.5 });
    expect(await money(other)).toEqual({ spent: 0, held: 0, remaining: 1 });
    expect(vendor.book.total('usd')).toBe(250);
  });

  it('a capture that is not the last gives nothing back yet', async () => {
    const id = await intent(1000, `${VISA}&confirm=true&capture_method=manual`);
    await post(`payment_intents/${id}/capture`, 'amount_to_capture=250&final_capture=false');
    expect(await spentAndHeld()).toEqual([10, 0]);
    await post(`payment_intents/${id}/capture`, 'amount_to_capture=250');
    expect(await spentAndHeld()).toEqual([5, 0]);
  });

  it('a capture above the exposure holds the difference', async () => {
    const id = await intent(900, `${VISA}&confirm=true&capture_method=manual`);
    const refused = await post(`payment_intents/${id}/capture`, 'amount_to_capture=1001');
    expect([refused.status, refused.body.code, refused.body.requested_usd]).toEqual([
      429,
      'cap_exhausted',
      1.01,
    ]);
    // Within the cap the vendor decides, and its 400 releases the difference.
    expect((await post(`payment_intents/${id}/capture`, 'amount_to_capture=1000')).status).toBe(
      400,
    );
    expect(await spentAndHeld()).toEqual([9, 0]);
  });

  it('a cancel costs nothing and gives the exposure back to the key that held it', async () => {
    const id = await intent(1000);
    const other = await issue(0);
    expect((await post(`payment_intents/${id}/cancel`, '', other)).status).toBe(200);
    expect(await money()).toEqual({ spent: 0, held: 0, remaining: 10 });
    expect((await post(`payment_intents/${id}/cancel`, '', other)).status).toBe(400);
    expect(await money()).toEqual({ spent: 0, held: 0, remaining: 10 });
  });

  it('captures of a canceled intent hold nothing, however many are sent and whatever becomes of them', async () => {
    const id = await intent(1000, `${VISA}&confirm=true&capture_method=manual`);
    expect((await post(`payment_intents/${id}/cancel`)).status).toBe(200);
    const capture = (body = '') => post(`payment_intents/${id}/capture`, body);
    expect((await capture()).status).toBe(400);
    for (let i = 0; i < 3; i++) vendor.next('*', { status: 500 });
    const answers = await Promise.all([capture(), capture(), capture('amount_to_capture=1000')]);
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500]);
    expect(await spentAndHeld()).toEqual([0, 0]);
  });

  it('captures of an intent that is captured for good hold nothing', async () => {
    const id = await intent(1000, `${VISA}&confirm=true&capture_method=manual`);
    const capture = (body: string) => post(`payment_intents/${id}/capture`, body);
    expect((await capture('amount_to_capture=300')).status).toBe(200);
    for (let i = 0; i < 2; i++) vendor.next('*', { status: 500 });
    await Promise.all([capture('amount_to_capture=1000'), capture('amount_to_capture=1000')]);
    expect(await spentAndHeld()).toEqual([3, 0]);
  });

  it('captures of a canceled intent that the vendor says were executed are counted once', async () => {
    const id = await intent(1000, `${VISA}&confirm=true&capture_method=manual`);
    expect((await post(`payment_intents/${id}/cancel`)).status).toBe(200);
    const body = { id, amount: 1000, amount_received: 1000, currency: 'usd', status: 'succeeded' };
    for (let i = 0; i < 2; i++) vendor.next('*', { status: 200, body });
    await Promise.all([
      post(`payment_intents/${id}/capture`),
      post(`payment_intents/${id}/capture`),
    ]);
    expect(await spentAndHeld()).toEqual([10, 0]);
  });

  it('a cancel that the vendor refuses gives nothing back', async () => {
    const id = await intent(1000, `${VISA}&confirm=true`);
    expect((await post(`payment_intents/${id}/cancel`)).status).toBe(400);
    expect(await spentAndHeld()).toEqual([10, 0]);
  });

  it('an object that this ledger does not know and the vendor does not show is refused, whatever amount and currency the call names', async () => {
    const stripeOnly = await fetch(`${vendor.url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${vendor.secretKey}` },
      body: new URLSearchParams({
        amount: '5000',
        currency: 'usd',
        payment_method: 'pm_card_visa',
      }),
    });
    const { id } = (await stripeOnly.json()) as { id: string };
    const shows = vendor.next('GET *', { status: 403 }, { times: Infinity });
    const ours = vendor.calls('POST *').length;
    for (const [call, body] of [
      ['confirm', ''],
      ['confirm', 'amount_to_confirm=1'],
      ['confirm', 'amount_to_confirm=5000'],
      ['capture', 'amount_to_capture=1'],
      ['apply_customer_balance', 'amount=1&currency=usd'],
      ['increment_authorization', 'amount=1'],
    ]) {
      const answer = await post(`payment_intents/${id}/${call}`, body);
      expect([call, body, answer.status, answer.body.code]).toEqual([
        call,
        body,
        403,
        'amount_unknown',
      ]);
    }
    for (const body of ['amount=1&currency=usd', 'customer=cus_1', 'capture_method=automatic']) {
      const update = await post(`payment_intents/${id}`, body);
      expect([update.status, update.body.code]).toEqual([403, 'amount_unknown']);
    }
    expect(vendor.calls('POST *')).toHaveLength(ours);
    shows.cancel();
  });

  it('takes no other currency for an object than its own', async () => {
    const id = await intent(100, VISA);
    const answer = await post(
      `payment_intents/${id}/apply_customer_balance`,
      'amount=100&currency=eur',
    );
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_amount']);
  });

  it('keeps what is nested in a later call within the object’s amount', async () => {
    const id = await intent(100, `${VISA}&confirm=true&capture_method=manual`);
    const answer = await post(`payment_intents/${id}/capture`, 'application_fee_amount=101');
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_amount']);
  });
});

describe('refunds', () => {
  it('count as spend, and never refill the cap', async () => {
    const id = await intent(400, `${VISA}&confirm=true`);
    expect((await post('refunds', `payment_intent=${id}&amount=300`)).status).toBe(200);
    expect(await money()).toEqual({ spent: 7, held: 0, remaining: 3 });
    expect((await post('refunds', `payment_intent=${id}&amount=301`)).status).toBe(429);
    expect(vendor.book.total('usd', 'refund')).toBe(300);
  });

  it('know a payment by its charge too', async () => {
    const { body } = await pay(400, `${VISA}&confirm=true`);
    expect((await post('refunds', `charge=${body.latest_charge}&amount=400`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([8, 0]);
  });

  it('without an amount cost all that the payment came to', async () => {
    const id = await intent(400, `${VISA}&confirm=true`);
    expect((await post('refunds', `payment_intent=${id}`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([8, 0]);
    expect(vendor.book.total('usd', 'refund')).toBe(400);
    const refused = await post('refunds', `payment_intent=${id}`);
    expect([refused.body.code, refused.body.requested_usd]).toEqual(['cap_exhausted', 4]);
  });

  it('of a part that was captured cost that part', async () => {
    const id = await intent(400, `${VISA}&confirm=true&capture_method=manual`);
    await post(`payment_intents/${id}/capture`, 'amount_to_capture=150');
    expect((await post('refunds', `payment_intent=${id}`)).status).toBe(200);
    expect(await spentAndHeld()).toEqual([3, 0]);
  });

  it('need a payment the broker knows, whatever amount and currency they name', async () => {
    const id = await intent(400, `${VISA}&confirm=true`);
    for (const body of [
      'payment_intent=pi_foreign',
      'payment_intent=pi_foreign&currency=usd',
      'payment_intent=pi_foreign&amount=100',
      'payment_intent=pi_foreign&amount=100&currency=usd',
      'charge=ch_foreign&amount=100000&currency=idr',
      'amount=100&currency=usd',
      `payment_intent=${id}&charge=ch_foreign&amount=100`,
      'amount=100',
    ]) {
      const answer = await post('refunds', body);
      expect([answer.status, answer.body.code]).toEqual([403, 'amount_unknown']);
    }
    const wrong = await post('refunds', `payment_intent=${id}&amount=100&currency=eur`);
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid_amount']);
  });

  it('give back nothing of the payment when it is cancelled or refused', async () => {
    const id = await intent(400, `${VISA}&confirm=true`);
    expect((await post('refunds', `payment_intent=${id}&amount=500`)).status).toBe(400);
    expect(await spentAndHeld()).toEqual([4, 0]);
  });
});

describe('a cap of zero, and keys above keys', () => {
  it('a key with a cap of 0 moves no money', async () => {
    const none = await issue(0);
    expect((await pay(1, '', none)).status).toBe(429);
    expect((await broker.call(none.token, 'GET', '/v1/payment_intents')).status).toBe(200);
  });

  it('what a child spends and holds counts against every key above it', async () => {
    const child = await issue(100, { parent_id: key.id });
    const grandchild = await issue(100, { parent_id: child.id });
    await intent(300, '', child);
    await intent(300, '', grandchild);
    await intent(300);
    expect(await money()).toEqual({ spent: 9, held: 0, remaining: 1 });
    expect(await money(child)).toEqual({ spent: 6, held: 0, remaining: 94 });
    const answer = await pay(101, '', grandchild);
    expect(answer.body).toMatchObject({
      code: 'cap_exhausted',
      scope: 'parent',
      cap_usd: 10,
      remaining_usd: 1,
    });
    const { headers } = await pay(100, '', grandchild);
    expect(headers['x-vault-key-remaining-usd']).toBe('0');
  });

  it('what is given back goes to the parents of the hold as well', async () => {
    const child = await issue(5, { parent_id: key.id });
    const id = await intent(500, '', child);
    await post(`payment_intents/${id}/cancel`, '', child);
    expect([await spentAndHeld(), await spentAndHeld(child)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('a parent’s cap holds against its children and itself at once', async () => {
    const children = await Promise.all([1, 2, 3].map(() => issue(100, { parent_id: key.id })));
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => pay(100, '', [key, ...children][i % 4])),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(await money()).toEqual({ spent: 10, held: 0, remaining: 0 });
  });
});

describe('100 parallel charges of 1 USD against a cap of 37', () => {
  it('settle exactly 37, in the vendor’s book and in the ledger', async () => {
    const capped = await issue(37);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => pay(100, `${VISA}&confirm=true`, capped)),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(200), count(429)]).toEqual([37, 63]);
    expect(vendor.book.total('usd')).toBe(3700);
    expect(vendor.calls()).toHaveLength(37);
    expect(await money(capped)).toEqual({ spent: 37, held: 0, remaining: 0 });
  });
});

describe('outcomes', () => {
  it.each([400, 402, 403, 404, 409, 422, 424, 429])('%i releases', async (status) => {
    vendor.next('*', { status });
    const answer = await pay(100);
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([status, 'forwarded']);
    expect(await spentAndHeld()).toEqual([0, 0]);
  });

  it.each([408, 500, 502, 503, 504])('%i leaves the hold standing', async (status) => {
    vendor.next('*', { status });
    const answer = await pay(100);
    expect([answer.status, answer.headers['x-vault-key-verdict']]).toEqual([status, 'forwarded']);
    expect(await money()).toEqual({ spent: 0, held: 1, remaining: 9 });
  });

  it.each(['before', 'after'] as const)(
    'a connection reset %s the call ran is a 502, and the hold stands',
    async (reset) => {
      vendor.next('*', { reset });
      const answer = await pay(100);
      expect([answer.status, answer.body.code]).toEqual([502, 'vendor_outcome_unknown']);
      expect(await spentAndHeld()).toEqual([0, 1]);
    },
  );

  it('a vendor that says nothing in time is a 504, and the hold stands', async () => {
    const brief = await BrokerProcess.start({ vendor, env: { VAULT_KEY_VENDOR_TIMEOUT: '1s' } });
    const own = await brief.issue({ daily_usd_cap: 10 });
    const charge = (amount: number) =>
      brief.call(own.token, 'POST', '/v1/payment_intents', {
        body: `amount=${amount}&currency=usd&${VISA}&confirm=true`,
      });
    vendor.next('*', { hang: 'after' });
    const answer = await charge(1000);
    expect([answer.status, answer.body.code]).toEqual([504, 'vendor_outcome_unknown']);
    expect(await brief.money(own)).toEqual({ spent: 0, held: 10, remaining: 0 });
    expect((await charge(1)).status).toBe(429);
    expect(vendor.book.total('usd')).toBe(1000);
  });

  it('a 2xx cut short settles as held, and never ends cleanly', async () => {
    vendor.next('*', { truncate: true });
    await expect(pay(100)).rejects.toThrow(/aborted|socket hang up|ECONNRESET/);
    expect(await spentAndHeld()).toEqual([1, 0]);
  });

  it('a 2xx whose body is no JSON settles as held', async () => {
    vendor.next('*', { status: 200, body: '<html>' });
    expect((await pay(100)).text).toBe('<html>');
    expect(await spentAndHeld()).toEqual([1, 0]);
  });

  it('what a vendor reports beyond the hold is settled, and the remainder is shown below zero', async () => {
    const shown = {
      id: 'pi_dear',
      object: 'payment_intent',
      amount: 2500,
      currency: 'usd',
      amount_received: 0,
      status: 'requires_confirmation',
    };
    vendor.next('*', { status: 200, body: shown });
    await pay(100);
    expect(await money()).toEqual({ spent: 25, held: 0, remaining: -15 });
  });

  it('what a vendor reports below the hold lowers nothing', async () => {
    vendor.next('*', {
      status: 200,
      body: { id: 'pi_cheap', amount: 1, currency: 'usd', amount_received: 0, status: 'succeeded' },
    });
    await pay(100);
    expect(await spentAndHeld()).toEqual([1, 0]);
  });

  it('an answer about another object gives nothing back', async () => {
    const id = await intent(1000);
    vendor.next('*', {
      status: 200,
      body: {
        id: 'pi_other',
        amount: 1000,
        currency: 'usd',
        amount_received: 0,
        status: 'canceled',
      },
    });
    await post(`payment_intents/${id}/cancel`);
    expect(await spentAndHeld()).toEqual([10, 0]);
  });

  it('an answer with strange sums gives nothing back', async () => {
    for (const amount_received of [-1000, 1.5, '0', null, undefined, 1e300]) {
      const id = await intent(100, `${VISA}&confirm=true&capture_method=manual`);
      vendor.next('POST /v1/payment_intents/*/capture', {
        status: 200,
        body: { id, amount: 100, currency: 'usd', amount_received, status: 'succeeded' },
      });
      const before = await spentAndHeld();
      await post(`payment_intents/${id}/capture`);
      expect([amount_received, await spentAndHeld()]).toEqual([amount_received, before]);
    }
  });

  it('a cancel of which nobody knows the outcome gives nothing back', async () => {
    const id = await intent(1000);
    vendor.next('*', { status: 500 });
    await post(`payment_intents/${id}/cancel`);
    expect(await spentAndHeld()).toEqual([10, 0]);
  });

  it('a vendor that cannot be reached is a 502, and the hold is released', async () => {
    const gone = await RecordingVendor.start();
    const alone = await BrokerProcess.start({
      vendor: { url: gone.url, secretKey: 'sk_test_gone' },
    });
    gone.close();
    const lonely = await alone.issue();
    const answer = await alone.call(lonely.token, 'POST', '/v1/payment_intents', {
      body: 'amount=100&currency=usd',
    });
    expect([answer.status, answer.body.code]).toEqual([502, 'vendor_unreachable']);
    expect(await alone.money(lonely)).toEqual({ spent: 0, held: 0, remaining: 100 });
  });
});
