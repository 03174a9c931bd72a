import fc from 'fast-check';
import { createStripeVendor } from '../../lib/testing/stripe-vendor';
import type { StripeVendor } from '../../lib/testing/stripe-vendor';
import { BrokerServer } from '../support/broker-server';
import type { IssuedKey } from '../support/broker-process';
import { propertyRuns } from '../support/property-runs';

const PAID = 'payment_method=pm_card_visa&allowed_payment_method_types[0]=card&confirm=true';
const ENDPOINTS = ['/v1/payment_intents', '/v1/payment_intents/*/*', '/v1/refunds'];
const U = { tenant_id: 't', user_id: 'u', tool: 'refund' };

let vendor: StripeVendor;
let broker: BrokerServer;
let key: IssuedKey;
beforeAll(async () => {
  vendor = await createStripeVendor();
  broker = await BrokerServer.start(vendor);
});
afterAll(() => vendor.close());
beforeEach(async () => {
  vendor.reset();
  key = await issue(100);
});

const issue = (cap: number, subject: object = U, fields = {}) =>
  broker.issue({ daily_usd_cap: cap, allowed_endpoints: ENDPOINTS, subject, ...fields });
const post = (path: string, body = '', as = key, headers = {}) =>
  broker.call(as.token, 'POST', `/v1/${path}`, { body, headers });

/** A payment that is made and captured; gives the ids of its PaymentIntent and of its charge. */
async function pay(
  cents: number,
  as = key,
  more = '',
): Promise<{ intent: string; charge: string }> {
  const { status, body } = await post(
    'payment_intents',
    `amount=${cents}&currency=usd&${PAID}${more}`,
    as,
  );
  expect(status).toBe(200);
  return { intent: body.id as string, charge: body.latest_charge as string };
}
const refund = (fields: string, as = key, headers = {}) => post('refunds', fields, as, headers);
async function money(of = key): Promise<number[]> {
  const { body } = await broker.api('GET', `/v1/keys/${of.id}`);
  return [body.spent_usd, body.held_usd, body.undone_usd ?? 0, body.remaining_usd];
}

it('an agent at its cap takes its mistake back, once', async () => {
  const { intent, charge } = await pay(10_000);
  expect((await post('payment_intents', 'amount=1&currency=usd')).body.code).toBe('cap_exhausted');

  const { status, headers } = await refund(`payment_intent=${intent}&reason=duplicate`);
  expect([status, headers['x-vault-key-remaining-usd']]).toEqual([200, '0']);
  expect(await money()).toEqual([100, 0, 100, 0]);
  // What was charged, and what was refunded.
  expect(vendor.book.total('usd')).toBe(20_000);

  for (const fields of [`payment_intent=${intent}`, `charge=${charge}&amount=1`]) {
    const refused = await refund(fields);
    expect([refused.status, refused.body.code]).toEqual([429, 'cap_exhausted']);
  }
  expect(vendor.calls('POST /v1/refunds')).toHaveLength(1);
});

it('a refund of somebody else’s payment is spend', async () => {
  const stranger = await issue(100, { tenant_id: 't', user_id: 'v' });
  const { intent } = await pay(10_000, stranger);
  expect((await refund(`payment_intent=${intent}&amount=6000`)).status).toBe(200);
  expect(await money()).toEqual([60, 0, 0, 40]);
  const refused = await refund(`payment_intent=${intent}&amount=4001`);
  expect([refused.status, refused.body]).toMatchObject([
    429,
    { code: 'cap_exhausted', requested_usd: 40.01, remaining_usd: 40 },
  ]);
  // What the stranger has left of it is the rest.
  expect((await refund(`payment_intent=${intent}`, stranger)).status).toBe(200);
  expect(await money(stranger)).toEqual([100, 0, 40, 0]);
  // What was charged, and what was refunded.
  expect(vendor.book.total('usd')).toBe(20_000);
});

it('is counted under the budgets of the refund, and shown beside what is spent', async () => {
  const subject = { tenant_id: 't', user_id: 'w' };
  const paid = await issue(100, subject);
  const { intent } = await pay(3_000, paid);
  const other = await issue(100, subject, { budgets: { user: 30 } });
  expect((await post('payment_intents', 'amount=1&currency=usd', other)).body.scope).toBe('user');
  expect((await refund(`payment_intent=${intent}&amount=2900`, other)).status).toBe(200);
  const { body } = await broker.api('GET', '/v1/budgets/effective?tenant_id=t&user_id=w');
  expect(body.caps).toEqual([
    expect.objectContaining({ scope: 'user', spent_usd: 30, undone_usd: 29, remaining_usd: 0 }),
  ]);
  // Beyond the cap of what is undone a refund is spend, and that is at its cap too.
  const again = await issue(100, subject);
  const { intent: next } = await pay(200, again);
  const refused = await refund(`payment_intent=${next}&amount=200`, other);
  expect([refused.status, refused.body]).toMatchObject([
    429,
    { code: 'cap_exhausted', scope: 'user', requested_usd: 1 },
  ]);
});

it('one that names no amount is sent with what the broker holds for it, and again as it was', async () => {
  const { intent, charge } = await pay(10_000);
  expect((await refund(`payment_intent=${intent}&amount=4000`)).status).toBe(200);
  const headers = { 'idempotency-key': 'refund the rest' };
  const rest = await refund(`charge=${charge}`, key, headers);
  expect([rest.status, rest.body.amount]).toEqual([200, 6_000]);
  const again = await refund(`charge=${charge}`, await issue(100), headers);
  expect([again.status, again.body.id, again.headers['idempotent-replayed']]).toEqual([
    200,
    rest.body.id,
    'true',
  ]);
  expect(await money()).toEqual([100, 0, 100, 0]);
});

it('what the vendor declines is not undone, and what it does not answer is', async () => {
  const { intent } = await pay(10_000);
  vendor.next('POST /v1/refunds', { status: 400 });
  expect((await refund(`payment_intent=${intent}`)).status).toBe(400);
  expect(await money()).toEqual([100, 0, 0, 0]);

  vendor.next('POST /v1/refunds', { status: 500 });
  expect((await refund(`payment_intent=${intent}&amount=7000`)).status).toBe(500);
  expect(await money()).toEqual([100, 0, 70, 0]);
  expect((await refund(`payment_intent=${intent}&amount=3001`)).body.code).toBe('cap_exhausted');

  const { body } = await broker.api('GET', '/v1/holds?state=unknown');
  expect(body.holds).toEqual([
    expect.objectContaining({ held_usd: 0, settled_usd: 0, undone_usd: 70, state: 'unknown' }),
  ]);
  const settled = await broker.api('POST', `/v1/holds/${body.holds[0].id}/settle`, { usd: 70 });
  expect(settled.body).toMatchObject({ state: 'settled', settled_usd: 0, undone_usd: 70 });
  expect(await money()).toEqual([100, 0, 70, 0]);
});

it('a parameter beyond the list makes it spend', async () => {
  const { intent } = await pay(10_000);
  const fields = `payment_intent=${intent}&instructions_email=a%40example.com`;
  expect((await refund(fields)).body.code).toBe('cap_exhausted');
  for (const more of ['metadata[a]=b', 'expand[]=charge', 'reason=fraudulent']) {
    expect((await refund(`payment_intent=${intent}&amount=100&${more}`)).status).toBe(200);
  }
  expect(await money()).toEqual([100, 0, 3, 0]);
});

it('a payment to a connected account is undone where that gives back its share, and else spend', async () => {
  const { intent, charge } = await pay(10_000, key, '&transfer_data[destination]=acct_1');
  for (const more of ['', '&reverse_transfer=false']) {
    expect((await refund(`payment_intent=${intent}${more}`)).body.code).toBe('cap_exhausted');
  }
  const answers = [
    await refund(`payment_intent=${intent}&amount=4000&reverse_transfer=true`),
    await refund(`charge=${charge}&reverse_transfer=true&refund_application_fee=true`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await money()).toEqual([100, 0, 100, 0]);
});

it('of 20 refunds at once, each of a tenth, ten are undone and no more', async () => {
  const { intent, charge } = await pay(10_000);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      refund(`${i % 2 === 0 ? `charge=${charge}` : `payment_intent=${intent}`}&amount=1000`),
    ),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  expect(answers.filter(({ body }) => body.code === 'cap_exhausted')).toHaveLength(10);
  expect(await money()).toEqual([100, 0, 100, 0]);
});

it('the audit log says what each refund has undone, and adds up', async () => {
  const { intent } = await pay(6_000);
  expect((await refund(`payment_intent=${intent}&amount=6000`)).status).toBe(200);
  const { body } = await broker.api('GET', `/v1/audit?key_id=${key.id}&event=call`);
  expect(body.entries).toMatchObject([
    { path: '/v1/refunds', requested_usd: 60, settled_usd: 0, undone_usd: 60, spent_usd: 60 },
    { path: '/v1/payment_intents', settled_usd: 60 },
  ]);
  expect(body.entries[1]).not.toHaveProperty('undone_usd');
});

describe('whatever agents pay, capture and refund at once, and however Stripe fails', () => {
  const step = fc.record({
    agent: fc.constantFrom(0, 0, 1, 2),
    what: fc.constantFrom('pay', 'pay', 'authorize', 'capture', 'refund', 'rest', 'charge'),
    cents: fc.integer({ min: 50, max: 400 }),
    which: fc.nat(3),
    fault: fc.constantFrom(undefined, undefined, undefined, 'decline', 'reset', 500, 400),
    together: fc.boolean(),
  });

  it('each has spent its cap at most, has undone its cap at most, and counts all that was moved for it', async () => {
    let drawn = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        vendor.reset();
        const user = `u${++drawn}`;
        const subjects = [user, user, `${user}-stranger`].map((id) => ({ user_id: id }));
        const agents = await Promise.all(subjects.map((subject) => issue(6, subject)));
        const made: { intent: string; charge: string }[] = [];
        const ask = async (agent: number, path: string, body: string): Promise<void> => {
          const tagged = path.endsWith('/capture') ? body : `${body}&metadata[agent]=${agent}`;
          const answer = await post(path, tagged, agents[agent]).catch(() => undefined);
          const { id, latest_charge: charge } = answer?.body ?? {};
          if (path === 'payment_intents' && typeof charge === 'string')
            made.push({ intent: id, charge });
        };
        let running: Promise<void>[] = [];
        for (const { agent, what, cents, which, fault, together } of steps) {
          if (fault === 'decline') vendor.next('*', { decline: 'generic_decline' });
          else if (fault === 'reset') vendor.next('*', { reset: 'after' });
          else if (fault === 500) vendor.next('*', { status: 500, at: 'after', saved: false });
          else if (fault !== undefined) vendor.next('*', { status: 400 });
          const { intent = 'pi_none', charge = 'ch_none' } =
            made[which % Math.max(1, made.length)] ?? {};
          const create = `amount=${cents}&currency=usd&${PAID}`;
          const calls: Record<typeof what, () => Promise<void>> = {
            pay: () => ask(agent, 'payment_intents', create),
            authorize: () => ask(agent, 'payment_intents', `${create}&capture_method=manual`),
            capture: () =>
              ask(agent, `payment_intents/${intent}/capture`, `amount_to_capture=${cents}`),
            refund: () => ask(agent, 'refunds', `payment_intent=${intent}&amount=${cents}`),
            rest: () => ask(agent, 'refunds', `payment_intent=${intent}`),
            charge: () => ask(agent, 'refunds', `charge=${charge}&amount=${cents}`),
          };
          running.push(calls[what]());
          if (together) continue;
          await Promise.all(running);
          running = [];
        }
        await Promise.all(running);

        for (const [i, each] of agents.entries()) {
          const [spent = 0, held = 0, undone = 0] = await money(each);
          const moved = vendor.book.executed
            .filter(
              ({ kind, metadata }) => kind !== 'authorization' && metadata['agent'] === String(i),
            )
            .reduce((sum, { amount }) => sum + amount, 0);
          expect(spent + held).toBeLessThanOrEqual(6);
          expect(undone).toBeLessThanOrEqual(6);
          expect(moved).toBeLessThanOrEqual(Math.round((spent + held + undone) * 100));
        }
        // Nobody undoes what somebody else was charged.
        const [, , undone = 0] = await money(agents[2]);
        const charged = vendor.book.executed
          .filter(({ kind, metadata }) => kind !== 'refund' && metadata['agent'] === '2')
          .reduce((sum, { amount }) => sum + amount, 0);
        expect(Math.round(undone * 100)).toBeLessThanOrEqual(charged);
      }),
      { numRuns: propertyRuns(80), interruptAfterTimeLimit: 60_000 },
    );
  });
});
